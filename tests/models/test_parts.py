"""Networks with parts: the file that exports carry loads them without TLStudio."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from tests import tiny
from tests.fresh import run_fresh
from tlstudio.core.errors import StudioError
from tlstudio.models import parts
from tlstudio.models.scorers import TorchScorer

_LOADING = """
import json, sys
sys.modules["tlstudio"] = None  # an import of it would fail
from network import load
model = load(".")
ids = __import__("torch").tensor([[2, 7, 8, 3]])
print(json.dumps(model(input_ids=ids, attention_mask=ids * 0 + 1).logits.tolist()))
"""


@pytest.fixture(params=[("mlp-probe", {"layers": "mix"}), ("prefix-tuning", {})], ids=["head", "prefix"])
def folder(request, tiny_model, tickets, tmp_path):
    encoded = tiny.encode(tiny_model, tickets)
    strategy, options = request.param
    model = tiny.transfer(strategy, tiny_model, encoded, **options).finish().eval()
    tiny.task().save(model, encoded, tiny_model, tmp_path / "model")
    return tmp_path / "model"


def test_the_file_loads_a_network_without_tlstudio(folder, monkeypatch):
    import json

    shutil.copyfile(Path(parts.__file__), folder / "network.py")
    monkeypatch.chdir(folder)
    found = run_fresh(_LOADING)
    ids = torch.tensor([[2, 7, 8, 3]])
    ours = parts.load(folder)(input_ids=ids, attention_mask=torch.ones_like(ids)).logits.detach().numpy()
    assert np.abs(np.array(json.loads(found)) - ours).max() < 1e-6


def test_a_head_that_attends_does_not_look_at_padding():
    head = parts.Reading(4, 1, True, 0, 1, 3, 0.0).eval()
    given = torch.randn(1, 5, 1, 4)
    mask = torch.tensor([[1, 1, 1, 0, 0]])
    other = given.clone()
    other[:, 3:] = 100.0
    assert torch.allclose(head(given, mask), head(other, mask))
    assert torch.allclose(head(given, mask), head(given[:, :3], mask[:, :3]), atol=1e-6)


def test_pooling_leaves_padding_out():
    state, mask = torch.randn(2, 4, 3), torch.tensor([[1, 1, 0, 0], [1, 1, 1, 1]])
    assert torch.allclose(parts.pooled(state, mask, "mean")[0], state[0, :2].mean(0))
    assert torch.allclose(parts.pooled(state, mask, "max")[0], state[0, :2].amax(0))
    assert torch.equal(parts.pooled(state, mask, "last")[0], state[0, 1])
    assert torch.equal(parts.pooled(state, mask, "first"), state[:, 0])


def test_layers_are_mixed_with_weights_that_sum_to_one():
    head = parts.Reading(4, 3, False, 0, 1, 2, 0.0).eval()
    with torch.no_grad():
        head.mix.copy_(torch.tensor([0.0, 50.0, 0.0]))  # the second layer alone
    given = torch.randn(2, 3, 4)
    alone = given.clone()
    alone[:, 0], alone[:, 2] = 0.0, 0.0
    assert torch.allclose(head(given), head(alone), atol=1e-5)


def test_votes_are_weighted_by_nearness():
    head = parts.Neighbours(3, 2, 2, k=2, temperature=0.1, kind="classes")
    with torch.no_grad():
        head.keys.copy_(torch.tensor([[1.0, 0.0], [0.6, 0.8], [0.0, 1.0]]))
        head.values.copy_(torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]]))
    scores = head(torch.tensor([[[2.0, 0.0]]]))
    near, far = np.exp(1 / 0.1), np.exp(0.6 / 0.1)
    assert scores.exp()[0, 0].item() == pytest.approx(near / (near + far), rel=1e-4)


def test_numbers_are_the_mean_of_the_neighbours_in_the_users_units():
    head = parts.Neighbours(2, 2, 1, k=2, temperature=1e6, kind="values")
    with torch.no_grad():
        head.keys.copy_(torch.eye(2))
        head.values.copy_(torch.tensor([[1.0], [3.0]]))
        head.unit.weight.fill_(10.0)
        head.unit.bias.fill_(5.0)
    assert head(torch.tensor([[[1.0, 1.0]]])).item() == pytest.approx(25.0, rel=1e-4)


def test_the_training_rows_are_no_parameters_to_train(tiny_model, tickets):
    encoded = tiny.encode(tiny_model, tickets)
    model = tiny.transfer("nearest-neighbours", tiny_model, encoded).finish()
    assert not model.reading.keys.requires_grad
    assert TorchScorer(model).outputs([encoded.examples("test")[0]])[0].shape == (3,)


@pytest.mark.slow
def test_the_file_loads_two_backbones_without_tlstudio(tiny_model, tickets, tmp_path, monkeypatch):
    import json

    encoded = tiny.encode(tiny_model, tickets)
    model = tiny.transfer("feature-fusion", tiny_model, encoded, how="gate").finish().eval()
    place = tmp_path / "model"
    tiny.task().save(model, encoded, tiny_model, place)
    shutil.copyfile(Path(parts.__file__), place / "network.py")
    monkeypatch.chdir(place)
    ids = torch.tensor([[2, 7, 8, 3]])
    ours = parts.load(place)(input_ids=ids, attention_mask=torch.ones_like(ids)).logits.detach().numpy()
    assert np.abs(np.array(json.loads(run_fresh(_LOADING))) - ours).max() < 1e-6


def test_the_ways_of_fusing():
    a, b = torch.randn(5, 4), torch.randn(5, 4)
    left, right = (torch.nn.functional.layer_norm(part, (4,)) for part in (a, b))
    given = {"sum": left + right, "product": left * right, "concatenation": torch.cat([left, right], -1)}
    for how, expected in given.items():
        head = parts.Fused([4, 4], how, 0, 2, 0.0).eval()
        assert torch.allclose(head(a, b), head.layers(expected), atol=1e-6), how
    head = parts.Fused([4, 4], "matrix", 3, 2, 0.0).eval()
    with torch.no_grad():
        head.matrix.weight.copy_(2 * torch.eye(4))
    assert torch.allclose(head(a, b), head.layers(left + 2 * right), atol=1e-6)
    tokens = torch.randn(2, 3, 4)
    assert head(tokens, tokens).shape == (2, 3, 2), "each token, where each is answered"


def test_a_prefix_is_no_part_that_another_training_would_lose_in_silence(tiny_model, tickets, tmp_path):
    encoded = tiny.encode(tiny_model, tickets)
    model = tiny.transfer("prefix-tuning", tiny_model, encoded).finish()
    tiny.task().save(model, encoded, tiny_model, tmp_path / "model")
    with pytest.raises(StudioError) as caught:
        tiny.task().build(tmp_path / "model", encoded)
    assert caught.value.code == "model.has-parts"


def test_what_begins_with_a_prefix_sees_the_mask_of_the_tokens():
    """A bias of relative positions, a mask of numbers, and a causal order without a mask."""
    module = torch.nn.Module()
    module.prefix_key, module.prefix_value = torch.randn(2, 3, 4), torch.randn(2, 3, 4)
    query, key, value = torch.randn(3, 1, 2, 5, 4)
    whole = [torch.cat([part[None], own], 2) for part, own in ((module.prefix_key, key), (module.prefix_value, value))]
    order = torch.ones(5, 5).tril().bool()
    bias = torch.randn(1, 2, 5, 5)
    zeros = torch.nn.functional.pad

    def expected(mask):
        scores = query @ whole[0].transpose(-1, -2) / 2 + mask
        return (scores.softmax(-1) @ whole[1]).transpose(1, 2)

    found = parts._attend(module, query, key, value, None, is_causal=True)[0]
    causal = torch.zeros(5, 5).masked_fill(~order, -1e9)
    assert torch.allclose(found, expected(zeros(causal, (3, 0))), atol=1e-5)
    found = parts._attend(module, query, key, value, causal[None, None], is_causal=True)[0]
    assert torch.allclose(found, expected(zeros(causal, (3, 0))), atol=1e-5)
    found = parts._attend(module, query, key, value, order[None, None], position_bias=bias)[0]
    assert torch.allclose(found, expected(zeros(bias + causal, (3, 0))), atol=1e-5)
    found = parts._attend(module, query[:, :, -1:], key, value, None, is_causal=True)[0]
    assert torch.allclose(found, expected(zeros(causal, (3, 0)))[:, -1:], atol=1e-5), "one step with a cache"

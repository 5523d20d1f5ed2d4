"""Low-rank factorisation: exact at full energy, the best rank for the inputs below it, smaller networks after it."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from tests import tiny
from tests.tasks import models
from tlstudio.compression import low_rank, networks
from tlstudio.compression.base import CompressJob
from tlstudio.compression.low_rank import PLUGIN
from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError


@pytest.fixture
def trained(tiny_model, tickets, tmp_path):
    """The folder of a classifier whose layers inside the blocks have rank 3 but for noise, and its rows."""
    torch.manual_seed(1)
    encoded, folder = tiny.encode(tiny_model, tickets), tmp_path / "model"
    model = tiny.task().build(tiny_model, encoded)
    with torch.no_grad():
        for name, layer in model.named_modules():
            if isinstance(layer, torch.nn.Linear) and ".layer." in name:
                layer.weight.copy_(torch.randn(layer.weight.shape[0], 3) @ torch.randn(3, layer.weight.shape[1]) * 0.2)
    tiny.task().save(model, encoded, tiny_model, folder)
    return folder, encoded


def _job(source, encoded, heard=None, **more):
    collate = tiny.task().collator(tiny.task().Config(), encoded)
    return CompressJob(source, "transformers", heard if heard is not None else tiny.Heard(), Control(), tiny.task(),
                       encoded, collate=collate, **more)  # fmt: skip


def _options(**options):
    return PLUGIN.Config(epochs=0, **options)


def _applied(trained, tmp_path, heard=None, **options):
    folder = tmp_path / f"small-{len(list(tmp_path.iterdir()))}"
    folder.mkdir()
    PLUGIN.apply(_options(**options), _job(*trained, heard), folder)
    return folder


@pytest.mark.parametrize("aware", [True, False])
def test_layers_of_low_rank_lose_nothing(trained, aware, tmp_path):
    heard = tiny.Heard()
    source, encoded = trained
    folder = _applied(trained, tmp_path, heard, energy=1 - 1e-9, embeddings=False, aware=aware)
    parts = json.loads((folder / "tlstudio.json").read_text())["parts"]
    assert [part["part"] for part in parts] == ["factors"]
    assert {rank for _name, rank in parts[0]["layers"]} == {3}
    assert len(parts[0]["layers"]) == 12  # six matrices in each of two blocks
    rows = encoded.examples("test")
    before, after = tiny.logits(PLUGIN.scorer(source), rows), tiny.logits(PLUGIN.scorer(folder), rows)
    np.testing.assert_allclose(after, before, atol=1e-4)
    sizes = [networks.parameters(networks.load(place)) for place in (source, folder)]
    # 4 of 32 × 32 in the attention, 64 × 32 twice between, in each block
    assert sizes[0] - sizes[1] == 2 * (4 * (32 * 32 - 3 * 64) + 2 * (64 * 32 - 3 * 96))
    assert "compress.ranks" in heard.codes()


def test_energy_is_what_the_answers_keep():
    """The dropped singular values are the squared error on the inputs (SVD-LLM, theorem 3.2)."""
    torch.manual_seed(0)
    layer = torch.nn.Linear(12, 10, bias=False)
    given = torch.randn(200, 12) @ torch.diag(torch.logspace(0, -2, 12)) @ torch.randn(12, 12)
    spectrum = low_rank.spectrum_of(layer, given.T @ given)
    plain = low_rank.spectrum_of(layer)
    whole = (given @ layer.weight.T).square().sum()
    for rank in (2, 4, 6):
        error = _error(layer, spectrum, rank, given)
        assert float(error) == pytest.approx(float(spectrum.values[rank:].square().sum()), rel=2e-2, abs=1e-4)
        assert error < _error(layer, plain, rank, given)
        kept = float((1 - error / whole).detach())
        assert spectrum.rank(kept * 0.999) <= rank < spectrum.rank(kept + (1 - kept) * 0.5)


def _error(layer, spectrum, rank, given):
    with torch.no_grad():
        near = (spectrum.left[:, :rank] * spectrum.values[:rank]) @ spectrum.right[:rank]
        return (given.double() @ (near - layer.weight.double()).T).square().sum()


def test_wide_matrices_are_taken_apart_likewise():
    torch.manual_seed(0)
    weight = torch.randn(6, 90, dtype=torch.double)
    left, values, right = low_rank._svd(weight)
    np.testing.assert_allclose(values, torch.linalg.svdvals(weight), rtol=1e-9)
    np.testing.assert_allclose((left * values) @ right, weight, atol=1e-9)


def test_frequent_tokens_keep_their_vectors():
    torch.manual_seed(0)
    layer, often = torch.nn.Embedding(40, 8), torch.zeros(40)
    often[:3] = 10_000.0
    spectrum = low_rank.spectrum_of(layer, often)
    near = ((spectrum.left[:, :3] * spectrum.values[:3]) @ spectrum.right[:3]).T
    error = (near - layer.weight.detach()).norm(dim=1)
    assert error[:3].max() < 0.05 < error[3:].mean()


def test_a_share_of_the_parameters(trained, tmp_path):
    folder = _applied(trained, tmp_path, by="share", share=0.5, attention=False, embeddings=True)
    parts = json.loads((folder / "tlstudio.json").read_text())["parts"]
    ranks = dict(parts[0]["layers"])
    assert len(ranks) == 5
    assert all(rank == 10 for name, rank in ranks.items() if "embeddings" not in name)
    assert not [name for name in ranks if ".attention." in name]
    words = networks.load(folder).get_input_embeddings()
    assert [tuple(layer.weight.shape) for layer in words][1][0] == 32


def test_layers_that_share_their_weights_are_left():
    import transformers

    sizes = {"vocab_size": 60, "n_embd": 16, "n_layer": 1, "n_head": 2}
    tied = transformers.GPT2LMHeadModel(transformers.GPT2Config(**sizes)).eval()
    names = low_rank.layers_of(tied, _options())
    assert names == [f"transformer.h.0.{name}" for name in ("attn.c_attn", "attn.c_proj", "mlp.c_fc", "mlp.c_proj")]
    given = {"input_ids": torch.tensor([[1, 2, 3]])}
    before = tied(**given).logits
    found = {name: (spectrum := low_rank.spectrum_of(tied.get_submodule(name)), len(spectrum.values)) for name in names}
    low_rank.factorise(tied, found)
    np.testing.assert_allclose(tied(**given).logits.detach(), before.detach(), atol=1e-4)
    assert low_rank.layers_of(tied, _options()) == []  # what is factorised already


def test_a_share_by_latency(trained, monkeypatch, tmp_path):
    """The search finds the largest share that is quick enough."""

    def ratio(smaller, whole, _inputs, _job):
        layer = smaller.get_submodule("bert.encoder.layer.0.intermediate.dense")
        return layer[0].weight.shape[0] / 21 if list(layer.children()) else 1.0

    monkeypatch.setattr(low_rank, "_ratio", ratio)
    source, encoded = trained
    model = networks.load(source)
    share = low_rank.share_by_latency(model, low_rank.layers_of(model, _options()), _job(source, encoded), 0.5)
    assert 10 / 21 - 1 / 32 <= share <= 11 / 21
    monkeypatch.setattr(low_rank, "_ratio", lambda *_given: 1.2)
    with pytest.raises(StudioError, match="120 %") as problem:
        _applied(trained, tmp_path, by="latency")
    assert problem.value.code == "compress.too-slow"


def test_times_are_measured(trained):
    import copy

    source, encoded = trained
    model = networks.load(source)
    longer = copy.deepcopy(model)
    longer.bert.encoder.layer = torch.nn.ModuleList([longer.bert.encoder.layer[0]] * 24)
    inputs = next(low_rank._inputs(_job(source, encoded), 8))
    assert low_rank._ratio(longer, model, inputs, _job(source, encoded)) > 1.5


def test_nothing_to_gain_is_refused(trained, tmp_path):
    with pytest.raises(StudioError, match="No layer would become smaller") as problem:
        _applied(trained, tmp_path, energy=1.0, attention=False, ffn=False)
    assert problem.value.code == "compress.low-rank"


def test_other_networks_have_layers(tmp_path):
    """T5 looks at the weights of its layers; a vision transformer has no tokens."""
    import transformers

    t5 = transformers.T5ForConditionalGeneration(transformers.T5Config(
        vocab_size=30, d_model=16, d_kv=8, d_ff=32, num_layers=1, num_heads=2, decoder_start_token_id=0
    )).eval()  # fmt: skip
    names = low_rank.layers_of(t5, _options())
    assert sum("SelfAttention" in name or "EncDecAttention" in name for name in names) == 12
    found = {name: (low_rank.spectrum_of(t5.get_submodule(name)), 4) for name in names}
    low_rank.factorise(t5, found)
    assert t5(input_ids=torch.tensor([[1, 2]]), labels=torch.tensor([[3, 1]])).logits.shape == (1, 2, 30)
    vit = transformers.AutoModelForImageClassification.from_pretrained(models.image_network(tmp_path / "vit"))
    assert len(low_rank.layers_of(vit, _options())) == 12


def test_padding_does_not_count(trained):
    """What layers are given is that of the rows one by one, where there is no padding."""
    source, encoded = trained
    model, job = networks.load(source), _job(*trained)
    names = ["bert.embeddings.word_embeddings", "bert.encoder.layer.1.intermediate.dense"]
    assert set(names) <= set(low_rank.layers_of(model, _options()))
    found = dict(low_rank.products(model, names, job, 8))
    chosen = [encoded.examples("train")[at]["input_ids"]
              for at in np.linspace(0, len(encoded.splits["train"]) - 1, 8).round().astype(int)]  # fmt: skip
    assert len({len(ids) for ids in chosen}) > 1, "else there is nothing to see"
    counts, product = torch.zeros_like(found[names[0]]), torch.zeros_like(found[names[1]])
    with torch.no_grad():
        for ids in chosen:
            given = []
            hook = model.get_submodule(names[1]).register_forward_pre_hook(
                lambda _layer, values, given=given: given.append(values[0][0])
            )
            model(input_ids=torch.tensor([list(ids)]))
            hook.remove()
            counts += torch.bincount(torch.tensor(list(ids)), minlength=len(counts))
            product += given[0].T @ given[0]
    assert torch.equal(found[names[0]], counts)
    np.testing.assert_allclose(found[names[1]], product, rtol=1e-3, atol=1e-3)

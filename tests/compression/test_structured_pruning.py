"""Structured pruning: useless units go, the rest answers as before, and everything can be loaded again."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests import tiny
from tests.compression import pruning
from tests.fresh import run_fresh
from tlstudio.compression import importance, networks, structured_pruning, timing, units
from tlstudio.compression.structured_pruning import PLUGIN, Options
from tlstudio.core.errors import StudioError
from tlstudio.models import parts


@pytest.fixture
def job(tiny_model, tickets, tmp_path):
    return pruning.job(tiny_model, tickets, tmp_path / "model")


def group_of(model, kind, place=0):
    return [group for group in units.find(model) if group.kind == kind][place]


def planted(model):
    """Lets the second head of block 1 and most neurons of block 2 say nothing; their keys."""
    import torch

    head, neurons = group_of(model, "heads"), group_of(model, "neurons", 1)
    with torch.no_grad():
        units.columns_of(model, head)[1] = 1e-4
        units.columns_of(model, neurons)[:40] *= 1e-4
    return head.key, neurons.key


@pytest.mark.parametrize("how", ["taylor", "magnitude"])
def test_useless_units_are_found(how, job):
    model = networks.load(job.source)
    head, neurons = planted(model)
    groups = units.find(model)
    ranks = importance.scores(how, model, groups, job)
    assert int(ranks[head].argmin()) == 1
    assert set(ranks[neurons].argsort()[:40].tolist()) == set(range(40))
    assert {parameter.requires_grad for parameter in model.parameters()} == {True}
    share = 1 - 40 / 128  # of all neurons
    kept = importance.chosen([group for group in groups if group.kind == "neurons"], ranks, False, share)
    if how == "taylor":  # magnitudes are compared within a layer
        assert kept[neurons] == list(range(40, 64))
    assert sum(map(len, kept.values())) == 88


def test_taylor_is_the_derivative_by_a_gate(job):
    import torch

    from tlstudio.compression.rows import labelled
    from tlstudio.models.batches import split_batch

    model = networks.load(job.source)
    group = group_of(model, "heads")
    found = importance.taylor(model, [group], job)[group.key]
    expected, layer = torch.zeros(2), model.get_submodule(group.columns)
    for batch in labelled(job, 256, 8):
        labels, _rows, options = split_batch(batch)
        gate = torch.ones(2, requires_grad=True)
        hook = layer.register_forward_pre_hook(lambda _layer, given, gate=gate: given[0] * gate.repeat_interleave(16))
        job.loss(model(**batch), labels, **options).backward()
        hook.remove()
        expected += gate.grad.abs()
    np.testing.assert_allclose(found.numpy(), expected.numpy(), rtol=1e-3, atol=1e-7)


@pytest.mark.parametrize("spread", ["network", "layer"])
def test_the_cut_network_answers_as_with_silent_units(spread, job, tmp_path):
    small = pruning.applied(PLUGIN, job, tmp_path / "small", epochs=0, spread=spread, importance="magnitude")
    masked = networks.load(job.source)
    plan = structured_pruning.Plan.of(masked, Options(importance="magnitude", spread=spread), job)
    groups, kept = plan.kept(masked, 0.5)
    units.silence(masked, groups, kept)
    ours, theirs = pruning.answers(small, job), pruning.answers(masked, job)
    np.testing.assert_allclose(ours, theirs, atol=1e-5)
    whole = networks.load(job.source)
    assert float((theirs - pruning.answers(whole, job)).abs().max()) > 1e-3
    # half of the parameters of attention and feed-forward layers, with the biases of units
    block = sum(parameter.numel() for name, parameter in whole.named_parameters()
                if "layer." in name and "LayerNorm" not in name and not name.endswith("output.dense.bias"))  # fmt: skip
    gone = networks.parameters(whole) - networks.parameters(small)
    assert 0.5 * block <= gone <= 0.56 * block
    said = pruning.said(job, "compress.units-kept")
    assert said["before"] == round(networks.parameters(whole) / 1e6, 3)
    assert said["after"] == round(networks.parameters(small) / 1e6, 3)
    assert said["parameters"] == pytest.approx(100 * (1 - gone / block), abs=0.1)
    assert all(group.count >= 1 for group in units.find(small))


_PLAIN = """
import json, sys
sys.modules["tlstudio"] = None
from transformers import AutoModelForSequenceClassification
model = AutoModelForSequenceClassification.from_pretrained(".", local_files_only=True).eval()
ids = __import__("torch").tensor([[2, 7, 8, 3]])
print(json.dumps(model(input_ids=ids, attention_mask=ids * 0 + 1).logits.tolist()))
"""
_PART = """
import json, sys
sys.modules["tlstudio"] = None
from network import load
model = load(".")
ids = __import__("torch").tensor([[2, 7, 8, 3]])
print(json.dumps(model(input_ids=ids, attention_mask=ids * 0 + 1).logits.tolist()))
"""


@pytest.mark.parametrize("heads", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_the_saved_network_is_loaded_by_a_fresh_process(heads, job, tmp_path, monkeypatch):
    """By plain transformers where only neurons went, as many in each layer; else by the file that exports carry."""
    import json

    import torch

    folder = tmp_path / "small"
    small = pruning.applied(PLUGIN, job, folder, epochs=0, heads=heads, spread="layer", keep=0.6)
    widths = [group.count for group in units.find(small) if group.kind == "neurons"]
    assert len(set(widths)) == 1
    assert widths[0] < 64
    if heads:
        shutil.copyfile(Path(parts.__file__), folder / "network.py")
        assert "compress.with-part" in job.emit.codes()
    else:
        assert json.loads((folder / "config.json").read_text())["intermediate_size"] == widths[0]
        assert "parts" not in json.loads((folder / "tlstudio.json").read_text())
    monkeypatch.chdir(folder)
    found = json.loads(run_fresh(_PART if heads else _PLAIN))
    ids = torch.tensor([[2, 7, 8, 3]])
    with torch.no_grad():
        own = small(input_ids=ids, attention_mask=ids * 0 + 1).logits
    np.testing.assert_allclose(found, own, atol=1e-5)


def test_a_pruned_network_is_pruned_again_and_becomes_a_graph(job, tmp_path):
    """The second step finds the widths of the first; ONNX agrees with what it leaves."""
    from tlstudio.compression import graphs
    from tlstudio.models.scorers import OnnxScorer, TorchScorer, score

    once = pruning.applied(PLUGIN, job, tmp_path / "once", epochs=0, keep=0.7)
    again = replace(job, source=tmp_path / "once")
    twice = pruning.applied(PLUGIN, again, tmp_path / "twice", epochs=0, keep=0.7)
    assert networks.parameters(twice) < networks.parameters(once)
    assert [part["part"] for part in twice.tlstudio_parts] == ["widths", "widths"]
    graph = graphs.full(replace(job, source=tmp_path / "twice"), tmp_path / "model.onnx")
    rows = [job.encoded.examples("test")[at] for at in range(5)]
    for name in ("tokenizer.json", "tokenizer_config.json", "tlstudio.json", "config.json"):
        shutil.copyfile(tmp_path / "twice" / name, tmp_path / name)
    np.testing.assert_allclose(
        np.stack(score(OnnxScorer(graph, "graph"), rows)), np.stack(score(TorchScorer(tmp_path / "twice"), rows)),
        atol=1e-5,
    )  # fmt: skip


def test_rounds_prune_step_by_step_with_recovery_between(tiny_model, tickets, tmp_path):
    training = pruning.Training()
    sizes = []
    job = pruning.job(tiny_model, tickets, tmp_path / "model", lambda model, recovery, callbacks: (
        sizes.append(networks.parameters(model)), training(model, recovery, callbacks)))  # fmt: skip
    training.job = job
    small = pruning.applied(PLUGIN, job, tmp_path / "small", epochs=5, rounds=2, importance="random")
    assert [recovery.epochs for recovery in training.recoveries] == [2, 3]
    assert sizes[0] > sizes[1] == networks.parameters(small)


def test_operations_count_the_comparisons_of_heads(job):
    model = networks.load(job.source)
    head, neurons = group_of(model, "heads"), group_of(model, "neurons")
    assert units.flops(model, head, 10.0) == 2 * 10 * (4 * 32 * 16) + 4 * 100 * 16
    assert units.flops(model, neurons, 10.0) == 2 * 10 * 2 * 32
    assert units.parameters(model, head) == 4 * 32 * 16 + 3 * 16
    assert units.parameters(model, neurons) == 2 * 32 + 1
    assert timing.tokens(model, [head], job)[head.key] % 8 == 0  # training batches are padded so


def test_the_time_of_an_answer_is_a_target(job, tmp_path, monkeypatch):
    """Where a network takes as long as it has parameters, half the time is about half of them."""
    monkeypatch.setattr(timing, "compared", lambda models, _job: [float(networks.parameters(one)) for one in models])
    whole = networks.parameters(networks.load(job.source))
    small = pruning.applied(PLUGIN, job, tmp_path / "small", epochs=0, target="latency", keep=0.7)
    assert 0.62 * whole < networks.parameters(small) <= 0.7 * whole
    with pytest.raises(StudioError) as caught:
        pruning.applied(PLUGIN, job, tmp_path / "tiny", epochs=0, target="latency", keep=0.05)
    assert caught.value.code == "compress.not-so-fast"


def test_networks_take_turns_when_they_are_measured(job):
    order = []

    class Network:
        def __init__(self, name):
            self.name = name

        def __call__(self, **_inputs):
            order.append(self.name)

    times = timing.compared([Network("a"), Network("b")], job)
    assert order == ["a", "b"] * (len(order) // 2)
    assert all(0 < seconds < 1 for seconds in times)


def test_what_cannot_be_pruned_is_refused(job, tmp_path):
    with pytest.raises(StudioError) as caught:
        pruning.applied(PLUGIN, job, tmp_path / "small", epochs=0, neurons=False, keep=0.3)
    assert caught.value.code == "compress.share"
    assert caught.value.params["percent"] > 60
    with pytest.raises(ValueError, match="heads, neurons or both"):
        Options(heads=False, neurons=False)


def test_heads_that_would_answer_otherwise_are_refused(job, tmp_path, monkeypatch):
    monkeypatch.setattr(units, "attributes", lambda *_given: {"bert.encoder.layer.0.attention.self": {
        "attention_head_size": 8}})  # fmt: skip
    with pytest.raises(StudioError) as caught:
        pruning.applied(PLUGIN, job, tmp_path / "small", epochs=0)
    assert caught.value.code == "compress.units-differ"


# --- other architectures

_SIZES = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
_TEXT = {**_SIZES, "vocab_size": 50, "max_position_embeddings": 32}
_KINDS = {  # config, whether heads can be cut
    "bert": (_TEXT, True),
    "distilbert": ({"dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 64, "vocab_size": 50}, True),
    "roberta": (_TEXT, True),
    "electra": ({**_TEXT, "embedding_size": 16}, True),
    "deberta-v2": ({**_TEXT, "relative_attention": True, "pos_att_type": ["p2c", "c2p"], "position_buckets": 8}, True),
    "mpnet": (_TEXT, False),
    "albert": ({**_TEXT, "embedding_size": 16}, True),
    "modernbert": ({**_TEXT, "pad_token_id": 0, "cls_token_id": 1, "sep_token_id": 2}, True),
    "gpt2": ({"n_embd": 32, "n_layer": 2, "n_head": 4, "vocab_size": 50, "n_positions": 32}, True),
    "llama": ({**_TEXT, "num_key_value_heads": 4}, True),
    "qwen3": ({**_TEXT, "num_key_value_heads": 2, "head_dim": 8}, False),
    "t5": ({"d_model": 32, "d_kv": 8, "d_ff": 64, "num_layers": 2, "num_heads": 4, "vocab_size": 50}, False),
    "bart": ({"d_model": 32, "encoder_layers": 1, "decoder_layers": 1, "encoder_attention_heads": 4, "vocab_size": 50,
              "decoder_attention_heads": 4, "encoder_ffn_dim": 64, "decoder_ffn_dim": 64}, True),
    "vit": ({**_SIZES, "image_size": 32, "patch_size": 8}, True),
    "dinov2": ({**_SIZES, "image_size": 32, "patch_size": 8}, True),
    "swin": ({"image_size": 32, "patch_size": 2, "embed_dim": 16, "depths": [1, 1], "num_heads": [2, 4],
              "window_size": 4}, False),
    "clip_vision_model": ({**_SIZES, "image_size": 32, "patch_size": 8}, True),
    "wav2vec2": ({**_SIZES, "conv_dim": [32], "conv_kernel": [10], "conv_stride": [5], "num_feat_extract_layers": 1,
                  "num_conv_pos_embeddings": 16, "num_conv_pos_embedding_groups": 4}, True),
}  # fmt: skip


def _network(kind):
    import torch
    import transformers

    torch.manual_seed(0)
    config = transformers.AutoConfig.for_model(kind, **_KINDS[kind][0])
    model = transformers.AutoModel.from_config(config).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.ndim == 2:
                parameter.normal_(0, 0.2)
            elif name.endswith("bias"):
                parameter.normal_(0, 0.1)
    if hasattr(config, "image_size"):
        return model, {"pixel_values": torch.randn(2, 3, 32, 32)}
    if kind == "wav2vec2":
        return model, {"input_values": torch.randn(2, 600)}
    return model, {"input_ids": torch.randint(3, 50, (2, 9)), **(
        {"decoder_input_ids": torch.randint(3, 50, (2, 5))} if config.is_encoder_decoder else {})}  # fmt: skip


@pytest.mark.parametrize("kind", list(_KINDS))
def test_architectures_answer_as_with_silent_units_and_fit_their_saved_form(kind):
    import torch

    model, inputs = _network(kind)
    with torch.no_grad():
        whole = model(**inputs)[0]
    groups = [group for group in units.find(model) if not group.stays]
    assert {group.kind for group in groups} == ({"heads", "neurons"} if _KINDS[kind][1] else {"neurons"})
    generator = torch.Generator().manual_seed(1)
    ranks = {group.key: torch.rand(group.count, generator=generator) for group in groups}
    kept = importance.chosen(groups, ranks, False, 0.5)
    units.silence(model, groups, kept)
    with torch.no_grad():
        masked = model(**inputs)[0]
        units.cut(model, groups, kept)
        small = model(**inputs)[0]
    assert float((masked - whole).abs().max()) > 1e-3
    np.testing.assert_allclose(small, masked, atol=1e-4)
    assert not structured_pruning.settle(model, ())
    fresh = parts.with_parts(type(model), model.tlstudio_parts)(model.config).eval()
    fresh.load_state_dict(model.state_dict())
    with torch.no_grad():
        np.testing.assert_allclose(fresh(**inputs)[0], masked, atol=1e-4)


@pytest.mark.parametrize("kind", ["bert", "distilbert", "gpt2", "llama", "t5", "bart", "vit", "modernbert"])
def test_equal_feed_forward_layers_are_stated_by_the_config(kind):
    import torch

    model, inputs = _network(kind)
    groups = [group for group in units.find(model) if group.kind == "neurons"]
    units.cut(model, groups, {group.key: range(24) for group in groups})
    assert structured_pruning.settle(model, ())
    assert not parts.parts_of(model)
    fresh = type(model)(model.config).eval()
    fresh.load_state_dict(model.state_dict())
    with torch.no_grad():
        np.testing.assert_allclose(fresh(**inputs)[0], model(**inputs)[0], atol=1e-5)


def test_a_loss_that_says_nothing_is_told(job):
    model = networks.load(job.source)
    with pytest.raises(StudioError) as caught:
        importance.taylor(model, units.find(model), replace(job, loss=lambda *_given, **_options: None))
    assert caught.value.code == "compress.no-loss"


def test_cancelling_is_answered(job, tmp_path):
    from tlstudio.core.errors import Cancelled

    job.control.cancel()
    with pytest.raises(Cancelled):
        pruning.applied(PLUGIN, job, tmp_path / "small")
    assert isinstance(job.emit, tiny.Heard)

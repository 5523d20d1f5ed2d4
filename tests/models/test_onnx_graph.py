"""ONNX graphs: any batch, any length, padding, and the same answers as PyTorch."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests import tiny
from tests.models.conftest import tiny_classifier
from tests.tasks import models
from tlstudio.core.errors import StudioError
from tlstudio.models.onnx_graph import OPSET, quantise_dynamic, to_onnx
from tlstudio.models.pooling import add_mean_pooling
from tlstudio.models.scorers import OnnxScorer, TorchScorer


@pytest.fixture(scope="module", params=["bert", "roberta", pytest.param("distilbert", marks=pytest.mark.slow)])
def exported(request, tmp_path_factory):
    """(model, path of its graph); RoBERTa has the pooling block on top."""
    folder = tmp_path_factory.mktemp(request.param)
    model = tiny_classifier(request.param)
    if request.param == "roberta":
        add_mean_pooling(model)
    to_onnx(model, folder / "model.onnx")
    (folder / "config.json").write_text(json.dumps({"pad_token_id": model.config.pad_token_id}))
    return model, folder / "model.onnx"


@pytest.mark.parametrize(("batch", "length"), [(1, 1), (1, 30), (7, 5), (3, 17)])
def test_any_batch_and_length(exported, batch, length):
    model, path = exported
    encoded = np.random.default_rng(batch).integers(2, 60, (batch, length)).tolist()
    np.testing.assert_allclose(
        np.stack(OnnxScorer(path).outputs(tiny.rows(encoded))),
        np.stack(TorchScorer(model).outputs(tiny.rows(encoded))),
        atol=1e-4,
    )


def test_padding_and_order(exported, sequences):
    model, path = exported
    together = np.stack(OnnxScorer(path).outputs(tiny.rows(sequences)))
    np.testing.assert_allclose(together, tiny.logits(TorchScorer(model), tiny.rows(sequences), batch_size=2), atol=1e-4)
    alone = np.concatenate([np.stack(OnnxScorer(path, threads=1).outputs(tiny.rows([ids]))) for ids in sequences])
    np.testing.assert_allclose(together, alone, atol=1e-4)


def test_graph_is_plain_and_clean(exported):
    import onnx

    _model, path = exported
    graph = onnx.load(path)
    assert [item.name for item in graph.graph.input] == ["input_ids", "attention_mask"]
    assert [item.name for item in graph.graph.output] == ["logits"]
    assert {opset.version for opset in graph.opset_import if opset.domain in ("", "ai.onnx")} == {OPSET}
    for item in graph.graph.input:
        assert all(dim.dim_param for dim in item.type.tensor_type.shape.dim)
    text = path.read_bytes()
    assert b"site-packages" not in text
    assert b"/root/" not in text
    assert [name.name for name in path.parent.iterdir() if "part" in name.name] == []


def test_int8(exported, sequences, tmp_path):
    import onnx

    model, path = exported
    (tmp_path / "config.json").write_bytes((path.parent / "config.json").read_bytes())
    quantise_dynamic(path, tmp_path / "model.onnx")
    assert (tmp_path / "model.onnx").stat().st_size < path.stat().st_size
    kinds = {node.op_type for node in onnx.load(tmp_path / "model.onnx").graph.node}
    assert "MatMulInteger" in kinds or "DynamicQuantizeMatMul" in kinds
    exact, rough = (
        tiny.logits(scorer, tiny.rows(sequences))
        for scorer in (TorchScorer(model), OnnxScorer(tmp_path / "model.onnx"))
    )
    assert np.abs(exact - rough).max() < 0.2 * np.abs(exact).max()
    assert [item.name for item in tmp_path.iterdir() if "part" in item.name] == []


def test_failed_quantisation_leaves_nothing(exported, tmp_path, monkeypatch):
    import onnxruntime.quantization

    def fail(_graph, path, **_kwargs):
        with open(path, "wb") as stream:
            stream.write(b"half")
        raise RuntimeError("broken")

    monkeypatch.setattr(onnxruntime.quantization, "quantize_dynamic", fail)
    with pytest.raises(RuntimeError):
        quantise_dynamic(exported[1], tmp_path / "out" / "model.onnx")
    assert list((tmp_path / "out").iterdir()) == []


def test_input_ids_of_the_first_batch_are_not_baked_in(exported):
    scorer = OnnxScorer(exported[1])
    one, two = np.stack(scorer.outputs(tiny.rows([[5, 6, 7]]))), np.stack(scorer.outputs(tiny.rows([[8, 9, 10]])))
    assert np.abs(one - two).max() > 1e-3


@pytest.mark.slow
def test_a_network_that_cannot_be_traced_is_told_by_name(tmp_path):
    """CANINE's code looks at the length of its inputs."""
    from transformers import AutoModelForSequenceClassification

    model = AutoModelForSequenceClassification.from_pretrained(models.canine(tmp_path / "canine"))
    with pytest.raises(StudioError) as caught:
        to_onnx(model, tmp_path / "model.onnx")
    assert caught.value.code == "export.no-graph-of-network"
    assert caught.value.params["kind"] == "CanineForSequenceClassification"
    assert caught.value.params["reason"]
    assert not (tmp_path / "model.onnx").exists()


def test_more_than_a_file_of_onnx_holds_is_refused_in_words(tmp_path):
    import torch

    wide = torch.nn.Linear(20_000, 30_000, bias=False, device="meta")
    with pytest.raises(StudioError) as caught:
        to_onnx(wide, tmp_path / "model.onnx")
    assert caught.value.code == "export.too-large-for-onnx" and caught.value.params["size"] == 2.4
    assert not list(tmp_path.iterdir())

"""Static int8: calibrated, per layer, and on convolutions."""

from __future__ import annotations

import numpy as np
import pytest

from tests import tiny
from tests.compression.conftest import resnet, with_rows
from tlstudio.compression import graphs, static_int8
from tlstudio.compression.base import CompressJob
from tlstudio.compression.static_int8 import PLUGIN
from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.models.scorers import TorchScorer


@pytest.mark.parametrize("method", ["minmax", "percentile", "entropy"])
def test_it_answers_like_the_network(method, tried):
    found = tried(PLUGIN, method=method, keep_fp32=0, rows=16)
    assert found.agreement >= 0.9
    assert 0 < found.off < 0.5
    kinds = [node.op_type for node in graphs.load(found.folder / graphs.FILE).graph.node]
    assert kinds.count("QuantizeLinear") >= 7, "one for what goes into each group of layers"
    assert found.said("compress.static-int8")["percent"] > 90


def test_the_worst_layer_stays_in_fp32(classifier, graph):
    """A layer with a single huge weight loses all its others to the scale of int8."""
    from onnx import numpy_helper

    job = CompressJob(graph, "onnx", tiny.Heard(), Control(), encoded=classifier[1])
    made = static_int8.prepared(graph / graphs.FILE, graph)
    names = static_int8.layers(made)
    bad = names[2]
    [weight] = [node.input[1] for node in made.graph.node if node.name == bad]
    [tensor] = [one for one in made.graph.initializer if one.name == weight]
    values = numpy_helper.to_array(tensor).copy()
    values *= 0.02
    values[0] = 30.0  # one input that is about 0 for all rows would not show it: all outputs share it
    tensor.CopyFrom(numpy_helper.from_array(values, weight))
    config = static_int8.Options(keep_fp32=1, rows=8)
    ranges = static_int8.calibrate(made, config, list(graphs.feeds(job, 8)), job)
    errors = static_int8.sensitivities(made, ranges, names, True, job)
    assert set(errors) == set(names)
    assert all(np.isfinite(error) and error >= 0 for error in errors.values())
    [kept] = static_int8.keep(made, ranges, names, config, job)
    assert errors[kept] == max(errors.values())


def test_a_kept_layer_has_its_weights_in_fp32(tried, graph):
    plain, kept = tried(PLUGIN, keep_fp32=0, rows=8), tried(PLUGIN, keep_fp32=3, rows=8)
    assert kept.said("compress.kept-fp32")["count"] == 3
    assert kept.said("compress.static-int8")["percent"] < plain.said("compress.static-int8")["percent"]
    assert kept.off < plain.off


def test_convolutions_are_reached(tmp_path):
    source, rows = resnet(tmp_path)
    heard, folder = tiny.Heard(), tmp_path / "int8"
    folder.mkdir()
    PLUGIN.apply(PLUGIN.Config(keep_fp32=0, rows=8), with_rows(source, rows, heard), folder)
    kinds = [node.op_type for node in graphs.load(folder / graphs.FILE).graph.node]
    assert "BatchNormalization" not in kinds
    [note] = [event for event in heard.of("log") if event.code == "compress.static-int8"]
    assert note.params["percent"] > 80
    right, found = tiny.logits(TorchScorer(source), rows), tiny.logits(PLUGIN.scorer(folder), rows)
    assert np.abs(found - right).max() < 0.3 * right.std() + 0.02


def test_rows_are_needed(graph, tmp_path):
    with pytest.raises(StudioError) as caught:
        PLUGIN.apply(PLUGIN.Config(), CompressJob(graph, "onnx", tiny.Heard(), Control()), tmp_path)
    assert caught.value.code == "compress.no-rows"

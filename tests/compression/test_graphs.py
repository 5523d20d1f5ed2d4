"""ONNX graphs as steps change them, on one that is small enough to see."""

from __future__ import annotations

import json

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from tests import tiny
from tests.compression.conftest import with_rows
from tlstudio.compression import graphs

IDS = np.array([[0, 3, 7], [59, 1, 1]], dtype=np.int64)


@pytest.fixture
def graph():
    """Embeddings, a layer with a bias, and a table that is read as numbers as well."""
    draw = np.random.default_rng(0)
    stored = {
        "inner.words.weight": draw.normal(size=(60, 32)) * np.linspace(0.01, 10, 60)[:, None],
        "table": draw.normal(size=(64, 32)), "product": draw.normal(size=(32, 5)), "inner.head.bias": np.zeros(5),
    }  # fmt: skip
    nodes = [
        helper.make_node("Gather", ["inner.words.weight", "input_ids"], ["found"], "words"),
        helper.make_node("Gather", ["table", "input_ids"], ["other"], "others"),
        helper.make_node("ReduceSum", ["table"], ["sum"], "all"),
        helper.make_node("Add", ["found", "other"], ["both"], "both"),
        helper.make_node("MatMul", ["both", "product"], ["mul"], "node_7"),
        helper.make_node("Add", ["inner.head.bias", "mul"], ["biased"], "node_8"),
        helper.make_node("Add", ["biased", "sum"], ["logits"], "node_9"),
    ]
    made = helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["b", "t"])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(value.astype(np.float32), name) for name, value in stored.items()],
    )  # fmt: skip
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


def test_embeddings_become_int8_row_by_row_and_other_tables_stay(graph):
    before = graphs.answers(graphs.session(graph), {"input_ids": IDS})
    table = numpy_helper.to_array(graphs.weights(graph)["inner.words.weight"])
    assert graphs.quantise_embeddings(graph) == 60 * 32
    assert set(graphs.weights(graph)) == {"inner.words.weight_scale", "table", "product", "inner.head.bias"}
    stored = {one.name: numpy_helper.to_array(one) for one in graph.graph.initializer}
    whole, scale = stored["inner.words.weight_int8"], stored["inner.words.weight_scale"]
    assert whole.dtype == np.int8 and np.abs(whole).max(1).tolist() == [127] * 60, "each row uses all of int8"
    assert (np.abs(whole * scale - table) <= scale / 2 + 1e-7).all()
    after = graphs.answers(graphs.session(graph), {"input_ids": IDS})
    assert 0 < np.abs(after - before).max() < 0.02 * np.abs(before).max()


def test_a_graph_without_embeddings_is_left_alone(graph):
    graphs.quantise_embeddings(graph)
    assert graphs.quantise_embeddings(graph) == 0, "the second time there are none"


def test_layers_are_called_by_their_weights_or_biases(graph):
    names = {node.name: graphs.layer_name(graph, node) for node in graph.graph.node}
    assert (names["words"], names["node_7"], names["all"]) == ("words", "head", "all")


def test_what_a_graph_does_not_ask_for_is_not_given(graph):
    running = graphs.session(graph)
    alone = graphs.answers(running, {"input_ids": IDS})
    assert np.array_equal(graphs.answers(running, {"input_ids": IDS, "attention_mask": IDS}), alone)


def test_a_graph_is_saved_and_read_without_shape_notes(graph, tmp_path):
    graph.graph.value_info.append(helper.make_tensor_value_info("mul", TensorProto.FLOAT, [1]))
    graphs.save(graph, tmp_path / "g.onnx")
    assert len(onnx.load(str(tmp_path / "g.onnx")).graph.value_info) == 1
    assert not graphs.load(tmp_path / "g.onnx").graph.value_info


def test_rows_to_calibrate_with_are_grouped_by_length_and_mixed(tmp_path):
    job = with_rows(tmp_path, tiny.rows([5] * (1 + place * 7 % 20) for place in range(20)), tiny.Heard())
    found = list(graphs.feeds(job, 20, size=5))
    widths = [feed["input_ids"].shape[1] for feed in found]
    assert widths != sorted(widths) and sorted(widths) == [5, 10, 15, 20]
    assert all(feed["attention_mask"].sum(1).min() >= width - 4 for feed, width in zip(found, widths, strict=True))
    assert len(graphs.some_feeds(job, 8)) == 1


def test_without_rows_made_up_ones_are_compared(tmp_path):
    inputs = {"pixel_values": {"dtype": "float32", "shape": [3, 4, 4]}}
    (tmp_path / "tlstudio.json").write_text(json.dumps({"inputs": inputs}))
    [feed] = graphs.some_feeds(with_rows(tmp_path, [], tiny.Heard()), 8)
    assert feed["pixel_values"].shape == (2, 3, 4, 4)

"""Graphs in half precision, on a graph small enough to see each tensor."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from tlstudio.core.errors import StudioError
from tlstudio.models import half_graph

X = np.random.default_rng(0).normal(size=(3, 8)).astype(np.float32)
LOW = -3.0e38  # of a mask


def write(path, weight, small=(1.0, 2.0, 3.0, 4.0)):
    """x w + mask, and a short vector added to the first numbers."""
    mask = np.zeros(16, np.float32)
    mask[-1] = LOW
    scale = np.array([*small] * 4, np.float32)[: len(small) * 4]
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["xw"]),
        helper.make_node("Mul", ["xw", "scale"], ["scaled"]),
        helper.make_node("Add", ["scaled", "mask"], ["masked"]),
        helper.make_node("Add", ["masked", "one"], ["y"]),
    ]
    stored = {"w": weight, "mask": mask, "scale": scale, "one": np.array([0.1], np.float32)}
    graph = helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 16])],
        [numpy_helper.from_array(value, name) for name, value in stored.items()],
    )  # fmt: skip
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10), str(path))
    return path


def answer(path):
    import onnxruntime

    running = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return running.run(None, {"x": X})[0]


@pytest.fixture
def weight():
    return np.random.default_rng(1).normal(size=(8, 16)).astype(np.float32)


def test_weights_are_stored_in_half_and_computed_in_single(weight, tmp_path):
    full = write(tmp_path / "full.onnx", weight)
    half_graph.halve(full, tmp_path / "half.onnx", "fp32")
    kinds = {one.name: one.data_type for one in onnx.load(str(tmp_path / "half.onnx")).graph.initializer}
    half, full_ = TensorProto.FLOAT16, TensorProto.FLOAT
    assert kinds == {"w_fp16": half, "scale_fp16": half, "mask": full_, "one": full_}, "not what it cannot hold"
    before, after = answer(full), answer(tmp_path / "half.onnx")
    assert after.dtype == np.float32
    exact = X @ weight.astype(np.float16).astype(np.float32) * np.float32([1, 2, 3, 4] * 4) + np.float32(0.1)
    assert np.abs(after[:, :-1] - exact[:, :-1]).max() < 1e-5, "only the weights are rounded"
    assert (after[:, -1] == before[:, -1]).all() and (after[:, -1] < -1e38).all()


def test_a_graph_that_computes_in_half_takes_and_gives_single(weight, tmp_path):
    graph = onnx.load(str(write(tmp_path / "full.onnx", weight)))
    half_graph.halve(tmp_path / "full.onnx", tmp_path / "half.onnx", "fp16")
    made = onnx.load(str(tmp_path / "half.onnx"))
    for ends in ("input", "output"):
        types = [one.type.tensor_type.elem_type for one in getattr(made.graph, ends)]
        assert types == [one.type.tensor_type.elem_type for one in getattr(graph.graph, ends)]
    assert {one.data_type for one in made.graph.initializer if len(one.dims) == 2} == {TensorProto.FLOAT16}


def test_a_weight_that_fp16_cannot_hold_is_refused_and_nothing_is_written(weight, tmp_path):
    weight[0, 0] = 70_000
    with pytest.raises(StudioError) as caught:
        half_graph.halve(write(tmp_path / "full.onnx", weight), tmp_path / "half.onnx", "fp32")
    assert caught.value.code == "compress.too-large-for-fp16"
    assert caught.value.params["largest"] == "7e+04"
    assert not (tmp_path / "half.onnx").exists()

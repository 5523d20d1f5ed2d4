"""fp16: half the bytes; too large numbers are refused."""

from __future__ import annotations

import onnx
import pytest

from tests.compression.conftest import Tried
from tlstudio.compression import graphs
from tlstudio.compression.half_precision import PLUGIN
from tlstudio.core.errors import StudioError
from tlstudio.models import half_graph


@pytest.mark.parametrize("compute", ["fp32", "fp16"])
def test_half_the_bytes(compute, tried, graph):
    found: Tried = tried(PLUGIN, compute=compute)
    made = graphs.load(found.folder / graphs.FILE)
    assert found.agreement == 1
    assert found.off < 0.05
    bits = {one.data_type for one in made.graph.initializer if graphs.size_of(one) > 64
            and one.data_type in (onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16)}  # fmt: skip
    assert bits == {onnx.TensorProto.FLOAT16}
    assert {one.type.tensor_type.elem_type for one in made.graph.output} == {onnx.TensorProto.FLOAT}
    assert ("compress.fp16-slow" in found.heard.codes()) == (compute == "fp16")


def test_a_weight_that_fp16_cannot_hold(graph, tmp_path):
    made = graphs.load(graph / graphs.FILE)
    tensor = next(one for one in made.graph.initializer if len(one.dims) == 2 and one.data_type == 1)
    values = onnx.numpy_helper.to_array(tensor).copy()
    values[0, 0] = 1e6
    tensor.CopyFrom(onnx.numpy_helper.from_array(values, tensor.name))
    graphs.save(made, tmp_path / "large.onnx")
    with pytest.raises(StudioError) as caught:
        half_graph.halve(tmp_path / "large.onnx", tmp_path / "half.onnx", "fp32")
    assert caught.value.code == "compress.too-large-for-fp16"

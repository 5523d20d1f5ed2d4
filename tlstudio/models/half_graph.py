"""ONNX graphs in half precision (fp16)."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from tlstudio.core.errors import StudioError
from tlstudio.core.files import atomic_write, explain_os_errors
from tlstudio.models.onnx_graph import quiet

_LARGEST = 65504.0  # number of fp16
_FEWEST = 16  # numbers of a tensor that is stored in half


class Options(BaseModel):
    """How half precision is used."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    compute: Literal["fp32", "fp16"] = Field(
        "fp32",
        title="Computed in",
        description="fp32: the file is half as large, and answers as fast as before, on every processor. fp16: for "
        "graphics cards; processors have no instructions for it, and are slower.",
    )


def halve(source: Path, target: Path, compute: str) -> None:
    """Writes a graph with weights in fp16; its inputs and outputs stay fp32.

    Args:
        source: the graph in fp32.
        target: of the file that is written.
        compute: ``fp32`` stores weights in half and makes them fp32 again when the file is loaded; ``fp16`` computes
            in half as well.

    Raises:
        StudioError: a weight is too large for fp16.
    """
    import onnx

    graph = onnx.load(str(source))
    del graph.graph.value_info[:]
    largest = max((float(np.abs(onnx.numpy_helper.to_array(one)).max(initial=0)) for one in graph.graph.initializer
                   if one.data_type == onnx.TensorProto.FLOAT and len(one.dims) > 1), default=0.0)  # fmt: skip
    if largest > _LARGEST:
        raise StudioError(
            "compress.too-large-for-fp16", "A weight of this network is {largest}, which fp16 cannot hold.",
            "Use bf16 instead.", where="compress.fp16", largest=f"{largest:.3g}",
        )  # fmt: skip
    made = _stored(graph) if compute == "fp32" else _computed(graph)
    with explain_os_errors(target), atomic_write(target, "wb") as stream:
        stream.write(made.SerializeToString())


def _stored(graph: Any) -> Any:
    """Each weight in fp16 with a Cast, which ONNX Runtime and OpenVINO carry out once, while loading."""
    import onnx

    nodes = []
    for tensor in list(graph.graph.initializer):
        if tensor.data_type != onnx.TensorProto.FLOAT or int(np.prod(tensor.dims)) < _FEWEST:
            continue
        values = onnx.numpy_helper.to_array(tensor)
        if np.abs(values).max(initial=0) > _LARGEST:  # such as a mask of -3e38
            continue
        half = onnx.numpy_helper.from_array(values.astype(np.float16), f"{tensor.name}_fp16")
        nodes.append(onnx.helper.make_node("Cast", [half.name], [tensor.name], f"{tensor.name}_cast", to=1))
        graph.graph.initializer.remove(tensor)
        graph.graph.initializer.append(half)
    nodes += [type(node).FromString(node.SerializeToString()) for node in graph.graph.node]
    del graph.graph.node[:]
    graph.graph.node.extend(nodes)
    return graph


def _computed(graph: Any) -> Any:
    from onnxruntime.transformers.float16 import convert_float_to_float16

    with quiet():
        return convert_float_to_float16(graph, keep_io_types=True)

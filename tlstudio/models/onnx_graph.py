"""A transformers model as an ONNX graph, and its dynamic int8 form."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlstudio.core.errors import StudioError
from tlstudio.core.files import atomic_write, explain_os_errors
from tlstudio.models.batches import dummy, tensors
from tlstudio.models.heads import Head, inputs_of

if TYPE_CHECKING:
    import torch

OPSET = 20
_LARGEST = 2**31 - (32 << 20)  # bytes of weights: a message of protobuf, less room for what is around them
_SAMPLES = 8_000  # of a sound in the example that the graph is traced with
# not Conv: ONNX Runtime has no kernel for int8 weights of it
_QUANTISED = ["MatMul", "Gather", "Attention", "EmbedLayerNormalization", "Transpose"]


def to_onnx(
    model: torch.nn.Module, path: Path, head: Head | None = None, inputs: Mapping[str, Mapping[str, Any]] | None = None
) -> None:
    """Writes ``model`` (fp32, CPU) to ``path``; the exporter is ``torch.onnx.export`` (dynamo).

    Args:
        model: a transformers model.
        path: of the file.
        head: which of its outputs are written; a classifier's logits if not given.
        inputs: type and shape of each input, see :func:`tlstudio.models.batches.describe`; token ids and their mask if
            not given. The batch, and each axis whose length is None, is dynamic.

    Raises:
        StudioError: its code looks at the values of its inputs, or it is too large for a file of ONNX.
    """
    import onnx
    import torch

    require_small(model)
    head, inputs = head or Head(), inputs or inputs_of({})
    wrapper = answering(model.float().cpu().eval(), head, tuple(inputs))
    given = example(inputs)
    try:
        with quiet(), torch.no_grad():
            program = torch.onnx.export(
                wrapper,
                tuple(given.values()),
                dynamo=True,
                opset_version=OPSET,
                input_names=list(inputs),
                output_names=list(head.names),
                dynamic_shapes=(tuple(axes(about["shape"]) for about in inputs.values()),),
                verbose=False,
            )
    except torch.onnx.OnnxExporterError as error:
        raise _untraceable(model, error) from error
    assert program is not None  # it is None only for the legacy exporter
    proto = program.model_proto
    _strip(proto)
    with explain_os_errors(path), atomic_write(path, "wb") as stream:
        stream.write(proto.SerializeToString())
    onnx.checker.check_model(str(path))


def require_small(model: torch.nn.Module) -> None:
    """Refuses a network whose weights do not fit into a graph, which is one message of protobuf.

    Source: protobuf.dev, "Overview", on large data sets: a message has less than 2 GiB. Weights beside the graph would
    be too large as well for the tools that read, change and quantise it here.

    Raises:
        StudioError: saying how large it is.
    """
    size = 4 * sum(one.numel() for one in (*model.parameters(), *model.buffers()))  # of shared ones once
    if size <= _LARGEST:
        return
    raise StudioError(
        "export.too-large-for-onnx", "The network {kind} has {size} GB of weights in fp32; a file of ONNX, which the "
        "chosen exports and steps need, holds 2 GB.", "Use the safetensors export without steps that give ONNX or "
        "OpenVINO; or make the network smaller first, by removing layers or trimming the vocabulary, or choose a "
        "smaller one.", where="export", kind=type(model).__name__, size=round(size / 1e9, 1),
    )  # fmt: skip


def _untraceable(model: torch.nn.Module, error: Exception) -> StudioError:
    """Networks whose code looks at the values or lengths of its inputs, such as CANINE's."""
    cause = str(error.__cause__ or error).strip().splitlines()
    return StudioError(
        "export.no-graph-of-network", "The network {kind} cannot be written as an ONNX graph: {reason}",
        "Use the safetensors export without the int8 step, or choose another model.", where="export",
        kind=type(model).__name__, reason=cause[0][:200] if cause else type(error).__name__,
    )  # fmt: skip


def example(inputs: Mapping[str, Mapping[str, Any]]) -> dict[str, torch.Tensor]:
    """What a network is traced with.

    Two rows and nine tokens: a size of one would be taken for a constant. Each input is a tensor of its own: one tensor
    given twice is exported as one input, and the mask would be read as the ids.
    """
    return tensors(dummy(inputs, length=9 if "input_ids" in inputs else _SAMPLES))


def axes(shape: Sequence[int | None]) -> dict[int, Any]:
    import torch

    return {axis: torch.export.Dim.DYNAMIC for axis, size in enumerate((None, *shape)) if size is None}


def answering(model: torch.nn.Module, head: Head, names: tuple[str, ...]) -> torch.nn.Module:
    """A module with the inputs in order, and only the outputs of the head."""
    import torch

    class Answering(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = model

        def forward(self, *values: torch.Tensor) -> tuple[torch.Tensor, ...]:
            given = dict(zip(names, values, strict=True))
            return head.parts(self.inner(**given), given)

    return Answering().eval()


def quantise_dynamic(source: Path, target: Path) -> None:
    """Dynamic int8: weights as int8 per channel, activations quantised while running (ONNX Runtime)."""
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    graph = onnx.load(str(source))
    # the exporter's shape notes contradict the quantiser's own inference and make it fail
    del graph.graph.value_info[:]
    with explain_os_errors(target), quiet():
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(f".{target.name}.part")
        try:
            # the types behind operators of ONNX Runtime, which its inference does not know
            quantize_dynamic(graph, str(partial), weight_type=QuantType.QInt8, per_channel=True,
                             extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT},
                             op_types_to_quantize=_QUANTISED)  # fmt: skip
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)


def int8_share(path: Path) -> float:
    """Share of the weights of a graph (the numbers in its tensors, shapes and indices apart) that have eight bits."""
    import numpy as np
    import onnx

    small, large = 0, 0
    for tensor in onnx.load(str(path), load_external_data=False).graph.initializer:
        count = int(np.prod(tensor.dims))
        if tensor.data_type in (onnx.TensorProto.INT8, onnx.TensorProto.UINT8):
            small += count
        elif tensor.data_type in (onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16):
            large += count
    return small / max(small + large, 1)


def _strip(proto: Any) -> None:
    """Removes stack traces of the build machine: 250 KB of paths that help nobody."""
    for node in proto.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    for function in proto.functions:
        for node in function.node:
            del node.metadata_props[:]


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """The exporter prints and warns about its own inner workings."""
    previous = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(previous)

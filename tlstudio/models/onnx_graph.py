"""A transformers classifier as an ONNX graph, and its dynamic int8 form."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlstudio.core.files import atomic_write, explain_os_errors

if TYPE_CHECKING:
    import torch

OPSET = 20


def to_onnx(model: torch.nn.Module, path: Path) -> None:
    """Writes ``model`` (fp32, CPU) with inputs input_ids and attention_mask, int64 [batch, sequence], to ``path``.

    Both axes are dynamic. The exporter is ``torch.onnx.export`` (dynamo).
    """
    import onnx
    import torch

    class Logits(torch.nn.Module):
        """Only the logits, so that the graph has one output."""

        def __init__(self, inner: torch.nn.Module) -> None:
            super().__init__()
            self.inner = inner

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            return self.inner(input_ids=input_ids, attention_mask=attention_mask).logits

    wrapper = Logits(model.float().cpu().eval()).eval()
    # two rows and nine tokens: a size of one would be taken for a constant;
    # two tensors: one tensor given twice is exported as one input, and the mask would be read as the ids
    ids, mask = torch.ones(2, 9, dtype=torch.int64), torch.ones(2, 9, dtype=torch.int64)
    axes = {0: torch.export.Dim.DYNAMIC, 1: torch.export.Dim.DYNAMIC}
    with _quiet(), torch.no_grad():
        program = torch.onnx.export(
            wrapper,
            (ids, mask),
            dynamo=True,
            opset_version=OPSET,
            input_names=["input_ids", "attention_mask"],
            output_names=["logits"],
            dynamic_shapes={"input_ids": axes, "attention_mask": axes},
            verbose=False,
        )
    assert program is not None  # it is None only for the legacy exporter
    proto = program.model_proto
    _strip(proto)
    with explain_os_errors(path), atomic_write(path, "wb") as stream:
        stream.write(proto.SerializeToString())
    onnx.checker.check_model(str(path))


def quantise_dynamic(source: Path, target: Path) -> None:
    """Dynamic int8: weights as int8 per channel, activations quantised while running (ONNX Runtime)."""
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    graph = onnx.load(str(source))
    # the exporter's shape notes contradict the quantiser's own inference and make it fail
    del graph.graph.value_info[:]
    with explain_os_errors(target), _quiet():
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(f".{target.name}.part")
        try:
            quantize_dynamic(graph, str(partial), weight_type=QuantType.QInt8, per_channel=True)
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)


def _strip(proto: Any) -> None:
    """Removes stack traces of the build machine: 250 KB of paths that help nobody."""
    for node in proto.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    for function in proto.functions:
        for node in function.node:
            del node.metadata_props[:]


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """The exporter prints and warns about its own inner workings."""
    previous = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(previous)

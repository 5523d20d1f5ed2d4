"""A transformers model as a graph of PyTorch (``torch.export``), which loads without transformers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tlstudio.core.errors import StudioError
from tlstudio.core.files import explain_os_errors, read_json
from tlstudio.models import heads
from tlstudio.models.batches import Example, collate, tensors
from tlstudio.models.heads import Head
from tlstudio.models.onnx_graph import answering, axes, example, quiet
from tlstudio.models.scorers import taken

if TYPE_CHECKING:
    import torch

FILE = "model.pt2"


def to_graph(model: torch.nn.Module, path: Path, head: Head, inputs: Mapping[str, Mapping[str, Any]]) -> None:
    """Writes ``model`` (fp32, CPU) to ``path``; batch and length are dynamic as in :func:`onnx_graph.to_onnx`.

    Raises:
        StudioError: its code looks at the values of its inputs.
    """
    import torch

    wrapper = answering(model.float().cpu().eval(), head, tuple(inputs))
    given = example(inputs)
    shapes = (tuple(axes(about["shape"]) for about in inputs.values()),)
    try:
        with quiet(), torch.no_grad():
            program = torch.export.export(wrapper, tuple(given.values()), dynamic_shapes=shapes, strict=False)
    except (RuntimeError, ValueError, TypeError, AttributeError, AssertionError) as error:
        # torch.export has no class of its own for what it cannot trace
        raise StudioError(
            "export.no-torch-graph", "The network {kind} cannot be written as a graph of PyTorch: {reason}",
            "Use the safetensors export.", where="export", kind=type(model).__name__,
            reason=(str(error).strip().splitlines() or [type(error).__name__])[0][:200],
        ) from error  # fmt: skip
    for node in program.graph.nodes:  # paths of the machine that made it help nobody
        for name in ("stack_trace", "nn_module_stack", "source_fn_stack"):
            node.meta.pop(name, None)
    with quiet(), explain_os_errors(path):
        torch.export.save(program, path)


class GraphScorer:
    """A graph of ``torch.export`` on the CPU; the padding token comes from the ``config.json`` beside the file."""

    format = "torch-export"

    def __init__(self, path: Path, name: str = "torch.export") -> None:
        import torch

        try:
            with quiet():
                program = torch.export.load(path)
                self._module: Any = program.module()
        except Exception as error:  # a damaged archive raises whatever its parts raise
            raise StudioError(
                "model.bad-torch-graph", "{path} cannot be loaded by PyTorch: {reason}",
                "Export the model again; the file is damaged or incomplete, or of another version of PyTorch.",
                where=str(path), path=str(path), reason=(str(error).splitlines() or [type(error).__name__])[0][:200],
            ) from error  # fmt: skip
        settings = heads.read_settings(path.parent)
        self.name = name
        self.head = Head.of(settings)
        self._inputs = tuple(heads.inputs_of(settings))
        self._pad_id = heads.pad_id_of(read_json(path.parent / "config.json"))

    def outputs(self, batch: Sequence[Example]) -> list[np.ndarray]:
        import torch

        arrays = collate(batch, taken(batch[0], self._inputs), self._pad_id)
        given = tensors({name: arrays[name] for name in self._inputs})
        with torch.inference_mode():
            answers = self._module(*given.values())
        return self.head.rows(heads.joined([answer.float().numpy() for answer in answers]), arrays)

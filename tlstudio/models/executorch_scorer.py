"""Models that ExecuTorch runs, an extra: programs for phones and small devices, computed by XNNPACK."""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tlstudio.core.errors import StudioError
from tlstudio.core.files import atomic_write, explain_os_errors, read_json
from tlstudio.models import folders, heads
from tlstudio.models.batches import Example, collate, dummy, tensors
from tlstudio.models.heads import Head
from tlstudio.models.onnx_graph import answering, quiet
from tlstudio.models.scorers import taken, usable_cores

if TYPE_CHECKING:
    import torch

FILE = "model.pte"
_SECOND = "second_"  # before the inputs of a second backbone, as tlstudio.models.parts has it
_SAMPLES = 8_000  # of a sound in the example that the program is traced with
_TOKENS = 9


def missing(where: str) -> StudioError | None:
    """What is said where ExecuTorch is not installed; None where it is."""
    if importlib.util.find_spec("executorch") is not None:
        return None
    return StudioError(
        "executorch.missing", "ExecuTorch is not installed.",
        "Install the extra: pip install 'tlstudio[edge]'.", where=where,
    )  # fmt: skip


def longest(folder: Path, name: str) -> int:
    """How long an input of a model may be: tokens of a text, or samples of a sound, as in training."""
    settings = heads.read_settings(folder)
    if name.startswith(_SECOND) and (other := folders.second_reader(folder)) is not None:
        return folders.max_length(other)
    if sound := settings.get("audio"):
        return max(round(sound["seconds"] * sound["rate"]), int(sound["least"]))
    return folders.max_length(folder)


def to_program(model: torch.nn.Module, path: Path, folder: Path) -> None:
    """Writes ``model`` (fp32, CPU) to ``path``: one row at a time, of any length up to that of training.

    The memory that a program needs is planned for its longest input, and is fixed before it runs; a larger batch would
    multiply it, and devices ask one row at a time.

    Args:
        model: a transformers model.
        path: of the file.
        folder: where it was loaded from; its settings say what it takes, and how long that may be.

    Raises:
        StudioError: its code looks at the values of its inputs, or ExecuTorch has no kernel for a part of it.
    """
    import torch

    with quiet():
        from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
        from executorch.exir import EdgeCompileConfig, to_edge_transform_and_lower

    settings = heads.read_settings(folder)
    inputs = heads.inputs_of(settings)
    wrapper = answering(model.float().cpu().eval(), Head.of(settings), tuple(inputs))
    usual = _TOKENS if "input_ids" in inputs else _SAMPLES
    most = {name: longest(folder, name) for name, about in inputs.items() if None in about["shape"]}
    given = tensors(dummy(inputs, rows=1, length=min([usual, *most.values()])))
    shapes = (tuple(_axes(about["shape"], most.get(name, 0)) for name, about in inputs.items()),)
    try:
        with quiet(), torch.no_grad():
            graph = torch.export.export(wrapper, tuple(given.values()), dynamic_shapes=shapes, strict=False)
            edge = to_edge_transform_and_lower(
                graph, partitioner=[XnnpackPartitioner()], compile_config=EdgeCompileConfig(_check_ir_validity=False)
            )
            made = edge.to_executorch()
    except Exception as error:  # its passes share no class of errors
        raise _impossible(model, (str(error).strip().splitlines() or [type(error).__name__])[0][:200]) from error
    if absent := sorted(_operators(made) - set(_runtime().operator_registry.operator_names)):
        raise _impossible(model, f"no kernel for {', '.join(absent[:3])}")
    with explain_os_errors(path), atomic_write(path, "wb") as stream:
        made.write_to_file(stream)


def _axes(shape: Sequence[int | None], most: int) -> dict[int, Any]:
    import torch

    return {axis: torch.export.Dim.DYNAMIC(max=most) for axis, size in enumerate((None, *shape)) if axis and not size}


def _operators(made: Any) -> set[str]:
    """What the program asks the runtime for, beside what XNNPACK computes."""
    plan = made.executorch_program.execution_plan[0]
    return {f"{one.name}.{one.overload}" if one.overload else one.name for one in plan.operators}


def _impossible(model: torch.nn.Module, reason: str) -> StudioError:
    return StudioError(
        "export.no-executorch", "The network {kind} cannot be written as a program of ExecuTorch: {reason}",
        "Use the ONNX export.", where="export", kind=type(model).__name__, reason=reason,
    )  # fmt: skip


def _runtime() -> Any:
    """ExecuTorch's runtime.

    Raises:
        StudioError: it is not installed.
    """
    if problem := missing("executorch"):
        raise problem
    with quiet():
        from executorch.runtime import Runtime

        return Runtime.get()


class ExecuTorchScorer:
    """A program of ExecuTorch on the CPU, row by row; the padding token comes from the ``config.json`` beside it."""

    format = "executorch"

    def __init__(self, folder: Path, name: str = "ExecuTorch") -> None:
        runtime, path = _runtime(), folder / FILE
        _limit_threads()
        try:
            self._program = runtime.load_program(path)  # which the method only borrows
            self._method = self._program.load_method("forward")
        except Exception as error:  # its exceptions share no class
            raise StudioError(
                "model.bad-executorch", "{path} cannot be loaded by ExecuTorch: {reason}",
                "Export the model again; the file is damaged or incomplete, or of another version of ExecuTorch.",
                where=str(path), path=str(path), reason=(str(error).splitlines() or [type(error).__name__])[0][:200],
            ) from error  # fmt: skip
        settings = heads.read_settings(folder)
        self.name = name
        self.head = Head.of(settings)
        self._inputs = tuple(heads.inputs_of(settings))
        config = folder / "config.json"
        self._pad_id = heads.pad_id_of(read_json(config)) if config.is_file() else 0

    def outputs(self, batch: Sequence[Example]) -> list[np.ndarray]:
        return [self._answer(row) for row in batch]

    def _answer(self, row: Example) -> np.ndarray:
        arrays = collate([row], taken(row, self._inputs), self._pad_id)
        given: Mapping[str, torch.Tensor] = tensors({name: arrays[name] for name in self._inputs})
        answers = self._method.execute(list(given.values()))
        return self.head.rows(heads.joined([answer.float().numpy() for answer in answers]), arrays)[0]


@functools.cache
def _limit_threads() -> None:
    """It takes a thread for each core otherwise, whatever this process may use.

    Once a process: a program keeps the threads that it was loaded with, and they would be gone.
    """
    from executorch.extension.pybindings import portable_lib

    portable_lib._unsafe_reset_threadpool(usable_cores())

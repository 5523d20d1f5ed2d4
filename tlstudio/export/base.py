"""What an export format is: one file in this folder with a ``PLUGIN`` that meets :class:`Exporter`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict

from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.events import Emit
from tlstudio.core.recipe import Recipe
from tlstudio.models.scorers import Scorer


@dataclass(frozen=True)
class ExportJob:
    """What an exporter may use.

    Attributes:
        run_folder: exports go below it.
        model_folder: the trained model in transformers layout.
        compressed: folder of each compression step, by its name such as ``1-dynamic-int8``, in order. The exports are
            those of the last one that is a network, see :attr:`network`, or a graph.
        results: the contents of ``results.json`` so far.
        recipe: as executed.
        emit: where events go.
        control: the user's wishes.
    """

    run_folder: Path
    model_folder: Path
    compressed: dict[str, Path]
    results: dict[str, Any]
    recipe: Recipe
    emit: Emit
    control: Control

    @property
    def network(self) -> str:
        """Name of the last form in transformers layout: a compression step, or ``trained``."""
        return next((name for name in reversed(self.compressed) if _is_network(self.compressed[name])), "trained")

    @property
    def source(self) -> Path:
        """Its folder: what exports are made of, and must answer like."""
        return self.compressed.get(self.network, self.model_folder)


def _is_network(folder: Path) -> bool:
    return any(folder.glob("model*.safetensors"))


@dataclass(frozen=True)
class Tolerance:
    """What the parity check allows.

    ``logits``: the largest difference between a number of the export and of the trained model may be ``limit``;
    above, the export fails. ``agreement``: at least the share ``limit`` of the rows must get the same answer; below,
    the export is kept with a warning, and far below, see :mod:`tlstudio.export.parity`, it fails.
    """

    kind: Literal["logits", "agreement"]
    limit: float


class NoOptions(BaseModel):
    """The ``Config`` of an exporter that has nothing to choose."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Exporter(Protocol):
    """An export format. Instances hold no state.

    It may also have ``pack(job, folder)``, which makes one file of all before it is proven; ``seal(job, folder)``,
    which ends that file when the card is written; ``tolerance(folder)``, where what is allowed depends on what was
    written; ``script(text)``, which changes the script of the task for these files; and ``LIBRARY``, what loads them,
    where that is not the runtime.
    """

    NAME: str
    TITLE: str
    SUMMARY: str
    Config: type[BaseModel]
    TOLERANCE: Tolerance
    RUNTIME: str  # which of the task's scripts becomes predict.py: onnx, transformers …

    def fits(self, task: Any) -> StudioError | None:
        """Why models of a task plug-in cannot be exported so; None if they can."""
        ...

    def check(self, recipe: Recipe) -> StudioError | None:
        """Why this recipe cannot be exported so; None if it can."""
        ...

    def write(self, job: ExportJob, folder: Path, config: Any) -> None:
        """Writes the model, its tokenizer and its configs into the empty ``folder``.

        Raises:
            StudioError: it cannot be written.
            Cancelled: the user has cancelled.
        """
        ...

    def scorer(self, folder: Path) -> Scorer:
        """Loads what was written, in the runtime that it is meant for."""
        ...

    def stage(self, job: ExportJob) -> str:
        """The entry of ``results["stages"]`` whose measurements are those of this export."""
        ...

"""What a compression step is: one file that makes a smaller or faster model of a model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from pydantic import BaseModel

from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.events import Emit

if TYPE_CHECKING:
    from tlstudio.models.scorers import Scorer


@dataclass(frozen=True)
class CompressJob:
    """What a step is given. ``source`` is a folder of the format ``source_format`` (transformers or onnx)."""

    source: Path
    source_format: str
    emit: Emit
    control: Control


class Step(Protocol):
    """A compression plug-in."""

    NAME: str
    TITLE: str
    SUMMARY: str
    TAKES: str
    GIVES: str
    Config: type[BaseModel]

    def fits(self, task: Any) -> StudioError | None:
        """Why the step makes no sense for a task plug-in; None if it does."""
        ...

    def apply(self, config: Any, job: CompressJob, folder: Path) -> None:
        """Writes the compressed model into the empty ``folder``."""
        ...

    def scorer(self, folder: Path) -> Scorer:
        """The compressed model in its own runtime."""
        ...

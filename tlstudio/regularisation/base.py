"""What a regulariser is: one file that changes how a network trains, whatever strategy opened its parameters."""

from __future__ import annotations

from typing import Any, Protocol

from pydantic import BaseModel

from tlstudio.core.errors import StudioError
from tlstudio.models.callbacks import Callback
from tlstudio.models.heads import Head


class Regulariser(Protocol):
    """A regulariser plug-in."""

    NAME: str
    TITLE: str
    SUMMARY: str
    Config: type[BaseModel]

    def fits(self, task: Any) -> StudioError | None:
        """Why it makes no sense for a task plug-in; None if it does."""
        ...

    def callback(self, config: Any, head: Head) -> Callback:
        """What takes part in the training."""
        ...


def needs_classes(name: str, task: Any) -> StudioError | None:
    """Refuses tasks whose answers are not probabilities of classes."""
    if task.HEAD.kind in ("classes", "signs") or task.HEAD.losses or task.HEAD.kind == "text":
        return None
    return StudioError(
        "regularise.no-classes", "'{name}' compares probabilities of classes, and the task {task} has none.",
        "Remove it in the Strategy step.", where="regularise", name=name, task=task.TITLE,
    )  # fmt: skip

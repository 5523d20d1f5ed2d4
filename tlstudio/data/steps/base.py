"""What a data step is: one file that repairs one kind of flaw. Steps stand in the recipe and are done again each time.

The user's file is never changed: a step works on the rows as they are read.
"""

from __future__ import annotations

from typing import Any, Literal, Protocol

from pydantic import BaseModel

from tlstudio.core.control import Control
from tlstudio.data.frames import Frames


class TextStep(Protocol):
    """Changes texts, each by itself; all text steps are done before the row steps."""

    NAME: str
    TITLE: str
    SUMMARY: str
    LEVEL: Literal["text"]
    Config: type[BaseModel]

    def texts(self, config: Any, texts: list[str]) -> list[str]:
        """The repaired texts, in their order."""
        ...


class RowStep(Protocol):
    """Drops rows or changes their labels; ``labels`` steps only rename labels, which is done to extra test sets too."""

    NAME: str
    TITLE: str
    SUMMARY: str
    LEVEL: Literal["rows", "labels"]
    Config: type[BaseModel]

    def apply(self, config: Any, frames: Frames, control: Control) -> None:
        """Changes ``keep``, ``codes`` and ``names`` of the frames."""
        ...

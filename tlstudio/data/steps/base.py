"""What a data step is: one file that repairs one kind of flaw. Steps stand in the recipe and are done again each time.

The user's file is never changed: a step works on the rows as they are read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Protocol

from pydantic import BaseModel

from tlstudio.core.control import Control
from tlstudio.data.frames import Frames
from tlstudio.data.roles import Roles
from tlstudio.data.rows import Rows

if TYPE_CHECKING:
    import numpy as np


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
    """Drops rows or changes their labels; ``labels`` steps only rename labels, which is done to extra test sets too.

    A step may also say, when rows have been divided, which of them are learnt: :class:`LearntStep`. One with ``FILLS``
    lets further files lack columns; their cells are then empty.
    """

    NAME: str
    TITLE: str
    SUMMARY: str
    LEVEL: Literal["rows", "labels"]
    Config: type[BaseModel]

    def apply(self, config: Any, frames: Frames, control: Control) -> None:
        """Changes ``keep``, ``codes`` and ``names`` of the frames."""
        ...


class LearntStep(RowStep, Protocol):
    """Takes rows out of training and validation, once it is known which these are; test rows all stay."""

    def learnt(self, config: Any, split: str, splits: dict[str, Rows], roles: Roles, control: Control) -> np.ndarray:
        """bool [n]: the rows of the split (validation, then train) that stay.

        Args:
            splits: all rows, as the steps before have left them.
        """
        ...

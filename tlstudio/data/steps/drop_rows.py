"""Leaves out chosen rows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from tlstudio.core.control import Control
from tlstudio.data.frames import Frames

if TYPE_CHECKING:
    import numpy as np

RowId = Annotated[str, Field(pattern="^[0-9a-f]{16}$")]


class Options(BaseModel):
    """Which rows."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rows: tuple[RowId, ...] = Field(
        (), title="Rows", description="Numbers of the contents, 16 hexadecimal digits each, as the doctor gives them."
    )


class DropRows:
    """Rows are named by their content, so that they are found again when others are added or moved."""

    NAME = "drop-rows"
    TITLE = "Leave out chosen rows"
    SUMMARY = "Leaves out rows that you have chosen, in all places."
    LEVEL: Literal["rows"] = "rows"
    Config = Options

    def apply(self, config: Options, frames: Frames, control: Control) -> None:
        import numpy as np

        for frame in frames.by_split.values():
            for names in frame.names_of(control):
                frame.keep &= ~np.isin(names, numbers(config.rows))


PLUGIN = DropRows()


def numbers(rows: Iterable[str]) -> np.ndarray:
    """uint64 [k] of the forms in a recipe."""
    import numpy as np

    return np.array([int(row, 16) for row in rows], dtype=np.uint64)

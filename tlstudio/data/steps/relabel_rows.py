"""Gives chosen rows another label."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field

from tlstudio.core.control import Control
from tlstudio.data.frames import Frame, Frames
from tlstudio.data.steps.drop_rows import RowId, numbers

if TYPE_CHECKING:
    import numpy as np


class Options(BaseModel):
    """Which rows, and which labels."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rows: dict[RowId, str] = Field(
        default_factory=dict,
        title="Labels by row",
        description="Number of the content (16 hexadecimal digits) to its label; a label may be a new one.",
    )


class RelabelRows:
    """Rows are named by their content; all rows with that content get the label."""

    NAME = "relabel-rows"
    TITLE = "Correct labels"
    SUMMARY = "Gives rows that you have chosen another label."
    LEVEL: Literal["rows"] = "rows"
    Config = Options

    def apply(self, config: Options, frames: Frames, control: Control) -> None:
        import numpy as np

        wanted = {row: label.strip() for row, label in config.rows.items() if label.strip()}
        names = [*frames.names, *sorted(set(wanted.values()) - set(frames.names))]
        code = {name: index for index, name in enumerate(names)}
        ids = numbers(wanted)
        order = np.argsort(ids)
        codes = np.array([code[label] for label in wanted.values()], dtype=np.int32)
        for frame in frames.by_split.values():
            _relabel(frame, ids[order], codes[order], control)
        frames.names = names


PLUGIN = RelabelRows()


def _relabel(frame: Frame, ids: np.ndarray, codes: np.ndarray, control: Control) -> None:
    """``ids`` uint64 [k] ascending, ``codes`` int32 [k]."""
    import numpy as np

    if frame.codes is None or not len(ids):
        return
    for mine in frame.names_of(control):
        place = np.minimum(np.searchsorted(ids, mine), len(ids) - 1)
        frame.codes = np.where(ids[place] == mine, codes[place], frame.codes).astype(np.int32)

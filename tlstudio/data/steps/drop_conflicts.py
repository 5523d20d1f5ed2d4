"""Settles rows with the same content and different labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field

from tlstudio.core.control import Control
from tlstudio.data.detect.blank import blank_rows
from tlstudio.data.detect.keys import contradicted, majority, row_keys
from tlstudio.data.frames import Frame, Frames
from tlstudio.data.steps.drop_duplicates import PROTECTED

if TYPE_CHECKING:
    import numpy as np


class Options(BaseModel):
    """What is kept."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    keep: Literal["majority", "none"] = Field(
        "majority",
        title="Kept rows",
        description="Majority keeps the rows with the most frequent label, and none of them where two are equally "
        "frequent; none leaves out all rows of the content.",
    )


class DropConflicts:
    """First within each place; then a training row goes that contradicts a validation or test row."""

    NAME = "drop-conflicts"
    TITLE = "Leave out contradictions"
    SUMMARY = "Leaves out rows with the same content and different labels."
    LEVEL: Literal["rows"] = "rows"
    Config = Options

    def apply(self, config: Options, frames: Frames, control: Control) -> None:
        if any(frame.codes is None for frame in frames.by_split.values()):
            return
        taken: list[tuple[np.ndarray, np.ndarray]] = []
        for split in (name for name in PROTECTED if name in frames.by_split):
            frame = frames.by_split[split]
            keys = row_keys(frame.table, frame.roles, frame.ids(control), control)
            full = ~blank_rows(frame.table, frame.roles, control)
            _settle(frame, keys, full, config.keep)
            if taken:
                _agree(frame, keys, full, taken)
            assert frame.codes is not None  # asked above
            taken.append((keys[frame.keep], frame.codes[frame.keep]))


PLUGIN = DropConflicts()


def _settle(frame: Frame, keys: np.ndarray, full: np.ndarray, kept: str) -> None:
    """Within one place."""
    import numpy as np

    assert frame.codes is not None
    rows = np.flatnonzero(frame.keep & full & (frame.codes >= 0))
    codes = frame.codes[rows]
    gone = contradicted(keys[rows], codes)
    if kept == "majority":
        gone &= majority(keys[rows], codes) != codes
    frame.keep[rows[gone]] = False


def _agree(frame: Frame, keys: np.ndarray, full: np.ndarray, taken: list[tuple[np.ndarray, np.ndarray]]) -> None:
    """Rows go whose content has another label in the places before."""
    import numpy as np

    assert frame.codes is not None
    rows = np.flatnonzero(frame.keep & full & (frame.codes >= 0))
    others = np.concatenate([part[0] for part in taken])
    labels = np.concatenate([part[1] for part in taken])
    clash = contradicted(np.concatenate([others, keys[rows]]), np.concatenate([labels, frame.codes[rows]]))
    frame.keep[rows[clash[len(others) :]]] = False

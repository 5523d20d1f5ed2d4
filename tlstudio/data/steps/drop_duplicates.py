"""Leaves out rows that stand in the data more than once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field

from tlstudio.core.control import Control
from tlstudio.data.detect.blank import blank_rows
from tlstudio.data.detect.keys import earlier, row_keys
from tlstudio.data.frames import Frame, Frames
from tlstudio.data.splits import mixed

if TYPE_CHECKING:
    import numpy as np

PROTECTED = ("test", "validation", "train")  # each gives up rows to those before it


class Options(BaseModel):
    """Which copies are left out."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    within: bool = Field(
        True,
        title="Within a place",
        description="Keeps the first of equal training or validation rows; a test place of its own stays as it is.",
    )
    tested: bool = Field(
        False,
        title="Within the test place",
        description="Keeps the first of equal rows of a test place of its own, too.",
    )
    across: bool = Field(
        True,
        title="Across places",
        description="Takes training rows out that are in the validation or test place, and validation rows that are "
        "in the test place.",
    )
    labels: Literal["same", "any"] = Field(
        "same",
        title="Label of a copy",
        description="Within a place: same leaves rows with equal content and different labels for drop-conflicts; "
        "any keeps the first of them.",
    )


class DropDuplicates:
    """Equal are whole contents: text and second text, question and context; images with the same bytes."""

    NAME = "drop-duplicates"
    TITLE = "Leave out duplicates"
    SUMMARY = "Keeps the first of equal rows, and takes rows out of training that are tested on."
    LEVEL: Literal["rows"] = "rows"
    Config = Options

    def apply(self, config: Options, frames: Frames, control: Control) -> None:
        taken: list[np.ndarray] = []
        for split in (name for name in PROTECTED if name in frames.by_split):
            frame = frames.by_split[split]
            keys = row_keys(frame.table, frame.roles, frame.ids(control), control)
            full = ~blank_rows(frame.table, frame.roles, control)
            if config.tested if split == "test" else config.within:
                _keep_first(frame, keys, full, config.labels)
            if config.across:
                _keep_new(frame, keys, full, taken)
            taken.append(keys[frame.keep])


PLUGIN = DropDuplicates()


def labelled_keys(keys: np.ndarray, codes: np.ndarray | None) -> np.ndarray:
    """uint64 [N]: equal where content and label are equal."""
    import numpy as np

    return keys if codes is None else mixed(keys ^ mixed(codes.astype(np.int64).astype(np.uint64), 3), 0)


def _keep_first(frame: Frame, keys: np.ndarray, full: np.ndarray, labels: str) -> None:
    import numpy as np

    rows = np.flatnonzero(frame.keep & full)
    compared = labelled_keys(keys, frame.codes) if labels == "same" else keys
    frame.keep[rows[earlier(compared[rows]) >= 0]] = False


def _keep_new(frame: Frame, keys: np.ndarray, full: np.ndarray, taken: list[np.ndarray]) -> None:
    import numpy as np

    if taken:
        frame.keep &= ~(np.isin(keys, np.concatenate(taken)) & full)

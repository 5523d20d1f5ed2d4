"""Leaves out images that cannot be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field

from tlstudio.core.control import Control
from tlstudio.data.detect.pictures import looked_at
from tlstudio.data.frames import Frame, Frames

if TYPE_CHECKING:
    import numpy as np

PROBLEM = "problem"  # column in which the sources of images say what is wrong with one


class Options(BaseModel):
    """How small an image may be."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    pixels: int = Field(
        0,
        ge=0,
        le=10_000,
        title="Fewest pixels",
        description="Images whose shorter side has fewer pixels are left out as well; 0 keeps small ones.",
    )


class DropBrokenImages:
    """What the source of the images says is believed; other images are looked at once."""

    NAME = "drop-broken-images"
    TITLE = "Leave out broken images"
    SUMMARY = "Leaves out images that cannot be read, and on request those that are tiny."
    LEVEL: Literal["rows"] = "rows"
    Config = Options

    def apply(self, config: Options, frames: Frames, control: Control) -> None:
        for frame in frames.by_split.values():
            if "image" in frame.roles.columns:
                frame.keep &= ~_unfit(frame, config.pixels, control)


PLUGIN = DropBrokenImages()


def _unfit(frame: Frame, pixels: int, control: Control) -> np.ndarray:
    """bool [N]: rows that go."""
    import numpy as np

    found = np.zeros(frame.table.rows, dtype=bool)
    if PROBLEM in frame.table.columns:
        found = flagged(frame, control)
        if not pixels:
            return found
    rows = np.flatnonzero(frame.keep & ~found)
    facts = looked_at(frame.table, frame.roles.one("image"), rows, control)
    found |= facts.broken
    if pixels:
        found[rows] |= facts.sizes[rows].min(1) < pixels
    return found


def flagged(frame: Frame, control: Control) -> np.ndarray:
    """bool [N]: rows of whose image the source says that something is wrong."""
    import numpy as np

    parts = [np.zeros(0, dtype=bool)]
    for batch in frame.table.batches([PROBLEM]):
        control.check()
        parts.append(np.array([bool(value) for value in batch.column(0).to_pylist()], dtype=bool))
    return np.concatenate(parts)

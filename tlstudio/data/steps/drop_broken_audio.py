"""Leaves out recordings that cannot be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field

from tlstudio.core.control import Control
from tlstudio.data.detect.sounds import looked_at
from tlstudio.data.frames import Frame, Frames
from tlstudio.data.steps.drop_broken_images import PROBLEM, flagged

if TYPE_CHECKING:
    import numpy as np


class Options(BaseModel):
    """How short and how quiet a recording may be."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seconds: float = Field(
        0.0,
        ge=0,
        le=3600,
        title="Fewest seconds",
        description="Recordings that are shorter are left out as well; 0 keeps short ones.",
    )
    peak: float = Field(
        0.0,
        ge=0,
        le=1,
        title="Least peak",
        description="Recordings whose loudest sample is below are left out as well (1 is full scale); 0 keeps all.",
    )


class DropBrokenAudio:
    """What the source of the recordings says is believed; others are looked at once."""

    NAME = "drop-broken-audio"
    TITLE = "Leave out broken recordings"
    SUMMARY = "Leaves out recordings that cannot be read, and on request those that are silent or too short."
    LEVEL: Literal["rows"] = "rows"
    Config = Options

    def apply(self, config: Options, frames: Frames, control: Control) -> None:
        for frame in frames.by_split.values():
            if "audio" in frame.roles.columns:
                frame.keep &= ~_unfit(frame, config, control)


PLUGIN = DropBrokenAudio()


def _unfit(frame: Frame, config: Options, control: Control) -> np.ndarray:
    """bool [N]: rows that go."""
    import numpy as np

    told = PROBLEM in frame.table.columns
    found = flagged(frame, control) if told else np.zeros(frame.table.rows, dtype=bool)
    if told and not config.seconds and not config.peak:
        return found
    rows = np.flatnonzero(frame.keep & ~found)
    facts = looked_at(frame.table, frame.roles.one("audio"), rows, control)
    found |= facts.broken
    found[rows] |= (facts.seconds[rows] < config.seconds) | (facts.peaks[rows] < config.peak)
    return found

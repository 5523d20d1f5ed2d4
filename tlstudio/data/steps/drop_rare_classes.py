"""Leaves out classes that are too small to be learnt and tested."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from tlstudio.core.control import Control
from tlstudio.data.detect.labels import counted, renamed
from tlstudio.data.frames import Frames


class Options(BaseModel):
    """How small is too small."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    minimum: int = Field(
        2,
        ge=1,
        le=1_000_000,
        title="Fewest rows",
        description="Classes with fewer rows in the training place are left out, from the other places too.",
    )


class DropRareClasses:
    """Where rows have several labels, a rare label goes and its rows stay with their other labels."""

    NAME = "drop-rare-classes"
    TITLE = "Leave out rare classes"
    SUMMARY = "Leaves out classes that have too few training rows."
    LEVEL: Literal["rows"] = "rows"
    Config = Options

    def apply(self, config: Options, frames: Frames, control: Control) -> None:
        rows = dict(zip(frames.names, frames.counts("train").tolist(), strict=True))
        rare = [label for label, count in counted(rows, frames.separator).items() if count < config.minimum]
        frames.rename(renamed(frames.names, dict.fromkeys(rare), frames.separator))


PLUGIN = DropRareClasses()

"""Gives labels other names, joins several into one, or leaves the rows of a label out."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from tlstudio.core.control import Control
from tlstudio.data.detect.labels import renamed
from tlstudio.data.frames import Frames


class Options(BaseModel):
    """The new names."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    labels: dict[str, str | None] = Field(
        default_factory=dict,
        title="New names",
        description="Old label to new label; two with the same new one are joined, and null drops a label.",
    )


class RenameLabels:
    """Where rows have several labels, each of them is renamed; a row goes when it has none left."""

    NAME = "rename-labels"
    TITLE = "Rename labels"
    SUMMARY = "Renames, joins or drops labels."
    LEVEL: Literal["labels"] = "labels"
    Config = Options

    def apply(self, config: Options, frames: Frames, control: Control) -> None:
        frames.rename(renamed(frames.names, config.labels, frames.separator))


PLUGIN = RenameLabels()

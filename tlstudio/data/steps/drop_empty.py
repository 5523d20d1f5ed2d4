"""Leaves out rows that have nothing to learn from."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from tlstudio.core.control import Control
from tlstudio.data.detect.blank import blank_rows, no_numbers, short_cells
from tlstudio.data.frames import Frames


class Options(BaseModel):
    """How short a text may be."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    letters: int = Field(
        0,
        ge=0,
        le=1000,
        title="Fewest letters",
        description="Texts with fewer letters and figures are left out as well; 0 keeps all that are not empty.",
    )


class DropEmpty:
    """A second text, a question or a context counts as well as the text, and what is no number is no label."""

    NAME = "drop-empty"
    TITLE = "Leave out empty rows"
    SUMMARY = "Leaves out rows without a text or without a label."
    LEVEL: Literal["rows"] = "rows"
    Config = Options

    def apply(self, config: Options, frames: Frames, control: Control) -> None:
        for frame in frames.by_split.values():
            frame.keep &= ~blank_rows(frame.table, frame.roles, control)
            if frame.codes is not None and "labels" not in frame.roles.columns:  # of several labels none may be right
                frame.keep &= frame.codes >= 0
            if "number" in frame.roles.columns:
                frame.keep &= ~no_numbers(frame.table, frame.roles.one("number"), control)
            if config.letters and not frame.of_files:
                frame.keep &= ~short_cells(frame.table, frame.content, config.letters, control)


PLUGIN = DropEmpty()

"""Joins labels that are the same but for their form."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from tlstudio.core.control import Control
from tlstudio.data.detect.labels import counted, look_alikes, renamed
from tlstudio.data.frames import Frames


class Options(BaseModel):
    """There is nothing to choose."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class MergeSimilarLabels:
    """The most frequent form of each label is kept."""

    NAME = "merge-similar-labels"
    TITLE = "Join similar labels"
    SUMMARY = "Joins labels that differ only in case, spaces, hyphens or Unicode form."
    LEVEL: Literal["labels"] = "labels"
    Config = Options

    def apply(self, config: Options, frames: Frames, control: Control) -> None:
        rows = dict(zip(frames.names, frames.counts().tolist(), strict=True))
        same = look_alikes(counted(rows, frames.separator))
        frames.rename(renamed(frames.names, dict(same), frames.separator))


PLUGIN = MergeSimilarLabels()

"""Leaves out rows whose parts do not fit together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict

from tlstudio.core.control import Control
from tlstudio.data.frames import Frame, Frames
from tlstudio.data.rowwise import Rule, rules

if TYPE_CHECKING:
    import numpy as np


class Options(BaseModel):
    """There is nothing to choose: a run refuses all of these rows."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class DropFlawed:
    """By the rules of :mod:`tlstudio.data.rowwise`, which a run goes by as well."""

    NAME = "drop-flawed"
    TITLE = "Leave out flawed rows"
    SUMMARY = "Leaves out rows with answers in the wrong place, impossible boxes, missing tags or broken messages."
    LEVEL: Literal["rows"] = "rows"
    Config = Options

    def apply(self, config: Options, frames: Frames, control: Control) -> None:
        for frame in frames.by_split.values():
            for rule in rules(frame.roles).values():
                frame.keep &= ~_flawed(frame, rule, control)


PLUGIN = DropFlawed()


def _flawed(frame: Frame, rule: Rule, control: Control) -> np.ndarray:
    """bool [N]: rows that a rule is against."""
    import numpy as np

    found = np.zeros(frame.table.rows, dtype=bool)
    first = 0
    for batch in frame.table.batches(rule.columns(frame.roles)):
        control.check()
        found[first : first + batch.num_rows] = [bool(why) for why in rule.reasons(batch)]
        first += batch.num_rows
    return found

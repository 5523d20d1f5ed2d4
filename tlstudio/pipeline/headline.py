"""A task's metric of the answers to some test rows: what the difference of an export means."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from tlstudio.export.parity import Measure
from tlstudio.tasks.base import Encoded, ListRows

_SPLIT = "test"


def of(task: Any, config: Any, encoded: Encoded) -> Measure:
    """Measures answers to the test rows of a task, as its validation does in each epoch."""

    def measure(answers: Sequence[np.ndarray], places: Sequence[int]) -> tuple[str, float] | None:
        part = _part(encoded, places)
        if part is None or not task.GATHERS:
            return None
        found = task.measure(config, part, _SPLIT, list(answers), math.nan)
        names = [name for name in (task.METRIC, task.BEST, *found) if name in found and name != "loss"]
        if not names or not math.isfinite(found[names[0]]):
            return None
        return names[0], float(found[names[0]])

    return measure


def _part(encoded: Encoded, places: Sequence[int]) -> Encoded | None:
    """The rows at some places; None where a row of data is several of the model's, of which only some are asked."""
    rows = encoded.splits[_SPLIT]
    if len(places) == len(encoded.examples(_SPLIT)):
        return encoded
    columns = getattr(rows, "column_names", ())
    windows = "source" in columns and len(set(rows["source"])) < len(rows)
    if windows or len(rows) != len(encoded.examples(_SPLIT)):
        return None
    places = [int(place) for place in places]
    some = rows.select(places) if hasattr(rows, "select") else ListRows([rows[place] for place in places])
    return replace(encoded, splits={**encoded.splits, _SPLIT: some})

"""What a run says of several tasks, read from its results: further tasks, and how much of earlier ones was retained."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tlstudio.metrics.names import about

Metric = Mapping[str, Any]  # value, low, high
_STAMP = re.compile(r"^\d{8}-\d{6}-(?=.)")
_SPAN = 0.2  # of a share, over which the shades go at least


@dataclass(frozen=True)
class TaskLine:
    """A further task of a run. ``alone`` is what the earlier run has reached that learnt it by itself."""

    name: str
    title: str
    path: str
    rows: int | None
    metric: str
    score: Metric
    baseline_title: str
    baseline: Metric
    alone: Metric

    @property
    def difference(self) -> float | None:
        """The score less the one that was reached alone."""
        mine, theirs = _number(self.score.get("value")), _number(self.alone.get("value"))
        return None if mine is None or theirs is None else mine - theirs

    @property
    def verdict(self) -> str:
        """``better`` or ``worse`` than alone; ``even`` where the intervals overlap; empty where that is not known."""
        ends = [_number(metric.get(end)) for metric in (self.score, self.alone) for end in ("low", "high")]
        if self.difference is None or any(end is None for end in ends):
            return ""
        low, high, other_low, other_high = (end or 0.0 for end in ends)
        if low <= other_high and other_low <= high:
            return "even"
        return "better" if (self.difference > 0) != about(self.metric).lower else "worse"


def task_lines(results: Mapping[str, Any]) -> list[TaskLine]:
    """The further tasks of a run, in the order of the recipe."""
    return [_line(entry) for entry in results.get("tasks") or []]


def _line(entry: Mapping[str, Any]) -> TaskLine:
    metric = str(entry.get("headline") or "")
    baseline = entry.get("baseline") or {}
    return TaskLine(
        name=str(entry.get("name") or ""),
        title=str(entry.get("title") or entry.get("task") or ""),
        path=str(entry.get("path") or ""),
        rows=entry.get("rows"),
        metric=metric,
        score=(entry.get("metrics") or {}).get(metric) or {},
        baseline_title=str(baseline.get("title") or baseline.get("name") or ""),
        baseline=(baseline.get("metrics") or {}).get(metric) or {},
        alone=(entry.get("alone") or {}).get(metric) or {},
    )


@dataclass(frozen=True)
class Cell:
    """What is known of a task at a time. ``shade`` is 0 for the worst and 1 for the best; ``own``: it was just learnt.

    ``change`` is what the value differs by from when the task had just been learnt.
    """

    value: float | None
    shade: float = 0.0
    own: bool = False
    change: float | None = None


@dataclass(frozen=True)
class Retention:
    """Tasks learnt one after the other. A row for each time, with a cell for each task.

    Attributes:
        tasks: names in the order of learning.
        runs: the run that taught each, as far as that is known.
        metric: what the values are.
        rows: ``rows[i][j]`` is what was known of task j after task i had been learnt.
        backward: mean change of the earlier tasks until the end (Lopez-Paz & Ranzato, 2017, GEM, eq. 3).
        forward: what earlier tasks bring a task before it is learnt, as accuracy over the pretrained backbone (eq. 4).
        method: against forgetting.
    """

    tasks: tuple[str, ...]
    runs: tuple[str, ...]
    metric: str
    rows: tuple[tuple[Cell, ...], ...]
    backward: float | None
    forward: float | None
    method: str

    @property
    def titles(self) -> tuple[str, ...]:
        """Short names for headings: the number of the task, and its name without the time at which a run began."""
        return tuple(f"{number}. {_STAMP.sub('', name)}" for number, name in enumerate(self.tasks, start=1))


def retention(results: Mapping[str, Any]) -> Retention | None:
    """The retention matrix of a run; None where it has learnt one task only."""
    found = results.get("retention") or {}
    tasks = tuple(str(name) for name in found.get("tasks") or ())
    table = [[_number(value) for value in row] for row in found.get("values") or ()]
    if not tasks or not table or any(len(row) != len(tasks) for row in table):
        return None
    metric = str(found.get("metric") or "")
    runs = tuple(str(run) for run in found.get("runs") or ())
    return Retention(
        tasks, runs, metric, _cells(table, metric), _number(found.get("backward")), _number(found.get("forward")),
        str(found.get("method") or ""),
    )  # fmt: skip


def _cells(table: list[list[float | None]], metric: str) -> tuple[tuple[Cell, ...], ...]:
    shade = _shading([value for row in table for value in row if value is not None], metric)

    def cell(row: int, column: int) -> Cell:
        value = table[row][column]
        learnt = table[column][column] if column < len(table) else None
        if value is None:
            return Cell(None)
        change = value - learnt if row > column and learnt is not None else None
        return Cell(value, shade(value), row == column, change)

    return tuple(tuple(cell(row, column) for column in range(len(table[row]))) for row in range(len(table)))


def _shading(values: list[float], metric: str) -> Callable[[float], float]:
    """From a value to where it lies among all; shares that are close together are not drawn far apart."""
    name = about(metric)
    low, high = min(values, default=0.0), max(values, default=1.0)
    if name.share and name.lower:
        high = max(high, low + _SPAN)
    elif name.share:
        low = min(low, high - _SPAN)
    span = high - low

    def shade(value: float) -> float:
        part = (value - low) / span if span else 1.0
        return 1.0 - part if name.lower and span else part

    return shade


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) and math.isfinite(value) else None

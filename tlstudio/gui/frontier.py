"""The points of a study of trade-offs: read from the worker's answer, their measures, and the Pareto line of two."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import QCoreApplication

from tlstudio.core import plugins
from tlstudio.core.options import describe
from tlstudio.gui import formats, i18n, metric_names, words

translate = QCoreApplication.translate  # under this name lupdate finds the strings
MEASURES = ("score", "size", "latency-1", "latency-16", "memory")
COLUMNS = ("score", "size", "latency-1", "latency-16")  # of the table, which has no room for all
_MEGA = 1e6


@dataclass(frozen=True)
class Point:
    """A form of the model. ``measures`` are of :data:`MEASURES`, sizes in bytes and times in ms, as far as known.

    ``status`` is measured, failed or skipped; ``pareto``: nothing else is as good in score, size and time for 1 row and
    better in one of them, whatever the other measures are; ``within``: the budget is kept.
    """

    key: str
    title: str
    steps: tuple[dict[str, Any], ...] = ()
    status: str = "measured"
    reason: Any = None
    measures: dict[str, float] = field(default_factory=dict)
    slowest: dict[str, float] = field(default_factory=dict)  # 95th percentile in ms, by batch
    agreement: float | None = None
    pareto: bool = False
    within: bool = False

    @property
    def measured(self) -> bool:
        return self.status == "measured"


def read(data: dict[str, Any]) -> Point:
    """A point as the worker writes it."""
    latency = data.get("latency") or {}
    times = {batch: (latency.get(batch) or {}) for batch in ("1", "16")}
    found = {
        "score": formats.metric_value(data.get("score")),
        "size": data.get("bytes"),
        "latency-1": times["1"].get("median_ms"),
        "latency-16": times["16"].get("median_ms"),
        "memory": data.get("memory_bytes"),
    }
    return Point(
        key=str(data.get("key") or ""),
        title=str(data.get("title") or data.get("key") or ""),
        steps=tuple(data.get("steps") or ()),
        status=str(data.get("status") or "measured"),
        reason=data.get("reason"),
        measures={name: float(value) for name, value in found.items() if not formats.missing(value)},
        slowest={batch: time["p95_ms"] for batch, time in times.items() if not formats.missing(time.get("p95_ms"))},
        agreement=data.get("agreement"),
        pareto=bool(data.get("pareto")),
        within=bool(data.get("within_budget")),
    )


def trained(results: dict[str, Any], metric: str) -> Point | None:
    """The trained model of a run, as its results have it; until the study has measured it anew."""
    stages = results.get("stages") or []
    if not stages:
        return None
    first = stages[0]
    return read({**first, "key": "trained", "score": (first.get("metrics") or {}).get(metric)})


def lower_is_better(measure: str, metric: str) -> bool:
    return measure != "score" or metric_names.smaller_is_better(metric)


def title(measure: str, metric: str) -> str:
    """What an axis or a column is called."""
    return {
        "score": metric_names.title(metric),
        "size": translate("frontier", "Size"),
        "latency-1": translate("frontier", "Time for 1 row"),
        "latency-16": translate("frontier", "Time for 16 rows"),
        "memory": translate("frontier", "Memory"),
    }[measure]


def heading(measure: str) -> str:
    """What a column is called: shorter than an axis, for all of them stand side by side."""
    return {
        "score": translate("frontier", "Score"),
        "size": translate("frontier", "Size"),
        "latency-1": translate("frontier", "1 row"),
        "latency-16": translate("frontier", "16 rows"),
    }[measure]


def unit(measure: str) -> str:
    """Of the values of an axis."""
    return {"size": "MB", "memory": "MB", "latency-1": "ms", "latency-16": "ms"}.get(measure, "")


def scaled(measure: str, value: float) -> float:
    """A value in the unit of its axis."""
    return value / _MEGA if measure in ("size", "memory") else value


def shown(measure: str, value: Any, metric: str) -> str:
    """A value with its unit."""
    if measure == "score":
        return metric_names.value(metric, value)
    return formats.size(value) if measure in ("size", "memory") else formats.milliseconds(value)


def compared(measure: str, value: float | None, reference: float | None, metric: str) -> str:
    """A value beside that of the trained model: 4.0 × smaller, 2.1 × faster, −0.4 points."""
    if value is None or reference is None:
        return ""
    if measure == "score":
        return metric_names.difference(metric, value - reference)
    return smaller(reference, value) if measure in ("size", "memory") else faster(reference, value)


def smaller(before: Any, after: Any) -> str:
    """Of two sizes: 4.0 × smaller."""
    return _times(before, after, translate("frontier", "{n} × smaller"), translate("frontier", "{n} × larger"))


def faster(before: Any, after: Any) -> str:
    """Of two times: 2.1 × faster."""
    return _times(before, after, translate("frontier", "{n} × faster"), translate("frontier", "{n} × slower"))


def _times(before: Any, after: Any, less: str, more: str) -> str:
    if formats.missing(before) or formats.missing(after) or before <= 0 or after <= 0:
        return ""
    ratio = before / after
    if f"{ratio:.1f}" == "1.0":
        return translate("frontier", "as before")
    return (less if ratio > 1 else more).format(n=f"{max(ratio, 1 / ratio):.1f}")


def line(points: Iterable[Point], across: str, up: str, metric: str) -> list[tuple[float, float]]:
    """Corners (x, y) of those points that no other one beats in both of two measures, from the best x on."""
    low_x, low_y = lower_is_better(across, metric), lower_is_better(up, metric)
    found = [
        (point.measures[across], point.measures[up])
        for point in points
        if point.measured and across in point.measures and up in point.measures
    ]
    found.sort(key=lambda at: (at[0] if low_x else -at[0], at[1] if low_y else -at[1]))
    best: list[tuple[float, float]] = []
    for at in found:
        if not best or (at[1] < best[-1][1] if low_y else at[1] > best[-1][1]):
            best.append(at)
    return best


def steps(point: Point) -> list[str]:
    """Its steps in words, each with the options that it states."""
    return [_step(step) for step in point.steps]


def brief(point: Point) -> str:
    """Its steps in a line, with the values of the options alone."""
    return " → ".join(_step(step, brief=True) for step in point.steps)


def name(point: Point) -> str:
    """Short: the titles of its steps."""
    known = plugins.find("tlstudio.compression")
    titles = [i18n.engine(known[str(s.get("name"))].TITLE) if s.get("name") in known else str(s.get("name") or "")
              for s in point.steps]  # fmt: skip
    return " → ".join(titles) if titles else i18n.engine(point.title)


def _step(step: dict[str, Any], brief: bool = False) -> str:
    plugin = plugins.find("tlstudio.compression").get(str(step.get("name")))
    if plugin is None:
        return str(step.get("name") or "")
    titles = {option.name: i18n.engine(option.title) for option in describe(plugin.Config)}
    stated = [
        _value(value) if brief and not isinstance(value, bool) else f"{titles.get(key, key)}: {_value(value)}"
        for key, value in step.items()
        if key != "name"
    ]
    text = i18n.engine(plugin.TITLE)
    return f"{text} ({words.clauses(stated)})" if stated else text


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return translate("fields", "on") if value else translate("fields", "off")
    if isinstance(value, (int, float)):
        return formats.compact(value)
    return words.choice(value) if isinstance(value, str) else str(value)


def verdict(point: Point) -> str:
    """How a point stands, in words."""
    if not point.measured:
        return translate("frontier", "failed") if point.status == "failed" else translate("frontier", "skipped")
    said_of = []
    if point.within:
        said_of.append(translate("frontier", "within the budget"))
    if point.pareto:
        said_of.append(translate("frontier", "not beaten"))
    return words.listing(said_of) if said_of else translate("frontier", "beaten by another one")


def brief_verdict(point: Point) -> str:
    """How a point stands, in a word or two."""
    if point.measured and point.within:
        return translate("frontier", "within budget")
    if point.measured and not point.pareto:
        return translate("frontier", "beaten")
    return verdict(point)


def reason(point: Point) -> str:
    """Why a point was not measured."""
    if isinstance(point.reason, dict):
        return i18n.both(point.reason)
    return str(point.reason or "")


def place_of(points: Sequence[Point], key: str) -> int:
    """Index of the point with a key, -1 if there is none."""
    return next((place for place, point in enumerate(points) if point.key == key), -1)

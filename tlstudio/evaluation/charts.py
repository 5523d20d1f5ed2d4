"""Geometry of the report's drawings: numbers and strings only, so that the template escapes every label."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

Point = tuple[float, float]

_WIDTH, _HEIGHT = 460.0, 250.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 52.0, 12.0, 12.0, 40.0
_MOST_POINTS = 400  # of a line: more are not seen on 400 pixels


@dataclass(frozen=True)
class Series:
    """A line. ``style`` is a CSS class of the template; ``dots`` marks each point."""

    name: str
    style: str
    points: Sequence[Point]
    dots: bool = False


def line_chart(
    title: str, x_label: str, series: Sequence[Series], mark: float | None = None, share: bool = False
) -> dict[str, Any] | None:
    """Lines over a common x axis that begins at 0; None if there is nothing to draw.

    Args:
        title: what is drawn.
        x_label: below the axis.
        series: the lines; points that are not finite are left out.
        mark: x of a vertical line (the best epoch).
        share: the values are shares, so the y axis ends at 1.
    """
    lines = [(item, _thin([point for point in item.points if all(map(math.isfinite, point))])) for item in series]
    lines = [(item, points) for item, points in lines if points]
    if not lines:
        return None
    xs = [x for _, points in lines for x, _ in points]
    ys = [y for _, points in lines for _, y in points]
    x_ticks = ticks(0, max(xs))
    y_ticks = ticks(min(ys), 1.0 if share else max(ys))
    frame = _Frame(x_ticks, y_ticks)
    return {
        **frame.axes(title, x_label),
        "mark": frame.x(mark) if mark is not None else None,
        "lines": [
            {
                "name": item.name,
                "style": item.style,
                "path": " ".join(f"{frame.x(x)},{frame.y(y)}" for x, y in points),
                "dots": [
                    {"x": frame.x(x), "y": frame.y(y), "text": f"{item.name}: {y:.4g} ({x_label.lower()} {x:.3g})"}
                    for x, y in points
                    if item.dots
                ],
            }
            for item, points in lines
        ],
    }


def reliability(bins: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """Bars of accuracy over confidence; on the diagonal a confidence is what it says. None without rows."""
    filled = [entry for entry in bins if entry["count"]]
    if not filled:
        return None
    frame = _Frame([0.0, 0.25, 0.5, 0.75, 1.0], [0.0, 0.25, 0.5, 0.75, 1.0])
    most = max(entry["count"] for entry in filled)
    bars = [
        {
            "x": frame.x(entry["low"]),
            "y": frame.y(entry["accuracy"]),
            "width": round(frame.x(entry["high"]) - frame.x(entry["low"]) - 1, 2),
            "height": round(frame.y(0) - frame.y(entry["accuracy"]), 2),
            # the fewer rows, the paler: a bar of three rows says little
            "opacity": round(0.25 + 0.75 * math.sqrt(entry["count"] / most), 2),
            "text": f"confidence {entry['confidence']:.3f}, accuracy {entry['accuracy']:.3f}, {entry['count']} rows",
        }
        for entry in filled
    ]
    diagonal = {"x1": frame.x(0), "y1": frame.y(0), "x2": frame.x(1), "y2": frame.y(1)}
    return {**frame.axes("Reliability: accuracy over confidence", "Confidence"), "bars": bars, "diagonal": diagonal}


def ticks(low: float, high: float, wanted: int = 5) -> list[float]:
    """Round numbers that cover [low, high], evenly spaced."""
    if high <= low:
        high, low = low + (abs(low) or 1.0) / 2, low - (abs(low) or 1.0) / 2 if low else 0.0
    rough = (high - low) / wanted
    power = 10 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(index * step, 12) for index in range(first, last + 1)]


class _Frame:
    """Maps values to pixels of the drawing."""

    def __init__(self, x_ticks: list[float], y_ticks: list[float]) -> None:
        self._x_ticks, self._y_ticks = x_ticks, y_ticks

    def x(self, value: float) -> float:
        low, high = self._x_ticks[0], self._x_ticks[-1]
        return round(_LEFT + (value - low) / (high - low) * (_WIDTH - _LEFT - _RIGHT), 2)

    def y(self, value: float) -> float:
        low, high = self._y_ticks[0], self._y_ticks[-1]
        return round(_HEIGHT - _BOTTOM - (value - low) / (high - low) * (_HEIGHT - _TOP - _BOTTOM), 2)

    def axes(self, title: str, x_label: str) -> dict[str, Any]:
        return {
            "title": title,
            "x_label": x_label,
            "width": _WIDTH,
            "height": _HEIGHT,
            "left": _LEFT,
            "right": _WIDTH - _RIGHT,
            "top": _TOP,
            "bottom": _HEIGHT - _BOTTOM,
            "x_ticks": [{"at": self.x(value), "text": f"{value:g}"} for value in self._x_ticks],
            "y_ticks": [{"at": self.y(value), "text": f"{value:g}"} for value in self._y_ticks],
        }


def _thin(points: Sequence[Point]) -> list[Point]:
    """At most 400 points: means of neighbours, in order of x."""
    ordered = sorted(points)
    size = math.ceil(len(ordered) / _MOST_POINTS)
    if size <= 1:
        return ordered
    groups = [ordered[start : start + size] for start in range(0, len(ordered), size)]
    return [(sum(x for x, _ in group) / len(group), sum(y for _, y in group) / len(group)) for group in groups]

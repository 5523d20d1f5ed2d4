"""Metrics as the window shows them: titles, what they say, values. Their names are in ``tlstudio.metrics.names``."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QCoreApplication

from tlstudio.gui import formats, i18n
from tlstudio.metrics.names import METRICS, about

translate = QCoreApplication.translate  # under this name lupdate finds the strings
_APART = 1e6  # between the scores of two metrics
DEFAULT = "accuracy"  # the headline of runs that were made before there was a choice


def headline(results: dict[str, Any] | None) -> str:
    """Name of the main metric of a run's results."""
    return str((results or {}).get("headline") or DEFAULT)


def title(name: str) -> str:
    return i18n.engine(about(name).title)


def explanation(name: str) -> str:
    return i18n.engine(about(name).help)


def is_share(name: str) -> bool:
    """Whether the values lie between 0 and 1 and are shown in per cent."""
    return about(name).share


def smaller_is_better(name: str) -> bool:
    return about(name).lower


def better(name: str, value: float, other: float) -> bool:
    """Whether ``value`` is better than ``other``."""
    return value < other if smaller_is_better(name) else value > other


def value(name: str, number: Any) -> str:
    """A value without its interval: 94.0 %, or 12.345."""
    return formats.percent(number) if is_share(name) else formats.number(number)


def interval(name: str, measured: Any) -> str:
    """A measured value with its 95 % interval."""
    return formats.interval(measured, is_share(name))


def difference(name: str, delta: Any) -> str:
    """A difference with its sign: in points for a share, else as a plain number."""
    if formats.missing(delta):
        return formats.NONE
    if is_share(name):
        return translate("metrics", "{points} points").format(points=formats.points(delta))
    return formats.signed(delta)


def place(name: str) -> int:
    """Where a metric stands in the list of all, so that tables and menus have one order."""
    return list(METRICS).index(name) if name in METRICS else len(METRICS)


def order(name: str, number: float | None) -> float | None:
    """What scores are sorted by: those of one metric together, from the worst to the best; None has no score."""
    if formats.missing(number) or number is None:
        return None
    upwards = -number if smaller_is_better(name) else number
    return -place(name) * _APART + min(max(upwards, -_APART / 2), _APART / 2)

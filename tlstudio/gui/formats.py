"""Numbers as people read them. A value that is not there is shown as a dash."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from PySide6.QtCore import QCoreApplication, QLocale

from tlstudio.core import busy

NONE = "–"


def missing(value: Any) -> bool:
    return not isinstance(value, (int, float)) or not math.isfinite(value)


def percent(value: Any, digits: int = 1) -> str:
    """0.976 → 97.6 %."""
    return NONE if missing(value) else f"{value * 100:.{digits}f} %"


def decimal(value: Any, digits: int = 3) -> str:
    return NONE if missing(value) else f"{value:.{digits}f}"


def number(value: Any) -> str:
    """A measured number of any size with what of it counts: 0.412, 34.57, 120.5."""
    if missing(value):
        return NONE
    digits = 3 if abs(value) < 10 else 2 if abs(value) < 100 else 1
    return f"{value:,.{digits}f}"


def signed(value: Any) -> str:
    """A difference with its sign: +0.120, −1.50."""
    if missing(value):
        return NONE
    text = number(abs(value))
    return f"{'−' if value < 0 else '+'}{text}"


def compact(value: Any, digits: int = 4) -> str:
    """A few significant digits, small numbers with an exponent: 3.000e-05 → 3e-05."""
    return NONE if missing(value) else f"{value:.{digits}g}"


def count(value: Any) -> str:
    """1234 → 1,234, by the language of the window."""
    return NONE if missing(value) else QLocale().toString(round(value))


def size(value: Any) -> str:
    """Bytes in decimal units, as file managers and download pages count them."""
    if missing(value):
        return NONE
    number, units = float(value), ["B", "kB", "MB", "GB", "TB"]
    while number >= 1000 and len(units) > 1:
        number /= 1000
        units.pop(0)
    return f"{number:.0f} B" if units[0] == "B" else f"{number:.1f} {units[0]}"


def parameters(value: Any) -> str:
    """22713216 → 22.7 M"""
    if missing(value):
        return NONE
    for limit, unit in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if value >= limit:
            return f"{value / limit:.3g}{unit}"
    return f"{value:.0f}"


def milliseconds(value: Any) -> str:
    return NONE if missing(value) else f"{value:.1f} ms"


def duration(seconds: Any) -> str:
    """Seconds as two units at most: 42 s, 4 min 05 s, 2 h 03 min."""
    if missing(seconds):
        return NONE
    whole = max(round(seconds), 0)
    if whole < 60:
        return QCoreApplication.translate("formats", "{s} s").format(s=whole)
    if whole < 3600:
        return QCoreApplication.translate("formats", "{m} min {s:02d} s").format(m=whole // 60, s=whole % 60)
    return QCoreApplication.translate("formats", "{h} h {m:02d} min").format(h=whole // 3600, m=whole % 3600 // 60)


def roughly(seconds: Any) -> str:
    """A time that is only guessed, so that it does not jump about: 20 s, 2 min, 1 h."""
    if missing(seconds):
        return NONE
    if seconds < 55:
        return QCoreApplication.translate("formats", "{s} s").format(s=max(5 * math.ceil(seconds / 5), 5))
    if seconds < 3570:
        return QCoreApplication.translate("formats", "{m} min").format(m=max(round(seconds / 60), 1))
    return QCoreApplication.translate("formats", "{h} h").format(h=round(seconds / 3600))


def interval(value: Any, as_percent: bool = True) -> str:
    """A measured value with its 95 % interval: 97.6 % (97.0–98.2)."""
    if not isinstance(value, dict) or missing(value.get("value")):
        return NONE
    text = percent(value["value"]) if as_percent else number(value["value"])
    if missing(value.get("low")) or missing(value.get("high")):
        return text
    low, high = (f"{value[end] * 100:.1f}" if as_percent else number(value[end]) for end in ("low", "high"))
    return f"{text} ({low}–{high})" if not low.startswith("-") else f"{text} ({low} … {high})"


def points(difference: Any, digits: int = 1) -> str:
    """A difference of two shares in percentage points, with its sign: −0.4."""
    if missing(difference):
        return NONE
    rounded = round(difference * 100, digits) + 0.0
    return f"{rounded:+.{digits}f}".replace("-", "−")


def metric_value(value: Any) -> Any:
    """The plain number of an interval."""
    return value.get("value") if isinstance(value, dict) else value


def when(iso: str) -> str:
    """2026-11-05T10:00:00+00:00 → 2026-11-05 10:00: sorts as it reads."""
    return iso.replace("T", " ")[:16]


def doubt(latencies: Iterable[Mapping[str, Any] | None]) -> str:
    """What is to be thought of times that were taken while other programs worked; empty if they hardly did."""
    share = busy.noticeable(latencies)
    if share is None:
        return ""
    text = QCoreApplication.translate(
        "formats",
        "Other programs used {share} of the processor while times were taken; they may be too long.",
    )
    return text.format(share=percent(share, 0))


def overlap(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two 95 % intervals share a value; False where an end is not known."""
    low, high, other_low, other_high = (item.get(end) for item in (one, other) for end in ("low", "high"))
    if any(missing(end) for end in (low, high, other_low, other_high)):
        return False
    return bool(low <= other_high and other_low <= high)  # type: ignore[operator]

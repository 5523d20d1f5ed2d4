"""Numbers as English text, alike in the report, the model card and the command line. None becomes a dash."""

from __future__ import annotations

from collections.abc import Mapping

DASH = "–"


def count(number: float | None) -> str:
    """5485 → 5,485"""
    return DASH if number is None else f"{number:,.0f}"


def score(value: float | None, digits: int = 3) -> str:
    """0.97625 → 0.976"""
    return DASH if value is None else f"{value:.{digits}f}"


def interval(metric: Mapping[str, float | None] | None, digits: int = 3) -> str:
    """A metric with its 95 % interval: 0.976 (0.969–0.982)."""
    if not metric or metric.get("value") is None:
        return DASH
    low, high = metric.get("low"), metric.get("high")
    text = score(metric["value"], digits)
    return text if low is None or high is None else f"{text} ({low:.{digits}f}–{high:.{digits}f})"


def percent(share: float | None, digits: int = 1) -> str:
    """0.0312 → 3.1 %"""
    return DASH if share is None else f"{share * 100:.{digits}f} %"


def size(number: float | None) -> str:
    """Bytes in decimal units, as disks and the hub count: 90868376 → 90.9 MB"""
    if number is None:
        return DASH
    value, unit = float(number), "B"
    for unit in ("B", "kB", "MB", "GB"):
        if abs(value) < 1000 or unit == "GB":
            break
        value /= 1000
    return f"{value:.0f} {unit}" if unit == "B" or value >= 100 else f"{value:.1f} {unit}"


def milliseconds(value: float | None) -> str:
    """17.53 → 17.5 ms"""
    if value is None:
        return DASH
    return f"{value:.0f} ms" if value >= 100 else f"{value:.1f} ms" if value >= 1 else f"{value:.2f} ms"


def duration(seconds: float | None) -> str:
    """4.2 → 4.2 s, 270 → 4 min 30 s, 7500 → 2 h 5 min"""
    if seconds is None:
        return DASH
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"

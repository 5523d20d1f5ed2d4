"""How much of the processor other programs used while something was timed: what they take is missing from the rest."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any

import psutil

NOTICEABLE = 0.15  # share of the processor from which times are doubtful


class Others:
    """``share`` of the processor (0 to 1) that other processes than this one have used since it was made."""

    def __init__(self) -> None:
        self._process = psutil.Process()
        self._before = self._now()

    @property
    def share(self) -> float:
        begin, busy, own = self._before
        now, busy_now, own_now = self._now()
        capacity = (now - begin) * (psutil.cpu_count() or 1)
        used = (busy_now - busy) - (own_now - own)
        return min(max(used / capacity, 0.0), 1.0) if capacity > 0 else 0.0

    def _now(self) -> tuple[float, float, float]:
        """Seconds: of the clock, of all processes on all cores, and of this process."""
        whole, own = psutil.cpu_times(), self._process.cpu_times()
        idle = whole.idle + getattr(whole, "iowait", 0.0)
        guests = getattr(whole, "guest", 0.0) + getattr(whole, "guest_nice", 0.0)  # Linux counts them twice
        return time.monotonic(), sum(whole) - idle - guests, own.user + own.system


def noticeable(latencies: Iterable[Mapping[str, Any] | None]) -> float | None:
    """The largest share that others used while some latencies (as in results) were taken, if it was noticeable."""
    shares = [entry.get("busy") or 0.0 for found in latencies for entry in (found or {}).values()]
    most = max(shares, default=0.0)
    return most if most >= NOTICEABLE else None


def told(share: float) -> str:
    """A sentence on it."""
    return (f"Other programs used {share:.0%} of the processor while times were taken; they may be too long. "
            "Measure again when the machine is quiet.")  # fmt: skip

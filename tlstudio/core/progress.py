"""Progress with remaining time, for any loop of known length."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

from tlstudio.core.control import Control
from tlstudio.core.events import Emit, Event, Progress

T = TypeVar("T")
_INTERVAL = 0.1  # seconds: more than ten a second floods a pipe and an event loop for nothing


class Meter:
    """Counts work and emits :class:`Progress` at most ten times a second (and at the end).

    The remaining time assumes the mean rate so far; a pause does not count.
    """

    def __init__(self, emit: Emit, control: Control, stage: str, total: float, unit: str = "") -> None:
        self._emit, self._control = emit, control
        self.stage, self.total, self.unit = stage, total, unit
        self.done = 0.0
        self._before = 0.0  # of it, before this meter began
        self._begin = time.monotonic()
        self._paused_before = control.paused_seconds
        self._last = 0.0

    @property
    def seconds(self) -> float:
        """Working seconds so far."""
        return time.monotonic() - self._begin - (self._control.paused_seconds - self._paused_before)

    def advance(self, amount: float = 1, **detail: object) -> None:
        """Adds finished work.

        Raises:
            Cancelled: the user has cancelled.
        """
        self._control.check()
        self.done += amount
        now = time.monotonic()
        if now - self._last < _INTERVAL and self.done < self.total:
            return
        self._last = now
        own = self.done - self._before
        left = self.seconds / own * max(self.total - self.done, 0) if own > 0 else None
        self._emit(
            Progress(
                stage=self.stage,
                done=self.done,
                total=self.total,
                unit=self.unit,
                seconds_left=left,
                detail=dict(detail),
            )
        )

    def skip(self, amount: float) -> None:
        """Counts work that was done before, which says nothing about the rate."""
        self._before += amount
        self.done += amount

    def over(self, items: Iterable[T]) -> Iterator[T]:
        """Yields ``items``, one unit of work each."""
        for item in items:
            yield item
            self.advance()


def only_progress(emit: Emit) -> Emit:
    """An ``emit`` that tells how far work is that has been done, and told of, before."""

    def tell(event: Event) -> None:
        if isinstance(event, Progress):
            emit(event)

    return tell


def silent(_event: object) -> None:
    """An ``emit`` that tells nobody."""

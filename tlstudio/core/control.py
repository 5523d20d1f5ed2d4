"""Pause, stop and cancel: set from another thread or a signal, read at every batch of every long loop."""

from __future__ import annotations

import time
from collections.abc import Callable

from tlstudio.core.errors import Cancelled

_NAP = 0.05  # seconds between two looks while paused


class Control:
    """The user's wishes for one run.

    *Pause* holds the loop, *stop* ends training and keeps the best weights, *cancel* ends everything, *leave* ends
    everything as well but keeps what is needed to resume.

    The wishes are plain flags and no events of threading: a signal handler sets them, and would wait forever for a
    lock that the thread holds which it has interrupted.
    """

    def __init__(self) -> None:
        self.paused = self.stopping = self.cancelled = self.leaving = False
        self.interruptible = False  # set where work may be broken off between any two steps
        self.paused_seconds = 0.0
        self._cancel_hooks: list[Callable[[Control], None]] = []

    def pause(self) -> None:
        self.paused = True

    def resume(self) -> None:
        self.paused = False

    def stop(self) -> None:
        self.stopping = True
        self.paused = False

    def cancel(self) -> None:
        self.cancelled = True
        self.paused = False
        for hook in self._cancel_hooks:
            hook(self)

    def leave(self) -> None:
        """Cancel; but the run can be resumed later."""
        self.leaving = True
        self.cancel()

    def on_cancel(self, hook: Callable[[Control], None]) -> None:
        """Calls ``hook(self)`` at each cancel, in the thread that cancels."""
        self._cancel_hooks.append(hook)

    def check(self) -> None:
        """Waits while paused.

        Raises:
            Cancelled: the user has cancelled.
        """
        if self.paused:
            since = time.monotonic()
            while self.paused:
                time.sleep(_NAP)
            self.paused_seconds += time.monotonic() - since
        if self.cancelled:
            raise Cancelled

    def send(self, word: str) -> bool:
        """Obeys a control word from a pipe or a file; returns False for an unknown one."""
        action = {
            "pause": self.pause,
            "resume": self.resume,
            "stop": self.stop,
            "cancel": self.cancel,
            "leave": self.leave,
        }.get(word)
        if action is None:
            return False
        action()
        return True

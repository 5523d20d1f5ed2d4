"""Pause, stop and cancel: set from another thread, read at every batch of every long loop."""

from __future__ import annotations

import threading
import time

from tlstudio.core.errors import Cancelled


class Control:
    """The user's wishes for one run.

    *Pause* holds the loop, *stop* ends training and keeps the best weights, *cancel* ends everything.
    """

    def __init__(self) -> None:
        self._running = threading.Event()
        self._running.set()
        self._stop = threading.Event()
        self._cancel = threading.Event()
        self.interruptible = False  # set where work may be broken off between any two steps
        self.paused_seconds = 0.0

    def pause(self) -> None:
        self._running.clear()

    def resume(self) -> None:
        self._running.set()

    def stop(self) -> None:
        self._stop.set()
        self._running.set()

    def cancel(self) -> None:
        self._cancel.set()
        self._running.set()

    @property
    def paused(self) -> bool:
        return not self._running.is_set()

    @property
    def stopping(self) -> bool:
        return self._stop.is_set()

    @property
    def cancelled(self) -> bool:
        return self._cancel.is_set()

    def check(self) -> None:
        """Waits while paused.

        Raises:
            Cancelled: the user has cancelled.
        """
        if self.paused:
            since = time.monotonic()
            self._running.wait()
            self.paused_seconds += time.monotonic() - since
        if self.cancelled:
            raise Cancelled

    def send(self, word: str) -> bool:
        """Obeys a control word from a pipe; returns False for an unknown one."""
        action = {"pause": self.pause, "resume": self.resume, "stop": self.stop, "cancel": self.cancel}.get(word)
        if action is None:
            return False
        action()
        return True

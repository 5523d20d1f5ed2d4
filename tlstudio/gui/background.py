"""Short work on files that must not hold the window: one after another in one thread, results in the window's."""

from __future__ import annotations

import queue
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QThread, Signal

from tlstudio.core.errors import StudioError


class _Thread(QThread):
    done = Signal(int, object, object)  # number, result, StudioError or None

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.work: queue.SimpleQueue[tuple[int, Callable[[], Any]] | None] = queue.SimpleQueue()

    def run(self) -> None:
        while (item := self.work.get()) is not None:
            number, function = item
            try:
                self.done.emit(number, function(), None)
            except StudioError as error:
                self.done.emit(number, None, error)


class Background(QObject):
    """``run(function, on_result, on_error)``: ``function`` works in the thread, the callbacks come back here."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thread = _Thread(self)
        self._thread.done.connect(self._on_done)
        self._open: dict[int, tuple[Callable[[Any], None], Callable[[StudioError], None]]] = {}
        self._count = 0

    def run(
        self, function: Callable[[], Any], on_result: Callable[[Any], None], on_error: Callable[[StudioError], None]
    ) -> None:
        if not self._thread.isRunning():
            self._thread.start()
        self._count += 1
        self._open[self._count] = (on_result, on_error)
        self._thread.work.put((self._count, function))

    def close(self, milliseconds: int = 10000) -> bool:
        self._open.clear()
        self._thread.work.put(None)
        return self._thread.wait(milliseconds)

    def _on_done(self, number: int, result: Any, error: StudioError | None) -> None:
        on_result, on_error = self._open.pop(number, (None, None))
        if error is not None and on_error is not None:
            on_error(error)
        elif error is None and on_result is not None:
            on_result(result)

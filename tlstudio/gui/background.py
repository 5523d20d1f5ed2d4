"""Short work on files that must not hold the window; results come back in the window's thread.

:class:`Background` does everything that it is given, one after the other; :class:`Latest` only the newest wish.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QThread, Signal

from tlstudio.core.errors import StudioError
from tlstudio.core.files import os_error


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


class Latest(QObject):
    """Runs functions for a widget, in a thread that ends when there is nothing more to do.

    ``done(key, result)`` and ``failed(key, StudioError dict)`` come in the window's thread. A wish that is
    replaced before it was begun is dropped; the caller tells late answers by their key.
    """

    done = Signal(object, object)
    failed = Signal(object, dict)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lock = threading.Lock()
        self._next: tuple[Any, Callable[[], Any]] | None = None
        self._thread: threading.Thread | None = None

    def start(self, key: Any, work: Callable[[], Any]) -> None:
        with self._lock:
            self._next = (key, work)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="tlstudio-background", daemon=True)
                self._thread.start()

    @property
    def busy(self) -> bool:
        return self._thread is not None

    def _run(self) -> None:
        while True:
            with self._lock:
                if self._next is None:
                    self._thread = None
                    return
                (key, work), self._next = self._next, None
            self._work(key, work)

    def _work(self, key: Any, work: Callable[[], Any]) -> None:
        with contextlib.suppress(RuntimeError):  # the window has gone meanwhile, and this object with it
            try:
                result = work()
            except StudioError as error:
                self.failed.emit(key, error.to_dict())
            except OSError as error:
                self.failed.emit(key, os_error(error, str(key)).to_dict())
            else:
                self.done.emit(key, result)

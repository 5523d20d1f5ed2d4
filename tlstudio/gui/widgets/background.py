"""Reads files off the window's thread, one after the other; only the newest wish is answered."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Signal

from tlstudio.core.errors import StudioError
from tlstudio.core.files import os_error


class Background(QObject):
    """Runs functions in a thread that ends when there is nothing more to do.

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

"""Control words for a run that has no pipe to its window any more: a file in its folder, which the run looks at.

The last word wins. It is written whole or not at all, and taken away as soon as it was heard.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from pathlib import Path

from tlstudio.core.control import Control
from tlstudio.core.files import write_text

FILE = "control"
_POLL = 0.2  # seconds between two looks
_BEAT = 100  # looks between two signs of life
_PATIENCE = 2.0  # seconds that the end waits for a look at a drive that stalls


def send(folder: Path, word: str) -> None:
    """Tells the run in ``folder``: pause, resume, stop, cancel or leave.

    Raises:
        StudioError: the folder cannot be written to.
    """
    write_text(folder / FILE, word + "\n")


class Wishes:
    """Looks at the file, in a thread of its own, from :meth:`start` to :meth:`close`."""

    def __init__(self, folder: Path, control: Control, beat: Callable[[], None]) -> None:
        self._file, self._control, self._beat = folder / FILE, control, beat
        self._end = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        with contextlib.suppress(OSError):
            self._file.unlink(missing_ok=True)  # meant for somebody before us
        self._thread = threading.Thread(target=self._look, name="wishes", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._end.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(_PATIENCE)

    def _look(self) -> None:
        looks = 0
        while not self._end.wait(_POLL):
            looks += 1
            if looks % _BEAT == 0:
                self._beat()
            with contextlib.suppress(OSError):
                word = self._file.read_text(encoding="utf-8").strip()
                self._file.unlink()
                self._control.send(word)

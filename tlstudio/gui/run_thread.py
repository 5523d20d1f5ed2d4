"""One training run from start to end, in a thread of its own."""

from __future__ import annotations

import threading
from collections import deque
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QThread, Signal

from tlstudio.core.errors import StudioError
from tlstudio.session.history import RunHistory
from tlstudio.session.runners import TERMINAL, Runner

_KEPT = 5000  # lines that wait for the window; metrics and progress are in the history and need no place here


class RunThread(QThread):
    """``run()`` owns the runner from start to end; the window drains what it says at 10 Hz.

    Signals stand on the thread object, slots elsewhere: a slot here would run in the creating thread.
    """

    started_run = Signal()
    ended = Signal(object)

    def __init__(self, runner: Runner, job: str, args: dict[str, Any], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.history = RunHistory()
        self.job, self.args = job, args
        self._runner = runner
        self._lines: deque[dict[str, Any]] = deque(maxlen=_KEPT)
        self._lock = threading.Lock()

    def run(self) -> None:
        """Carries the job; whatever happens, ``ended`` comes exactly once and the runner is closed."""
        last: dict[str, Any] = {}
        try:
            if self.job == "resume":
                self._recall()
            self._runner.start(self.job, self.args)
            self.started_run.emit()
            for line in self._runner.lines():
                last = line
                self._take(line)
        except StudioError as error:
            last = {"event": "finished", "outcome": "failed", "seconds": 0.0, "error": error.to_dict()}
            self._take(last)
        finally:
            self._runner.close()
            self.ended.emit(last if last.get("event") in TERMINAL else _vanished())

    def send(self, word: str) -> None:
        """pause, resume, stop or cancel; from any thread."""
        self._runner.send(word)

    def kill(self) -> None:
        """Ends the worker at once, where a stop is not answered; ``ended`` follows."""
        self._runner.kill()

    def drain(self) -> list[dict[str, Any]]:
        """The lines since the last call, without metrics and progress."""
        with self._lock:
            lines = list(self._lines)
            self._lines.clear()
        return lines

    def _recall(self) -> None:
        """The curves of a run that goes on begin with what it has said before."""
        path = Path(self.args["folder"]) / "events.jsonl"
        if path.is_file():
            self.history.read(path)

    def _take(self, line: dict[str, Any]) -> None:
        self.history.append(line)
        if line.get("event") not in ("metric", "progress"):
            with self._lock:
                self._lines.append(line)


def _vanished() -> dict[str, Any]:
    error = StudioError("worker.crashed", "The worker stopped unexpectedly.", "Start again.")
    return {"event": "finished", "outcome": "failed", "seconds": 0.0, "error": error.to_dict()}

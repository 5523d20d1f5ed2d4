"""The run that is going on: its thread, its state, and the 10 Hz drain that keeps the window fluent."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from tlstudio.core.errors import StudioError
from tlstudio.core.recipe import Recipe
from tlstudio.gui.run_thread import RunThread
from tlstudio.session.attached import AttachedRunner
from tlstudio.session.history import RunHistory
from tlstudio.session.runners import Runner

_DRAIN = 100  # ms

ACTIVE = ("starting", "running", "paused", "stopping")
AFTERWARDS = ("export", "compress", "frontier-choose")  # jobs that change a finished run


class RunSession(QObject):
    """States: idle, starting, running, paused, stopping, finished, failed."""

    state_changed = Signal(str)
    drained = Signal(object)  # lines since the last time, without metrics and progress
    ended = Signal(object)  # the terminal line

    def __init__(self, make: Callable[[], Runner], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._make = make
        self._thread: RunThread | None = None
        self._spare: Runner | None = None
        self._last: dict[str, Any] | None = None
        self._closing = self._attached = False
        self.state = "idle"
        self.job = self.title = ""
        self.folder: Path | None = None
        self.recipe: Recipe | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(_DRAIN)
        self._timer.timeout.connect(self.drain)

    @property
    def active(self) -> bool:
        return self._thread is not None

    @property
    def closing(self) -> bool:
        """Whether the window is closing, so that nothing more may be begun."""
        return self._closing

    @property
    def history(self) -> RunHistory | None:
        return self._thread.history if self._thread else None

    def prepare(self) -> None:
        """Warms a worker up while the user still reads, so that the run starts at once."""
        if self._spare is not None or self.active or self._closing:
            return
        runner = self._make()
        try:
            if (start := getattr(runner, "start_worker", None)) is not None:
                start()
        except StudioError:
            return  # the run itself will fail with the same error and show it
        self._spare = runner

    def start(
        self, job: str, args: dict[str, Any], folder: Path, recipe: Recipe | None = None, title: str = ""
    ) -> None:
        """Begins a run (or an export) in a thread of its own; ``title`` says what it is where there are several.

        Raises:
            RuntimeError: a run is going on.
        """
        if self.active:
            raise RuntimeError("a run is going on")
        runner, self._spare = self._spare or self._make(), None
        self._carry(runner, job, args, folder, recipe, title)

    def attach(self, folder: Path, recipe: Recipe | None = None, title: str = "") -> None:
        """Follows a run that another process carries, as if it were ours; it outlives us.

        Raises:
            RuntimeError: a run is going on.
        """
        if self.active:
            raise RuntimeError("a run is going on")
        self._carry(AttachedRunner(), "attach", {"folder": str(folder)}, folder, recipe, title)

    def _carry(
        self, runner: Runner, job: str, args: dict[str, Any], folder: Path, recipe: Recipe | None, title: str
    ) -> None:
        self._attached = job == "attach"
        self.job = "run" if job in ("resume", "attach") else job  # for everybody else it is a run like any other
        self.folder, self.recipe, self.title, self._last = folder, recipe, title, None
        self._thread = RunThread(runner, job, args, self)
        self._thread.started_run.connect(self._on_started)
        self._thread.ended.connect(self._on_ended)
        self._thread.finished.connect(self._on_thread_finished)
        self._set("starting")
        self._timer.start()
        self._thread.start()

    def send(self, word: str) -> None:
        """pause, resume, stop, cancel or leave; or detach, after which the run goes on without us."""
        if self._thread is None or self.state == "idle":
            return
        self._thread.send(word)
        self._set({"pause": "paused", "resume": "running"}.get(word, "stopping"))

    def kill(self) -> None:
        """Ends the worker at once, where stop and cancel are not answered."""
        if self._thread is not None:
            self._thread.kill()
            self._set("stopping")

    def drain(self) -> None:
        if self._thread is not None:
            self.drained.emit(self._thread.drain())

    def expect_close(self) -> None:
        """The window is closing: no further worker is warmed up."""
        self._closing = True

    def close(self, milliseconds: int = 20000) -> bool:
        """Cancels what is going on and waits; a run that is only followed is let go. True when nothing is left."""
        self.expect_close()
        if self._spare is not None:
            self._spare.close()
            self._spare = None
        thread = self._thread
        if thread is None:
            return True
        thread.send("detach" if self._attached else "cancel")
        if not thread.wait(3000):
            thread.kill()
        ended = thread.wait(milliseconds)
        self._timer.stop()
        return ended

    def _on_started(self) -> None:
        if self.state == "starting":
            self._set("running")

    def _on_ended(self, line: dict[str, Any]) -> None:
        self._last = line

    def _on_thread_finished(self) -> None:
        """Only now is the thread's work over, so only now may another begin or the window close."""
        if self._thread is None:
            return
        self._timer.stop()
        self.drain()
        self._thread.deleteLater()
        self._thread = None
        line = self._last or {}
        self._set("failed" if line.get("outcome") == "failed" or line.get("event") == "error" else "finished")
        self.ended.emit(line)

    def _set(self, state: str) -> None:
        if state != self.state:
            self.state = state
            self.state_changed.emit(state)

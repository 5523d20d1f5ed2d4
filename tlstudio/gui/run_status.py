"""The run in the status bar, ten times a second."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject

from tlstudio.core.events import Progress
from tlstudio.gui import words
from tlstudio.gui.context import Context
from tlstudio.gui.main_window import MainWindow
from tlstudio.gui.presenters.outcome import outcome


class RunStatus(QObject):
    def __init__(self, context: Context, window: MainWindow) -> None:
        super().__init__(window)
        self._session, self._status = context.session, window.status
        self._status.asked.connect(self._session.send)
        self._session.state_changed.connect(self._on_state)
        self._session.drained.connect(self._on_drained)
        self._session.ended.connect(self._on_ended)
        self._on_state(self._session.state)

    def _on_state(self, state: str) -> None:
        self._status.set_run(self._session.active, state == "paused", state == "stopping")
        if state == "starting":
            self._status.set_progress(self.tr("Starting the worker…"), None, None)

    def _on_drained(self, _lines: list[Any]) -> None:
        history = self._session.history
        if history is None or history.progress is None:
            return
        progress = history.progress
        share = progress.run_fraction
        if share is None and progress.total:
            share = progress.done / progress.total
        left = progress.run_seconds_left if progress.run_seconds_left is not None else progress.seconds_left
        self._status.set_progress(self._text(progress), share, left)

    def _text(self, progress: Progress) -> str:
        if self._session.state == "paused":
            return self.tr("Paused")
        if self._session.state == "stopping":
            return self.tr("Stopping after this batch…")
        parts = [*filter(None, [self._session.title]), words.stage(progress.stage)]
        latest = self._session.history.latest("train") if self._session.history else None
        if progress.stage == "train" and latest is not None:
            parts.append(self.tr("epoch {n}").format(n=f"{latest.epoch:.2f}"))
        if progress.total and progress.stage not in words.UNCOUNTED:
            parts.append(words.progress(progress.done, progress.total, progress.unit))
        return "  ·  ".join(part for part in parts if part)

    def _on_ended(self, line: dict[str, Any]) -> None:
        self._status.set_run(False)
        self._status.say(outcome(line))

"""Work that takes a while, in a thread of its own, with progress, cancel, and a dialog that shows both."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from tlstudio.core.control import Control
from tlstudio.core.errors import Cancelled, StudioError
from tlstudio.core.events import Emit, Event, Log, Progress
from tlstudio.core.files import os_error
from tlstudio.gui import i18n, words
from tlstudio.gui.widgets.common import button, label

Task = Callable[[Emit, Control], Any]


class Work(QObject):
    """One piece of work. Exactly one of ``done``, ``failed`` and ``cancelled`` comes, in the window's thread."""

    progress = Signal(float, float, str)  # done, total, unit
    said = Signal(dict)  # a Log event
    done = Signal(object)
    failed = Signal(object)  # StudioError
    cancelled = Signal()

    def __init__(self, task: Task, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._task = task
        self.control = Control()
        self._thread = threading.Thread(target=self._run, name="tlstudio-work", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def cancel(self) -> None:
        self.control.cancel()

    def wait(self, seconds: float = 10.0) -> bool:
        """Whether the thread has ended in that time."""
        if self._thread.is_alive():
            self._thread.join(seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            result = self._task(self._emit, self.control)
        except StudioError as error:
            self.failed.emit(error)
        except Cancelled:
            self.cancelled.emit()
        except OSError as error:
            self.failed.emit(os_error(error, ""))
        else:
            self.done.emit(result)

    def _emit(self, event: Event) -> None:
        if isinstance(event, Progress):
            self.progress.emit(float(event.done), float(event.total), event.unit)
        elif isinstance(event, Log):
            self.said.emit(event.to_dict())


class WorkDialog(QDialog):
    """Shows a piece of work until it has ended; closing it cancels.

    ``ended(result)`` comes with None where it failed or was cancelled; ``problem(StudioError)`` before that.
    """

    ended = Signal(object)
    problem = Signal(object)

    def __init__(self, title: str, task: Task, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setMinimumWidth(440)
        self.title = label(title, "title", wrap=True, parent=self)
        self.detail = label("", "muted", wrap=True, parent=self)
        self.bar = QProgressBar(self)
        self.bar.setRange(0, 0)
        self.bar.setAccessibleName(title)
        self.cancel_button = button(self.tr("Cancel"), "cancel", parent=self)
        self.cancel_button.clicked.connect(self.cancel)
        line = QHBoxLayout()
        line.addStretch(1)
        line.addWidget(self.cancel_button)
        layout = QVBoxLayout(self)
        for part in (self.title, self.bar, self.detail):
            layout.addWidget(part)
        layout.addLayout(line)
        self.notes: list[str] = []  # what was said that is worth reading
        self._over = False
        self.work = Work(task, self)
        self.work.progress.connect(self._on_progress)
        self.work.said.connect(self._on_said)
        self.work.done.connect(self._finish)
        self.work.failed.connect(self._on_failed)
        self.work.cancelled.connect(self._on_cancelled)

    def begin(self) -> WorkDialog:
        """Shows the dialog and starts; returns at once."""
        self.work.start()
        self.open()
        return self

    def cancel(self) -> None:
        self.cancel_button.setEnabled(False)
        self.detail.setText(self.tr("Cancelling…"))
        self.work.cancel()

    def reject(self) -> None:
        if self._over:
            super().reject()
        else:
            self.cancel()

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self._over:
            event.ignore()
            self.cancel()

    def _on_progress(self, done: float, total: float, unit: str) -> None:
        self.bar.setRange(0, 1000)
        self.bar.setValue(round(1000 * done / total) if total else 0)
        if self.cancel_button.isEnabled():
            self.detail.setText(words.progress(done, total, unit))

    def _on_said(self, event: dict[str, Any]) -> None:
        self.notes.append(i18n.message(event))

    def _on_failed(self, error: StudioError) -> None:
        self.problem.emit(error)
        self._finish(None)

    def _on_cancelled(self) -> None:
        self._finish(None)

    def _finish(self, result: Any) -> None:
        self._over = True
        self.work.wait()
        self.accept()
        self.ended.emit(result)
        self.deleteLater()

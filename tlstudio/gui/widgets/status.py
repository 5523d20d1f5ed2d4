"""The status bar: processor and memory each second, what the run is doing, its progress and its buttons."""

from __future__ import annotations

import psutil
from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QStatusBar, QToolButton, QWidget

from tlstudio.gui import formats, theme
from tlstudio.gui.widgets.common import label

_SCALE = 1000


class Status(QStatusBar):
    """``asked(word)``: pause, resume, stop or cancel."""

    asked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizeGripEnabled(False)
        self.setMinimumHeight(36)
        self._paused = False
        self.resources = label("", "muted", parent=self)
        self.resources.setToolTip(self.tr("Load of the processor and memory in use on this computer"))
        self.resources.setContentsMargins(8, 0, 12, 0)
        self.doing = label("", parent=self)
        self.addWidget(self.resources)
        self.addWidget(self.doing, 1)
        self.addPermanentWidget(self._make_run())
        self._timer = QTimer(self)
        self._timer.setInterval(1000)
        self._timer.timeout.connect(self.measure)
        self._timer.start()
        self.measure()
        self.set_run(False)

    def _make_run(self) -> QWidget:
        self._run = QWidget(self)
        row = QHBoxLayout(self._run)
        row.setContentsMargins(0, 2, 8, 2)
        row.setSpacing(4)
        self.left = label("", "muted", parent=self._run)
        self.bar = QProgressBar(self._run)
        self.bar.setRange(0, _SCALE)
        self.bar.setFixedWidth(200)
        self.bar.setAccessibleName(self.tr("Progress of the run"))
        row.addWidget(self.left)
        row.addSpacing(6)
        row.addWidget(self.bar)
        row.addSpacing(6)
        self.pause = self._button("pause", self.tr("Pause"), "pause")
        self.stop = self._button("stop", self.tr("Stop and keep the best"), "stop")
        self.cancel = self._button("cancel", self.tr("Cancel and discard"), "cancel")
        for item in (self.pause, self.stop, self.cancel):
            row.addWidget(item)
        return self._run

    def _button(self, icon: str, text: str, word: str) -> QToolButton:
        result = QToolButton(self._run)
        result.setToolTip(text)
        result.setAccessibleName(text)
        result.setProperty("word", word)
        theme.set_icon(result, icon)
        result.clicked.connect(self._ask)
        return result

    def set_run(self, running: bool, paused: bool = False, stopping: bool = False) -> None:
        """Shows the run's part of the bar, with the buttons that are possible now."""
        self._run.setVisible(running)
        self._paused = paused
        self.pause.setEnabled(not stopping)
        self.stop.setEnabled(not stopping)
        text = self.tr("Resume") if paused else self.tr("Pause")
        theme.set_icon(self.pause, "play" if paused else "pause")
        self.pause.setToolTip(text)
        self.pause.setAccessibleName(text)
        if not running:
            self.bar.setValue(0)
            self.left.clear()

    def set_progress(self, text: str, fraction: float | None, seconds_left: float | None) -> None:
        """``fraction`` of the whole run in [0, 1]; None is shown as a busy bar."""
        self.doing.setText(text)
        self.bar.setRange(0, 0 if fraction is None else _SCALE)
        if fraction is not None:
            self.bar.setValue(round(fraction * _SCALE))
        self.left.setText(
            "" if seconds_left is None else self.tr("{time} left").format(time=formats.duration(seconds_left))
        )

    def say(self, text: str) -> None:
        """A line that stays until the next one."""
        self.doing.setText(text)
        self.doing.setToolTip(text)

    def measure(self) -> None:
        memory = psutil.virtual_memory()
        used = (memory.total - memory.available) / 1e9
        text = self.tr("CPU {cpu} %   RAM {used} / {total} GB")
        self.resources.setText(
            text.format(cpu=f"{psutil.cpu_percent():.0f}", used=f"{used:.1f}", total=f"{memory.total / 1e9:.0f}")
        )

    def _ask(self) -> None:
        word = self.sender().property("word")
        self.asked.emit("resume" if word == "pause" and self._paused else word)

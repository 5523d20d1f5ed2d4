"""One line about a study that is going on: what, how far, how long still; stop and keep, or cancel."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QWidget

from tlstudio.gui.widgets.common import button, label


class StudyLine(QWidget):
    """Hidden while nothing goes on."""

    stop_asked = Signal()
    cancel_asked = Signal()

    def __init__(self, title: str, stop_help: str, cancel_help: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.text = label("", "muted", parent=self)
        self.bar = QProgressBar(self)
        self.bar.setAccessibleName(title)
        self.left = label("", "muted", parent=self)
        self.stop = button(self.tr("Stop"), "stop", help=stop_help, parent=self)
        self.stop.clicked.connect(self.stop_asked)
        self.cancel = button(self.tr("Cancel"), "cancel", "quiet", cancel_help, parent=self)
        self.cancel.clicked.connect(self.cancel_asked)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(8)
        line.addWidget(self.text)
        line.addWidget(self.bar, 1)
        for widget in (self.left, self.stop, self.cancel):
            line.addWidget(widget)
        self.hide()

    def set_progress(self, text: str, fraction: float | None, left: str, stopping: bool = False) -> None:
        """``fraction`` None: nobody knows how far it is."""
        self.text.setText(text)
        self.left.setText(left)
        self.bar.setRange(0, 0 if fraction is None else 1000)
        if fraction is not None:
            self.bar.setValue(round(fraction * 1000))
        self.stop.setEnabled(not stopping)
        self.show()

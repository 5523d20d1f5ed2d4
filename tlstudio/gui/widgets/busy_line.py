"""One line about work that is going on: what, how far, how long still, and Cancel; or that it was cancelled."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QWidget

from tlstudio.gui.widgets.common import button, label


class BusyLine(QWidget):
    """Hidden while there is nothing to say. ``again_requested`` after a cancel."""

    cancelled = Signal()
    again_requested = Signal()

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.text = label("", "muted", parent=self)
        self.bar = QProgressBar(self)
        self.bar.setAccessibleName(title)
        self.left = label("", "muted", parent=self)
        self.stop = button(self.tr("Cancel"), "cancel", "quiet", parent=self)
        self.stop.clicked.connect(self.cancelled)
        self.again = button(self.tr("Read again"), "refresh", "primary", parent=self)
        self.again.clicked.connect(self.again_requested)
        line = QHBoxLayout(self)
        line.setContentsMargins(4, 0, 4, 0)
        line.setSpacing(8)
        line.addWidget(self.text)
        line.addWidget(self.bar, 1)
        for widget in (self.left, self.stop, self.again):
            line.addWidget(widget)
        self._blank = QWidget(self)
        line.addWidget(self._blank, 1)
        self.hide()

    def set_busy(self, text: str, fraction: float | None = None, left: str = "") -> None:
        """``fraction`` None: nobody knows how far it is."""
        self._show(busy=True)
        self.text.setText(text)
        self.left.setText(left)
        self.bar.setRange(0, 0 if fraction is None else 1000)
        if fraction is not None:
            self.bar.setValue(round(fraction * 1000))

    def set_stopped(self, text: str) -> None:
        self._show(busy=False)
        self.text.setText(text)

    def _show(self, busy: bool) -> None:
        for widget in (self.bar, self.left, self.stop):
            widget.setVisible(busy)
        self.again.setVisible(not busy)
        self._blank.setVisible(not busy)
        self.show()

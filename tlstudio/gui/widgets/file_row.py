"""A chosen file: its name, a button to choose another, and one to give it up."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from tlstudio.gui import theme
from tlstudio.gui.widgets.common import button


class ElidedLabel(QLabel):
    """A path that is cut in the middle where room is short; the whole is its tooltip."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._full = ""
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def set_full(self, text: str, tip: str = "") -> None:
        self._full = text
        self.setToolTip(tip or text)
        self.setAccessibleName(text)
        self._cut()

    @property
    def full(self) -> str:
        return self._full

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._cut()
        super().resizeEvent(event)

    def _cut(self) -> None:
        self.setText(self.fontMetrics().elidedText(self._full, Qt.TextElideMode.ElideMiddle, max(self.width(), 40)))


class FileRow(QWidget):
    """``choose_requested`` and ``clear_requested``; the path is set from outside."""

    choose_requested = Signal()
    clear_requested = Signal()

    def __init__(self, title: str, optional: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._optional = optional
        self.name = ElidedLabel(self)
        self.choose = button(self.tr("Choose…"), parent=self)
        self.choose.setAccessibleName(self.tr("Choose: {title}").format(title=title))
        self.choose.clicked.connect(self.choose_requested)
        self.clear = button("", "cancel", "quiet", self.tr("Give up this file"), self)
        self.clear.setAccessibleName(self.tr("Give up: {title}").format(title=title))
        self.clear.clicked.connect(self.clear_requested)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self.name, 1)
        layout.addWidget(self.clear)
        layout.addWidget(self.choose)
        self.set_path("")

    def set_path(self, path: str) -> None:
        place = Path(path)
        shown = f"{place.name}   {place.parent}" if path else ""
        nothing = self.tr("optional: taken from the labelled file") if self._optional else self.tr("none")
        self.name.set_full(shown or nothing, path)
        theme.set_role(self.name, "" if path else "muted")
        self.clear.setVisible(bool(path) and self._optional)

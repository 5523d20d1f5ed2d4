"""Type a text and see what the model says."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QPlainTextEdit, QVBoxLayout, QWidget

from tlstudio.gui import formats, theme
from tlstudio.gui.widgets.common import Card, button, label, row
from tlstudio.gui.widgets.result_charts import ProbabilityBars


class TryBox(QWidget):
    """``asked(text)`` on the button or Ctrl+Enter."""

    asked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.input = QPlainTextEdit()
        self.input.setAccessibleName(self.tr("Text to try the model on"))
        self.input.setPlaceholderText(self.tr("Type or paste a text of your own"))
        self.input.setTabChangesFocus(True)
        self.input.setMinimumHeight(80)
        self.input.setMaximumHeight(110)
        self.button = button(self.tr("Try it"), "play", "primary", self.tr("Ctrl+Enter"))
        self.button.setEnabled(False)
        self.input.textChanged.connect(self._typed)
        self.button.clicked.connect(self._ask)
        QShortcut(QKeySequence("Ctrl+Return"), self, self._ask, context=Qt.ShortcutContext.WidgetWithChildrenShortcut)
        self.answer = label("", "heading", wrap=True)
        self.bars = ProbabilityBars()
        self.message = label(self.tr("The answer and its probabilities will stand here."), "muted", wrap=True)
        card = Card()
        for widget in (self.answer, self.bars, self.message):
            card.body.addWidget(widget)
        self.answer.hide()
        self.bars.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 12, 0, 0)
        layout.setSpacing(10)
        layout.addWidget(self.input)
        layout.addLayout(row(self.button))
        layout.addWidget(card)
        layout.addStretch(1)

    def reset(self) -> None:
        self._waiting(False)
        self._say(self.tr("The answer and its probabilities will stand here."), "muted")

    def set_reply(self, reply: list[dict[str, Any]] | None, error: str | None) -> None:
        """Shows the first answer, or why there is none."""
        self._waiting(False)
        if error or not reply:
            self._say(error or self.tr("The model gave no answer."), "error")
            return
        probabilities = reply[0].get("probabilities") or {}
        name = str(reply[0].get("label", ""))
        self.answer.setText(f"{name} · {formats.percent(probabilities.get(name))}")
        self.bars.set_probabilities(probabilities)
        for widget, on in ((self.answer, True), (self.bars, True), (self.message, False)):
            widget.setVisible(on)

    def _say(self, text: str, role: str) -> None:
        self.message.setText(text)
        theme.set_role(self.message, role)
        for widget, on in ((self.answer, False), (self.bars, False), (self.message, True)):
            widget.setVisible(on)

    @Slot()
    def _typed(self) -> None:
        self.button.setEnabled(bool(self.input.toPlainText().strip()))

    @Slot()
    def _ask(self) -> None:
        text = self.input.toPlainText().strip()
        if not text or not self.button.isEnabled():
            return
        self._waiting(True)
        self._say(self.tr("Asking the model…"), "muted")
        self.asked.emit(text)

    def _waiting(self, on: bool) -> None:
        self.button.setEnabled(not on and bool(self.input.toPlainText().strip()))

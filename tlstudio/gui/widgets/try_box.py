"""Give the model something of one's own and see what it says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QBoxLayout, QVBoxLayout, QWidget

from tlstudio.gui import theme
from tlstudio.gui.widgets.answer_view import AnswerView
from tlstudio.gui.widgets.common import Card, button, clear, label, row
from tlstudio.gui.widgets.try_inputs import Input, make

_FILES = ("image", "audio")
_WIDE = 900  # pixels from which on question and answer stand side by side


class TryBox(QWidget):
    """``asked({role: value})`` on the button or Ctrl+Enter."""

    asked = Signal(dict)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.inputs: dict[str, Input] = {}
        self._asked: dict[str, str] = {}
        self._optional: frozenset[str] = frozenset()
        self._busy = False
        self._fields = QVBoxLayout()
        self._fields.setSpacing(8)
        self.button = button(self.tr("Try it"), "play", "primary", self.tr("Ctrl+Enter"))
        self.button.clicked.connect(self._ask)
        QShortcut(QKeySequence("Ctrl+Return"), self, self._ask, context=Qt.ShortcutContext.WidgetWithChildrenShortcut)
        self.answer = AnswerView()
        self.message = label("", "muted", wrap=True)
        card = Card()
        card.body.addWidget(self.answer)
        card.body.addWidget(self.message)
        card.body.addStretch(1)
        self._left = QVBoxLayout()
        self._left.setSpacing(10)
        self._left.addLayout(self._fields)
        self._left.addLayout(row(self.button))
        self._left.addStretch()
        self._halves = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._halves.setSpacing(12)
        self._halves.addLayout(self._left)
        self._halves.addWidget(card)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 12, 0, 0)
        self._layout.addLayout(self._halves)
        self._layout.addStretch(1)
        self.set_asks(("text",))

    def set_asks(self, asks: Sequence[str], hint: str = "", optional: Sequence[str] = ()) -> None:
        """The roles that the task asks for (``optional`` ones may stay empty); the same ones keep what was given."""
        if list(asks) != list(self.inputs):
            clear(self._fields)
            self.inputs = {role: make(role, self) for role in asks}
            for field in self.inputs.values():
                field.changed.connect(self._typed)
                self._fields.addWidget(field)
            self._arrange()
        self._optional = frozenset(optional)
        for role, field in self.inputs.items():
            if role in self._optional:
                field.set_hint(self.tr("Optional: leave it empty to ask about the first alone"))
            elif hint:
                field.set_hint(hint)
        self.reset()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        """The answer stands beside what was asked where there is room; pictures also take the height that there is."""
        picture = any(role in _FILES for role in self.inputs)
        beside = picture or self.width() >= _WIDE
        direction = QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom
        self._halves.setDirection(direction)
        for half in (0, 1):
            self._halves.setStretch(half, 1 if beside else 0)
        for field in self.inputs.values():
            field.set_roomy(beside)
        self._layout.setStretch(0, 1 if picture else 0)
        self._layout.setStretch(1, 0 if picture else 1)
        self._left.setStretch(0, 1 if picture else 0)

    def reset(self) -> None:
        self._waiting(False)
        self._say(self.tr("The model's answer will stand here."), "muted")

    def set_reply(self, reply: list[dict[str, Any]] | None, error: str | None) -> None:
        """Shows the first answer, or why there is none."""
        self._waiting(False)
        if error or not reply:
            self._say(error or self.tr("The model gave no answer."), "error")
            return
        self.answer.set_answer(reply[0], self._asked)
        self.answer.setVisible(True)
        self.message.setVisible(False)

    def _say(self, text: str, role: str) -> None:
        self.message.setText(text)
        theme.set_role(self.message, role)
        self.answer.setVisible(False)
        self.message.setVisible(True)

    def _values(self) -> dict[str, str]:
        """What was given; an optional role that stayed empty is left out."""
        values = {role: field.value() for role, field in self.inputs.items()}
        return {role: value for role, value in values.items() if value or role not in self._optional}

    def _ready(self) -> bool:
        return not self._busy and all(self._values().values())

    @Slot()
    def _typed(self) -> None:
        self.button.setEnabled(self._ready())

    @Slot()
    def _ask(self) -> None:
        if not self._ready():
            return
        self._asked = self._values()
        self._waiting(True)
        self._say(self.tr("Asking the model…"), "muted")
        self.asked.emit(self._asked)

    def _waiting(self, on: bool) -> None:
        self._busy = on
        self.button.setEnabled(self._ready())

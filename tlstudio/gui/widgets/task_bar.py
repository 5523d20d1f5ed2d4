"""What the model is to learn: the choice of the task, and a line that offers the one that the data is made for."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QWidget

from tlstudio.gui import theme
from tlstudio.gui.forms import ChoiceBox
from tlstudio.gui.i18n import engine
from tlstudio.gui.widgets.common import Sign, button, label

_WIDTH = 245  # pixels: the longest usual title


class TaskChoice(QWidget):
    """``chosen(name)`` on the user's choice only."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.box = ChoiceBox(self)
        self.box.setAccessibleName(self.tr("Task"))
        self.box.setMinimumWidth(_WIDTH)
        self.box.activated.connect(self._choose)
        caption = QLabel(self.tr("&Task:"), self)
        caption.setBuddy(self.box)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(caption)
        layout.addWidget(self.box)

    def set_tasks(self, tasks: Sequence[tuple[str, str, str]]) -> None:
        """(name, title, summary) of each; titles and summaries are engine texts."""
        with QSignalBlocker(self.box):
            self.box.clear()
            for name, title, summary in tasks:
                self.box.addItem(engine(title), name)
                self.box.setItemData(self.box.count() - 1, engine(summary), Qt.ItemDataRole.ToolTipRole)

    def set_task(self, name: str) -> None:
        """Shows the recipe's task; emits nothing."""
        with QSignalBlocker(self.box):
            self.box.setCurrentIndex(self.box.findData(name))
        help = self.box.currentData(Qt.ItemDataRole.ToolTipRole) or ""
        self.box.setToolTip(help)
        self.box.setAccessibleDescription(help)

    def _choose(self, index: int) -> None:
        self.chosen.emit(self.box.itemData(index))


class TaskOffer(QFrame):
    """A task that fits the data better, or what was chosen by itself; ``taken(name)`` when the user wants it."""

    taken = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        theme.set_role(self, "card")
        self._name = ""
        self._sign = Sign("info", "accent", 18, self)
        self.text = label("", wrap=True, parent=self)
        self.button = button("", parent=self)
        self.button.clicked.connect(self._take)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 6, 8, 6)
        layout.setSpacing(10)
        layout.addWidget(self._sign)
        layout.addWidget(self.text, 1)
        layout.addWidget(self.button)
        self.hide()

    def offer(self, text: str, name: str = "", action: str = "") -> None:
        """Shows a line, with a button where ``name`` is the task to take; an empty text hides it."""
        self._name = name
        self.text.setText(text)
        self.button.setText(action)
        self.button.setAccessibleName(action)
        self.button.setVisible(bool(name))
        self.setVisible(bool(text))

    def _take(self) -> None:
        self.taken.emit(self._name)

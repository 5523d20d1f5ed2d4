"""Chosen plug-ins in their order, each a card with its options; more are added from a menu."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QToolButton, QVBoxLayout, QWidget

from tlstudio.core.options import Option
from tlstudio.gui import theme
from tlstudio.gui.forms import Form
from tlstudio.gui.i18n import engine
from tlstudio.gui.widgets.common import Card, button, clear, label


@dataclass(frozen=True)
class Choice:
    """A chosen plug-in as it is shown; title and summary are engine texts."""

    name: str
    title: str
    summary: str
    options: tuple[Option, ...]
    values: dict[str, Any]


class ChoiceCards(QWidget):
    """Signals: what the user wants. Setters: what is known.

    Args:
        add: text of the button that adds one.
        numbered: whether the order matters to the user.
    """

    add_requested = Signal(str)
    remove_requested = Signal(int)
    move_requested = Signal(int, int)
    option_changed = Signal(int, str, object)

    def __init__(self, add: str, numbered: bool = True, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._numbered = numbered
        self._forms: list[tuple[str, Form | None]] = []
        self.add_button = button(add, "add", parent=self)
        self.add_menu = QMenu(self.add_button)
        self.add_menu.setToolTipsVisible(True)
        self.add_button.setMenu(self.add_menu)
        self.unfit = label("", "caption", wrap=True, parent=self)
        self.unfit.hide()
        self._cards = QVBoxLayout(self)
        self._cards.setContentsMargins(0, 0, 0, 0)
        self._cards.setSpacing(12)

    def set_available(self, offered: list[tuple[str, str, str]], unfit: str = "") -> None:
        """(name, title, summary) of those that can be added; ``unfit`` says which cannot, and why."""
        self.unfit.setText(unfit)
        self.unfit.setVisible(bool(unfit))
        self.add_menu.clear()
        for name, title, summary in offered:
            action = QAction(engine(title), self.add_menu)
            action.setToolTip(engine(summary))
            action.setData(name)
            action.triggered.connect(self._on_add)
            self.add_menu.addAction(action)
        self.add_button.setEnabled(bool(offered))

    def set_choices(self, choices: list[Choice]) -> None:
        """Those in use, in order; emits nothing. The same ones keep their forms, and so the focus."""
        self.setVisible(bool(choices))
        if [choice.name for choice in choices] == [name for name, _ in self._forms]:
            for choice, (_, form) in zip(choices, self._forms, strict=True):
                if form is not None:
                    form.set_values(choice.values)
            return
        self._forms.clear()
        clear(self._cards)
        for index, choice in enumerate(choices):
            self._cards.addWidget(self._card(index, choice, len(choices)))

    def add_first(self) -> None:
        """Wishes for the first of those that can be added."""
        if actions := self.add_menu.actions():
            self.add_requested.emit(actions[0].data())

    # --- inside

    def _card(self, index: int, choice: Choice, total: int) -> Card:
        title = engine(choice.title)
        card = Card(f"{index + 1}. {title}" if self._numbered else title, self)
        tools = [("remove", self.tr("Remove {title}").format(title=title), True, self._on_remove)]
        if self._numbered:
            tools = [
                ("up", self.tr("Earlier"), index > 0, self._on_up),
                ("down", self.tr("Later"), index < total - 1, self._on_down),
                *tools,
            ]
        for icon, text, enabled, slot in tools:
            tool = QToolButton(card)
            theme.set_icon(tool, icon)
            tool.setToolTip(text)
            tool.setAccessibleName(text)
            tool.setEnabled(enabled)
            tool.setProperty("index", index)
            tool.clicked.connect(slot)
            card.header.addWidget(tool)
        card.body.addWidget(label(engine(choice.summary), "muted", wrap=True, parent=card))
        form: Form | None = None
        if choice.options:
            form = Form(choice.options, card, captions=True)
            form.set_values(choice.values)
            form.setProperty("index", index)
            form.changed.connect(self._on_option)
            card.body.addWidget(form)
        self._forms.append((choice.name, form))
        return card

    def _index(self) -> int:
        return int(self.sender().property("index"))

    def _on_add(self) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            self.add_requested.emit(action.data())

    def _on_up(self) -> None:
        self.move_requested.emit(self._index(), -1)

    def _on_down(self) -> None:
        self.move_requested.emit(self._index(), 1)

    def _on_remove(self) -> None:
        self.remove_requested.emit(self._index())

    def _on_option(self, name: str, value: object) -> None:
        self.option_changed.emit(self._index(), name, value)

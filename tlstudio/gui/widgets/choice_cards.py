"""Chosen plug-ins in their order, each a card with its options; more are added from a menu."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QLabel, QMenu, QToolButton, QVBoxLayout, QWidget

from tlstudio.core.options import Option
from tlstudio.gui import theme
from tlstudio.gui.forms import Form
from tlstudio.gui.i18n import engine
from tlstudio.gui.widgets.common import Card, button, clear, label


@dataclass(frozen=True)
class Choice:
    """A chosen plug-in as it is shown; title and summary are engine texts, note and problem are translated."""

    name: str
    title: str
    summary: str
    options: tuple[Option, ...]
    values: dict[str, Any]
    note: str = ""
    problem: str = ""


class ChoiceCards(QWidget):
    """Signals: what the user wants. Setters: what is known.

    Args:
        add: text of the button that adds one.
        numbered: whether the order matters to the user.
        repeats: whether one may be chosen several times.
    """

    add_requested = Signal(str)
    remove_requested = Signal(int)
    move_requested = Signal(int, int)
    duplicate_requested = Signal(int)
    option_changed = Signal(int, str, object)

    def __init__(self, add: str, numbered: bool = True, repeats: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._numbered, self._repeats = numbered, repeats
        self._forms: list[tuple[str, Form | None]] = []
        self._told: list[tuple[QLabel, QLabel]] = []  # the note and the problem of each card
        self._tools: list[dict[str, QToolButton]] = []
        self._focus: tuple[int, str] | None = None  # where the keyboard is to go on after the cards are made anew
        self.add_button = button(add, "add", parent=self)
        self.usual = ""  # what most people begin with
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
            self._tell(choices)
            self._go_on()
            return
        for known in (self._forms, self._told, self._tools):
            known.clear()
        clear(self._cards)
        for index, choice in enumerate(choices):
            self._cards.addWidget(self._card(index, choice, len(choices)))
        self._tell(choices)
        self._go_on()

    def add_first(self) -> None:
        """Wishes for the usual one, or else the first of those that can be added."""
        names = [action.data() for action in self.add_menu.actions()]
        if names:
            self.add_requested.emit(self.usual if self.usual in names else names[0])

    # --- inside

    def _card(self, index: int, choice: Choice, total: int) -> Card:
        title = engine(choice.title)
        card = Card(f"{index + 1}. {title}" if self._numbered else title, self)
        tools = [("remove", self.tr("Remove {title}").format(title=title), True, self._on_remove)]
        if self._repeats:
            tools.insert(0, ("copy", self.tr("Duplicate {title}").format(title=title), True, self._on_duplicate))
        if self._numbered:
            tools = [
                ("up", self.tr("Earlier"), index > 0, self._on_up),
                ("down", self.tr("Later"), index < total - 1, self._on_down),
                *tools,
            ]
        made: dict[str, QToolButton] = {}
        for icon, text, enabled, slot in tools:
            tool = QToolButton(card)
            theme.set_icon(tool, icon)
            tool.setToolTip(text)
            tool.setAccessibleName(text)
            tool.setEnabled(enabled)
            tool.setProperty("index", index)
            tool.clicked.connect(slot)
            card.header.addWidget(tool)
            made[icon] = tool
        self._tools.append(made)
        card.body.addWidget(label(engine(choice.summary), "muted", wrap=True, parent=card))
        note, problem = label("", "caption", wrap=True, parent=card), label("", "warn", wrap=True, parent=card)
        self._told.append((note, problem))
        for part in (note, problem):
            card.body.addWidget(part)
        form: Form | None = None
        if choice.options:
            form = Form(choice.options, card, captions=True)
            form.set_values(choice.values)
            form.setProperty("index", index)
            form.changed.connect(self._on_option)
            card.body.addWidget(form)
        self._forms.append((choice.name, form))
        return card

    def _tell(self, choices: list[Choice]) -> None:
        """What is said of each card by itself and by its place."""
        for choice, (note, problem) in zip(choices, self._told, strict=True):
            note.setText(choice.note)
            note.setVisible(bool(choice.note))
            problem.setText(f"⚠ {choice.problem}" if choice.problem else "")
            problem.setVisible(bool(choice.problem))

    def _go_on(self) -> None:
        """The keyboard stays with the card that was moved, or goes to the next where one was removed."""
        if self._focus is None:
            return
        (index, name), self._focus = self._focus, None
        if not self._tools:
            self.add_button.setFocus()
            return
        tools = self._tools[min(max(index, 0), len(self._tools) - 1)]
        wanted = tools.get(name, tools["remove"])
        (wanted if wanted.isEnabled() else next(tool for tool in tools.values() if tool.isEnabled())).setFocus()

    def _index(self) -> int:
        return int(self.sender().property("index"))

    def _on_add(self) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            self.add_requested.emit(action.data())

    def _on_up(self) -> None:
        index = self._index()
        self._focus = (index - 1, "up")
        self.move_requested.emit(index, -1)

    def _on_down(self) -> None:
        index = self._index()
        self._focus = (index + 1, "down")
        self.move_requested.emit(index, 1)

    def _on_remove(self) -> None:
        index = self._index()
        self._focus = (index, "remove")
        self.remove_requested.emit(index)

    def _on_duplicate(self) -> None:
        index = self._index()
        self._focus = (index + 1, "copy")
        self.duplicate_requested.emit(index)

    def _on_option(self, name: str, value: object) -> None:
        self.option_changed.emit(self._index(), name, value)

"""What is done to the rows before they are learnt from, in order: each step can be set, moved and taken away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QMenu, QToolButton, QVBoxLayout, QWidget

from tlstudio.core.options import Option
from tlstudio.gui import formats, i18n, theme
from tlstudio.gui.forms import Form
from tlstudio.gui.i18n import engine
from tlstudio.gui.widgets.common import Card, button, clear, label


@dataclass(frozen=True)
class ShownStep:
    """A data step; title and summary are engine texts. ``dropped``: rows that it took away, where that is known."""

    name: str
    title: str
    summary: str = ""
    detail: str = ""
    dropped: int | None = None
    options: tuple[Option, ...] = ()
    values: dict[str, Any] = field(default_factory=dict)


class StepsView(Card):
    """Signals: what the user wants. Setters: what is known."""

    add_requested = Signal(str)
    remove_requested = Signal(int)
    move_requested = Signal(int, int)
    option_changed = Signal(int, str, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", parent)
        self.title.setText(self.tr("Repairs, in order"))
        self.title.show()
        self._shown: list[ShownStep] = []
        self._forms: list[Form | None] = []
        self._counts: list[Any] = []
        self.add_button = button(self.tr("Add a repair"), "add", parent=self)
        self.add_menu = QMenu(self.add_button)
        self.add_menu.setToolTipsVisible(True)
        self.add_button.setMenu(self.add_menu)
        self.header.addWidget(self.add_button)
        self.none = label(
            self.tr("Nothing is changed: the rows are learnt from as they are. Your file always stays as it is."),
            "muted",
            wrap=True,
            parent=self,
        )
        self.body.addWidget(self.none)
        self._lines = QVBoxLayout()
        self._lines.setSpacing(8)
        self.body.addLayout(self._lines)
        self.body.addStretch(1)

    # --- setters

    def set_available(self, steps: Sequence[tuple[str, str, str]]) -> None:
        """(name, title, summary) of the steps that can be added; engine texts."""
        if [action.data() for action in self.add_menu.actions()] == [name for name, _, _ in steps]:
            return
        self.add_menu.clear()
        for name, title, summary in steps:
            action = self.add_menu.addAction(engine(title).replace("&", "&&"))
            action.setToolTip(engine(summary))
            action.setData(name)
            action.triggered.connect(self._on_add)
        self.add_button.setEnabled(bool(steps))

    def set_steps(self, steps: Sequence[ShownStep]) -> None:
        """The steps of the recipe; the same steps keep their forms, and so the focus. Emits nothing."""
        self.none.setVisible(not steps)
        if [step.name for step in steps] != [step.name for step in self._shown]:
            clear(self._lines)
            self._forms, self._counts = [], []
            for index, step in enumerate(steps):
                self._lines.addWidget(self._line(index, step, len(steps)))
        self._shown = list(steps)
        for step, form, count in zip(steps, self._forms, self._counts, strict=True):
            if form is not None:
                form.set_values(step.values)
            count.setText(self._count(step))

    def texts(self) -> list[str]:
        """Title and effect of each step, as they are shown."""
        return [f"{engine(step.title)}: {self._count(step)}" for step in self._shown]

    # --- inside

    def _count(self, step: ShownStep) -> str:
        parts = [step.detail]
        if step.dropped is not None:
            text = self.tr("{n} rows left out") if step.dropped else self.tr("no row left out")
            parts.append(i18n.filled(text, n=formats.count(step.dropped)))
        return " · ".join(part for part in parts if part)

    def _line(self, index: int, step: ShownStep, total: int) -> QWidget:
        widget = QWidget(self)
        outer = QVBoxLayout(widget)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(2)
        head = QHBoxLayout()
        head.setSpacing(4)
        name = label(f"{index + 1}. {engine(step.title)}", wrap=True, parent=widget)
        name.setToolTip(engine(step.summary))
        head.addWidget(name, 1)
        for icon, text, enabled, slot in (
            ("up", self.tr("Earlier"), index > 0, self._on_up),
            ("down", self.tr("Later"), index < total - 1, self._on_down),
            ("remove", self.tr("Take this repair away"), True, self._on_remove),
        ):
            tool = QToolButton(widget)
            theme.set_icon(tool, icon)
            tool.setToolTip(text)
            tool.setAccessibleName(f"{text}: {engine(step.title)}")
            tool.setEnabled(enabled)
            tool.setProperty("index", index)
            tool.clicked.connect(slot)
            head.addWidget(tool)
        outer.addLayout(head)
        count = label("", "caption", wrap=True, parent=widget)
        outer.addWidget(count)
        self._counts.append(count)
        self._forms.append(self._form(index, step, widget))
        if (form := self._forms[-1]) is not None:
            outer.addWidget(form)
        return widget

    def _form(self, index: int, step: ShownStep, parent: QWidget) -> Form | None:
        if not step.options:
            return None
        form = Form(step.options, parent)
        form.setProperty("index", index)
        form.changed.connect(self._on_option)
        return form

    def _index(self) -> int:
        return int(self.sender().property("index"))

    def _on_add(self) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            self.add_requested.emit(str(action.data()))

    def _on_up(self) -> None:
        self.move_requested.emit(self._index(), -1)

    def _on_down(self) -> None:
        self.move_requested.emit(self._index(), 1)

    def _on_remove(self) -> None:
        self.remove_requested.emit(self._index())

    def _on_option(self, name: str, value: object) -> None:
        self.option_changed.emit(self._index(), name, value)

"""One augmentation: its tick, what it does, its place in the order, and its options."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from tlstudio.core.options import Option
from tlstudio.gui import theme
from tlstudio.gui.forms import Form
from tlstudio.gui.i18n import engine
from tlstudio.gui.widgets.common import Card, label


@dataclass(frozen=True)
class Augmentation:
    """A plug-in as it is shown; title, summary and options are engine texts, ``reason`` is in the user's language.

    Attributes:
        place: index in the recipe's list; None where it is not used.
        last: whether it is the last of the list.
        reason: why it does not fit the data; empty where it does.
    """

    name: str
    title: str
    summary: str
    options: tuple[Option, ...]
    values: dict[str, Any]
    place: int | None = None
    last: bool = True
    reason: str = ""


class AugmentCard(Card):
    """Signals carry the place in the recipe's list, ``added`` the name."""

    added = Signal(str)
    removed = Signal(int)
    moved = Signal(int, int)
    option_changed = Signal(int, str, object)

    def __init__(self, shown: Augmentation, parent: QWidget | None = None) -> None:
        super().__init__("", parent)
        self.body.setContentsMargins(12, 8, 12, 8)
        self.body.setSpacing(3)
        self.shown = shown
        self.tick = QCheckBox(self)
        self.tick.clicked.connect(self._on_tick)
        self.earlier = self._tool("up", self.tr("Earlier"))
        self.earlier.clicked.connect(self._on_earlier)
        self.later = self._tool("down", self.tr("Later"))
        self.later.clicked.connect(self._on_later)
        top = QHBoxLayout()
        top.addWidget(self.tick, 1)
        top.addWidget(self.earlier)
        top.addWidget(self.later)
        self.summary = label("", "caption", wrap=True, parent=self)
        self.reason = label("", "warn", wrap=True, parent=self)
        self.form = Form(shown.options, self)
        self.form.changed.connect(self._on_option)
        self.body.addLayout(top)
        below = QVBoxLayout()
        below.setContentsMargins(26, 0, 0, 2)
        below.setSpacing(4)
        for widget in (self.summary, self.reason):
            below.addWidget(widget)
        self.body.addLayout(below)
        self.body.addWidget(self.form)  # not indented: it is the widest part
        self.set_shown(shown)

    def set_shown(self, shown: Augmentation) -> None:
        """Emits nothing."""
        self.shown = shown
        used = shown.place is not None
        title = engine(shown.title)
        self.tick.setText((f"{shown.place + 1}.  {title}" if shown.place is not None else title).replace("&", "&&"))
        self.tick.setChecked(used)
        self.tick.setEnabled(used or not shown.reason)  # one that does not fit can still be taken out
        self.tick.setAccessibleDescription(" ".join(part for part in (engine(shown.summary), shown.reason) if part))
        self.summary.setText(engine(shown.summary))
        self.reason.setText(f"⚠ {shown.reason}" if used else shown.reason)
        theme.set_role(self.reason, "warn" if used else "caption")
        self.reason.setVisible(bool(shown.reason))
        self.form.set_values(shown.values)
        self.form.setVisible(used and bool(self.form.fields))
        many = used and not (shown.place == 0 and shown.last)
        for tool, possible in ((self.earlier, shown.place != 0), (self.later, not shown.last)):
            tool.setVisible(many)
            tool.setEnabled(possible)

    def _tool(self, icon: str, text: str) -> QToolButton:
        result = QToolButton(self)
        theme.set_icon(result, icon)
        result.setToolTip(text)
        result.setAccessibleName(text)
        return result

    @Slot(bool)
    def _on_tick(self, ticked: bool) -> None:
        self.tick.setChecked(not ticked)  # the recipe decides; it shows the new state a moment later
        if self.shown.place is None:
            self.added.emit(self.shown.name)
        else:
            self.removed.emit(self.shown.place)

    @Slot()
    def _on_earlier(self) -> None:
        self.moved.emit(self.shown.place, -1)

    @Slot()
    def _on_later(self) -> None:
        self.moved.emit(self.shown.place, 1)

    @Slot(str, object)
    def _on_option(self, name: str, value: object) -> None:
        self.option_changed.emit(self.shown.place, name, value)

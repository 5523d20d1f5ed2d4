"""The doctor's checks: each can be switched on or off and given other limits; with what the last look took."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QVBoxLayout, QWidget

from tlstudio.core.options import Option
from tlstudio.gui.forms import Form
from tlstudio.gui.i18n import engine
from tlstudio.gui.widgets.common import clear, label

_SWITCH = "enabled"


@dataclass(frozen=True)
class ShownCheck:
    """A check; title, summary and options are engine texts, ``note`` is in the user's language."""

    name: str
    title: str
    summary: str
    options: tuple[Option, ...]
    values: dict[str, Any]
    note: str = ""


class CheckSettings(QWidget):
    """``changed(check, option, value)`` on the user's edits only."""

    changed = Signal(str, str, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows: dict[str, CheckRow] = {}
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(4, 0, 0, 4)
        self._layout.setSpacing(10)

    def set_checks(self, checks: Sequence[ShownCheck]) -> None:
        """Shows the checks; the same ones keep their fields, and so the focus."""
        if [check.name for check in checks] != list(self.rows):
            clear(self._layout)
            self.rows = {check.name: CheckRow(check, self) for check in checks}
            for line in self.rows.values():
                line.changed.connect(self.changed)
                self._layout.addWidget(line)
        for check in checks:
            self.rows[check.name].set_check(check)


class CheckRow(QWidget):
    """One check: its switch, what it is for, and its limits."""

    changed = Signal(str, str, object)

    def __init__(self, check: ShownCheck, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.name = check.name
        self.switch = QCheckBox(engine(check.title).replace("&", "&&"), self)
        self.switch.setAccessibleDescription(engine(check.summary))
        self.switch.clicked.connect(self._on_switch)
        self.note = label("", "caption", parent=self)
        top = QHBoxLayout()
        top.addWidget(self.switch)
        top.addStretch(1)
        top.addWidget(self.note)
        summary = label(engine(check.summary), "caption", wrap=True, parent=self)
        self.form = Form([option for option in check.options if option.name != _SWITCH], self)
        self.form.changed.connect(self._on_option)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(top)
        for widget in (summary, self.form):
            widget.setContentsMargins(26, 0, 0, 0)
            layout.addWidget(widget)

    def set_check(self, check: ShownCheck) -> None:
        """Emits nothing."""
        enabled = bool(check.values.get(_SWITCH, True))
        self.switch.setChecked(enabled)
        self.form.set_values(check.values)
        self.form.setVisible(enabled and bool(self.form.fields))
        self.note.setText(check.note)

    @Slot(bool)
    def _on_switch(self, enabled: bool) -> None:
        self.changed.emit(self.name, _SWITCH, enabled)

    @Slot(str, object)
    def _on_option(self, option: str, value: object) -> None:
        self.changed.emit(self.name, option, value)

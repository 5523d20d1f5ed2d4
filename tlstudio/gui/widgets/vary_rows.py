"""Fields of a recipe that are to be varied, a line each; more are added from a menu."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QCheckBox, QGridLayout, QMenu, QToolButton, QVBoxLayout, QWidget

from tlstudio.gui import fields, theme
from tlstudio.gui.editors import NumberBox, TextBox, WholeBox
from tlstudio.gui.fields import VariedField, Wish
from tlstudio.gui.widgets.common import button, clear, label, row
from tlstudio.gui.widgets.flow import FlowLayout

_NUMBER_WIDTH = 110
_INT_LIMIT = 2**31 - 1


class VaryRows(QWidget):
    """Signals: what the user wants. Setters: what is known.

    Args:
        add: text of the button that adds a field; it is ``add_button``, for the owner to place.
        ranges: whether numbers are varied between two ends; else single values are typed.
    """

    changed = Signal()

    def __init__(self, add: str, ranges: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._ranges = ranges
        self._fields: dict[str, VariedField] = {}
        self.rows: dict[str, VaryRow] = {}
        self.add_button = button(add, "add", parent=self)
        self.add_menu = QMenu(self.add_button)
        self.add_button.setMenu(self.add_menu)
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(6)

    def set_fields(self, known: Iterable[VariedField], wishes: Iterable[Wish]) -> None:
        """What can be varied, and what is to be; emits nothing. Rows that stay keep the focus."""
        self._fields = {field.path: field for field in known}
        wanted = {wish.path: wish for wish in wishes if wish.path in self._fields}
        same = list(wanted) == list(self.rows) and all(
            self.rows[path].field.choices == self._fields[path].choices for path in wanted
        )
        if not same:
            clear(self._box)
            self.rows = {path: self._row(self._fields[path]) for path in wanted}
        for path, wish in wanted.items():
            self.rows[path].set_wish(wish)
        self._fill_menu()
        self.setVisible(bool(self.rows))

    def wishes(self) -> list[Wish]:
        """What is to be varied, as it stands in the editors."""
        return [item.wish() for item in self.rows.values()]

    def add(self, path: str) -> None:
        """One more field, with its usual range."""
        self.set_fields(self._fields.values(), [*self.wishes(), self._begin(self._fields[path])])
        self.rows[path].setFocus()
        self.changed.emit()

    def remove(self, path: str) -> None:
        self.set_fields(self._fields.values(), [wish for wish in self.wishes() if wish.path != path])
        self.changed.emit()

    # --- inside

    def _begin(self, field: VariedField) -> Wish:
        if self._ranges:
            return field.usual
        if field.choices:
            return Wish(field.path, values=tuple(value for value, _title in field.choices if value != field.value))
        return Wish(field.path)

    def _row(self, field: VariedField) -> VaryRow:
        made = VaryRow(field, self._ranges, self)
        made.changed.connect(self.changed)
        made.removed.connect(self._on_removed)
        self._box.addWidget(made)
        return made

    def _fill_menu(self) -> None:
        """Fields that are not in use, by group."""
        self.add_menu.clear()
        menus: dict[str, QMenu] = {}
        for field in self._fields.values():
            if field.path in self.rows:
                continue
            menu = self.add_menu
            if field.group:
                if field.group not in menus:
                    menus[field.group] = self.add_menu.addMenu(field.group)
                menu = menus[field.group]
            action = QAction(field.title, menu)
            action.setData(field.path)
            action.triggered.connect(self._on_add)
            menu.addAction(action)
        self.add_button.setEnabled(bool(self.add_menu.actions()))

    def _on_add(self) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            self.add(action.data())

    def _on_removed(self, path: str) -> None:
        self.remove(path)


class VaryRow(QWidget):
    """One field: its name, what it is to be, and a button that takes it away."""

    changed = Signal()
    removed = Signal(str)

    def __init__(self, field: VariedField, ranges: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.field = field
        self._quiet = False
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setColumnMinimumWidth(0, 210)
        grid.setColumnStretch(1, 1)
        name = label(field.name, wrap=True, parent=self)
        grid.addWidget(name, 0, 0)
        self._low: NumberBox | WholeBox | None = None
        self._high: NumberBox | WholeBox | None = None
        self._log: QCheckBox | None = None
        self._ticks: list[tuple[Any, QCheckBox]] = []
        self._line: TextBox | None = None
        grid.addWidget(self._editors(ranges), 0, 1)
        tool = QToolButton(self)
        theme.set_icon(tool, "remove")
        tool.setToolTip(self.tr("Do not vary {field}").format(field=field.title))
        tool.setAccessibleName(tool.toolTip())
        tool.clicked.connect(self._remove)
        grid.addWidget(tool, 0, 2, Qt.AlignmentFlag.AlignTop)

    def set_wish(self, wish: Wish) -> None:
        """Shows what the field is to be; emits nothing."""
        self._quiet = True
        try:
            for value, tick in self._ticks:
                tick.setChecked(value in wish.values)
            if self._line is not None:
                self._line.set_text("  ".join(fields.as_text(value) for value in wish.values))
            if self._low is not None and self._high is not None and wish.low is not None and wish.high is not None:
                self._low.setValue(wish.low)  # type: ignore[arg-type]  # whole for a whole box
                self._high.setValue(wish.high)  # type: ignore[arg-type]
            if self._log is not None:
                self._log.setChecked(wish.log)
        finally:
            self._quiet = False

    def wish(self) -> Wish:
        """As it stands in the editors."""
        if self._line is not None:
            return Wish(self.field.path, values=numbers(self._line.text(), self.field.kind == "int"))
        if self._low is not None and self._high is not None:
            log = self._log is not None and self._log.isChecked()
            found = Wish(self.field.path, self._low.value(), self._high.value(), log)
            return fields.typed(replace(found, low=_rounded(found.low), high=_rounded(found.high)), self.field)
        return Wish(self.field.path, values=tuple(value for value, tick in self._ticks if tick.isChecked()))

    # --- inside

    def _editors(self, ranges: bool) -> QWidget:
        holder = QWidget(self)
        if self.field.choices:
            self._make_ticks(holder)
        elif ranges:
            self._make_range(holder)
        else:
            self._make_line(holder)
        first: QWidget | None = self._low or self._line
        if first is not None or self._ticks:
            self.setFocusProxy(first or self._ticks[0][1])
        return holder

    def _make_ticks(self, holder: QWidget) -> None:
        flow = FlowLayout(holder)
        for value, title in self.field.choices:
            tick = QCheckBox(title, holder)
            tick.setAccessibleName(f"{self.field.title}: {title}")
            tick.toggled.connect(self._tell)
            self._ticks.append((value, tick))
            flow.addWidget(tick)

    def _make_line(self, holder: QWidget) -> None:
        self._line = TextBox(holder)
        self._line.setMinimumWidth(2 * _NUMBER_WIDTH)
        self._line.setMaximumWidth(4 * _NUMBER_WIDTH)
        self._line.setPlaceholderText(self.tr("values with spaces between them"))
        self._line.setAccessibleName(self.tr("Values of {field}").format(field=self.field.title))
        self._line.committed.connect(self._tell)
        box = row(self._line)
        box.setContentsMargins(0, 0, 0, 0)
        holder.setLayout(box)

    def _make_range(self, holder: QWidget) -> None:
        self._low, self._high = self._box(holder), self._box(holder)
        self._low.setAccessibleName(self.tr("Lowest {field}").format(field=self.field.title))
        self._high.setAccessibleName(self.tr("Highest {field}").format(field=self.field.title))
        self._log = QCheckBox(self.tr("by orders of magnitude"), holder)
        self._log.setToolTip(self.tr("Draws as often between 0.001 and 0.01 as between 0.01 and 0.1: right for rates."))
        self._log.setAccessibleDescription(self._log.toolTip())
        self._log.toggled.connect(self._tell)
        box = row(self._low, label("–", "muted", parent=holder), self._high, self._log)
        box.setContentsMargins(0, 0, 0, 0)
        holder.setLayout(box)

    def _box(self, parent: QWidget) -> NumberBox | WholeBox:
        field = self.field
        box: NumberBox | WholeBox = WholeBox(parent) if field.kind == "int" else NumberBox(parent)
        low = field.minimum if field.minimum is not None else -_INT_LIMIT
        high = field.maximum if field.maximum is not None else _INT_LIMIT
        if isinstance(box, WholeBox):
            box.setRange(int(low), int(min(high, _INT_LIMIT)))
        else:
            box.setRange(low, high)
        box.setKeyboardTracking(False)
        box.setFixedWidth(_NUMBER_WIDTH)
        box.valueChanged.connect(self._tell)
        return box

    def _tell(self, *_args: object) -> None:
        if not self._quiet:
            self.changed.emit()

    def _remove(self) -> None:
        self.removed.emit(self.field.path)


def _rounded(value: float | None) -> float | None:
    return value if value is None or isinstance(value, int) else float(f"{value:.6g}")


def numbers(text: str, whole: bool) -> tuple[Any, ...]:
    """The numbers of a line, each once; what is no number stands as it is, for the engine to refuse."""
    found: list[Any] = []
    for part in re.split(r"[\s;|]+", text.strip()):
        value: Any = part
        with contextlib.suppress(ValueError):
            value = int(part) if whole else float(part.replace(",", "."))
        if part and value not in found:
            found.append(value)
    return tuple(found)

"""A form made from the fields of a pydantic model: what a plug-in describes is what the user sees."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from PySide6.QtCore import QPoint, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QSizePolicy,
    QSpinBox,
    QWidget,
)

from tlstudio.core.options import Option, relevant
from tlstudio.gui import theme, words
from tlstudio.gui.editors import ChoiceBox, NumberBox, TextBox, WholeBox
from tlstudio.gui.i18n import engine

__all__ = ["ChoiceBox", "Field", "Form", "NumberBox", "TextBox", "WholeBox"]

_INT_LIMIT = 2**31 - 1
# where a number starts when the user takes over from 'auto' or from the model
_SUGGESTIONS: dict[str, float] = {
    "epochs": 4, "batch_size": 16, "learning_rate": 5e-5, "threads": 2, "watts": 60, "max_length": 128,
    "hidden_dropout": 0.1,
}  # fmt: skip


class Field(QWidget):
    """One option: its editor and, where 'auto' or no value is allowed, a tick for that. ``changed(name, value)``."""

    changed = Signal(str, object)

    def __init__(self, option: Option, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.option = option
        self._quiet = False
        self._automatic: Any = None
        self._free = "auto" if option.auto else option.free or None  # the value behind the tick
        self.editor = self._make()
        self.auto = self._make_tick()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.editor, 1)
        self.editor.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        if self.auto is not None:
            self.auto.toggled.connect(self._toggle_auto)
            row.addWidget(self.auto)
        self._describe()
        self.set_value(option.default)

    @property
    def _title(self) -> str:
        return engine(self.option.title)

    @property
    def _suffix(self) -> str:
        return f" {engine(self.option.unit)}" if self.option.unit else ""

    def value(self) -> Any:
        if self.auto is not None and self.auto.isChecked():
            return self._free
        editor = self.editor
        if isinstance(editor, QCheckBox):
            return editor.isChecked()
        if isinstance(editor, QComboBox):
            return editor.currentData()
        if isinstance(editor, NumberBox):
            return float(f"{editor.value():.6g}")
        if isinstance(editor, QSpinBox):
            return editor.value()
        return (editor.text() or None) if self.option.optional else editor.text()

    def set_value(self, value: Any) -> None:
        """Shows a value; emits nothing."""
        self._quiet = True
        try:
            automatic = value == self._free and self.auto is not None
            if self.auto is not None:
                self.auto.setChecked(automatic)
                self._set_free(automatic)
            if not automatic:
                self._show(value)
        finally:
            self._quiet = False

    def set_choices(self, choices: Iterable[tuple[str, str]]) -> None:
        """(value, title) of what can be chosen, where that depends on other choices; the chosen one stays."""
        chosen, self._quiet = self.editor.currentData(), True
        self.editor.clear()
        for value, title in choices:
            self.editor.addItem(title, value)
        self._quiet = False
        self.set_value(chosen)

    def set_automatic(self, value: Any) -> None:
        """The number that 'auto' stands for, shown greyed; None where that is not known before the run."""
        self._automatic = value
        self.set_value(self.value())

    def _set_free(self, free: bool) -> None:
        """Greys the number out, or gives it to the user."""
        self.editor.setEnabled(not free)
        known = not free or isinstance(self._automatic, (int, float))
        instead = None if known else (self.tr("auto") if self._free == "auto" else "")
        suffix = self._suffix if known else ""
        box = self.editor
        if not isinstance(box, (NumberBox, WholeBox)):
            return
        if (box.instead, box.suffix()) != (instead, suffix):  # else a number that is being typed would be lost
            box.instead = instead
            box.setSuffix(suffix)
        if free and known:
            box.setValue(self._automatic)

    def _show(self, value: Any) -> None:
        editor = self.editor
        if isinstance(editor, QCheckBox):
            editor.setChecked(bool(value))
        elif isinstance(editor, QComboBox):
            editor.setCurrentIndex(max(editor.findData(value), 0))
        elif isinstance(editor, TextBox):
            editor.set_text("" if value is None else str(value))
        elif isinstance(value, (int, float)) and editor.value() != value:
            editor.setValue(value)

    def _make(self) -> Any:
        option = self.option
        if option.kind == "bool":
            box = QCheckBox(engine(option.title), self)
            box.toggled.connect(self._emit)
            return box
        if option.kind == "choice":
            return self._make_choice()
        if option.kind == "str":
            line = TextBox(self)
            line.committed.connect(self._emit)
            places = ((option.file, "file", self.tr("Choose a file…"), self._browse),
                      (option.folder, "folder", self.tr("Choose a folder…"), self._browse_folders))  # fmt: skip
            for wanted, icon, text, slot in places:
                if wanted:
                    browse = line.addAction(theme.icon(icon), QLineEdit.ActionPosition.TrailingPosition)
                    theme.set_icon(browse, icon)  # so that it follows the scheme
                    browse.setText(text)
                    browse.setToolTip(text)
                    browse.triggered.connect(slot)
            if option.run:
                self._offer_runs(line)
            return line
        return self._make_number()

    def _offer_runs(self, line: TextBox) -> None:
        self.runs = QMenu(self)
        self.runs.setToolTipsVisible(True)
        self.choose_run = line.addAction(theme.icon("runs"), QLineEdit.ActionPosition.TrailingPosition)
        theme.set_icon(self.choose_run, "runs")
        self.choose_run.triggered.connect(self._show_runs)
        self.set_runs([])

    def set_runs(self, runs: Sequence[tuple[str, str]]) -> None:
        """Place and title of the earlier runs that can be chosen, the newest first."""
        if not self.option.run:
            return
        self.runs.clear()
        for place, title in runs:
            action = self.runs.addAction(title)
            action.setToolTip(place)
            action.setData(place)
            action.triggered.connect(self._take_run)
        self.choose_run.setEnabled(bool(runs))
        text = self.tr("Choose an earlier run…") if runs else self.tr("There is no other completed run.")
        self.choose_run.setText(text)
        self.choose_run.setToolTip(text)

    @Slot()
    def _show_runs(self) -> None:
        self.runs.popup(self.editor.mapToGlobal(QPoint(0, self.editor.height())))

    @Slot()
    def _take_run(self) -> None:
        sender = self.sender()
        if isinstance(sender, QAction):
            self._take(sender.data())

    def _browse(self) -> None:
        self._take(QFileDialog.getOpenFileName(self.window(), self._title, self.editor.text())[0])

    def _browse_folders(self) -> None:
        self._take(QFileDialog.getExistingDirectory(self.window(), self._title, self.editor.text()))

    def _take(self, path: str) -> None:
        if path:
            self.editor.set_text(path)
            self._emit()

    def _make_tick(self) -> QCheckBox | None:
        if self.option.auto:
            tick = QCheckBox(self.tr("Auto"), self)
            tick.setAccessibleName(self.tr("Choose {field} automatically").format(field=self._title))
            return tick
        if self.option.free:
            tick = QCheckBox(words.choice(self.option.free), self)
            tick.setAccessibleName(f"{self._title}: {tick.text()}")
            return tick
        if self.option.optional and self.option.kind in ("int", "float"):
            tick = QCheckBox(self.tr("As in the model"), self)
            tick.setAccessibleName(self.tr("Leave {field} as in the model").format(field=self._title))
            return tick
        return None

    def _make_choice(self) -> ChoiceBox:
        box = ChoiceBox(self)
        for choice in self.option.choices:
            box.addItem(words.choice(choice), choice)
        box.currentIndexChanged.connect(self._emit)
        return box

    def _make_number(self) -> NumberBox | WholeBox:
        option = self.option
        box: NumberBox | WholeBox = NumberBox(self) if option.kind == "float" else WholeBox(self)
        low = option.minimum if option.minimum is not None else -_INT_LIMIT
        high = option.maximum if option.maximum is not None else _INT_LIMIT
        if isinstance(box, WholeBox):
            box.setRange(int(low), int(min(high, _INT_LIMIT)))
        else:
            box.setRange(low, high)
        box.setSuffix(self._suffix)
        if option.auto or option.optional:
            box.setValue(_SUGGESTIONS.get(option.name, low))  # type: ignore[arg-type]
        box.setKeyboardTracking(False)
        box.valueChanged.connect(self._emit)
        return box

    def _describe(self) -> None:
        text = engine(self.option.help)
        for widget in (self.editor, self):
            widget.setToolTip(text)
            widget.setAccessibleName(self._title)
            widget.setAccessibleDescription(text)
        self.setFocusProxy(self.editor)

    def _toggle_auto(self, automatic: bool) -> None:
        if self._quiet:
            return
        self._quiet = True  # the number that now shows is told below, once
        self._set_free(automatic)
        self._quiet = False
        if isinstance(self.editor, TextBox) and not automatic and not self.editor.text():
            self.editor.setFocus()  # nothing to tell before there is a text
        else:
            self._emit()

    def _emit(self, *_args: object) -> None:
        if not self._quiet:
            self.changed.emit(self.option.name, self.value())


class Form(QWidget):
    """Fields with labels, one a row; ``changed(name, value)`` on the user's edits only.

    An option that does not matter, because of the value of another one, is hidden.
    """

    changed = Signal(str, object)

    def __init__(self, options: Iterable[Option], parent: QWidget | None = None, captions: bool = False) -> None:
        super().__init__(parent)
        self.fields: dict[str, Field] = {}
        self._lines: dict[str, list[QWidget]] = {}
        self._wanted: set[str] | None = None
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(1, 1)
        for option in options:
            self._add(grid, option, captions)
        self._show()

    def _add(self, grid: QGridLayout, option: Option, captions: bool) -> None:
        field = Field(option, self)
        field.changed.connect(self._on_field)
        self.fields[option.name] = field
        line = self._lines[option.name] = [field]
        row = grid.rowCount()
        if option.kind != "bool":
            label = QLabel(engine(option.title), self)
            label.setBuddy(field.editor)
            label.setToolTip(engine(option.help))
            grid.addWidget(label, row, 0)
            line.append(label)
        grid.addWidget(field, row, 1)
        if captions and option.help:
            note = QLabel(engine(option.help), self)
            note.setWordWrap(True)
            theme.set_role(note, "caption")
            grid.addWidget(note, row + 1, 1)
            line.append(note)

    def set_runs(self, runs: Sequence[tuple[str, str]]) -> None:
        """What the fields that name an earlier run offer: place and title of each."""
        for field in self.fields.values():
            field.set_runs(runs)

    def show_only(self, names: Iterable[str]) -> None:
        """Hides the lines of all other fields."""
        self._wanted = set(names)
        self._show()

    def values(self) -> dict[str, Any]:
        return {name: field.value() for name, field in self.fields.items()}

    def set_values(self, values: dict[str, Any]) -> None:
        """Shows values; fields that are not named show their defaults. Emits nothing."""
        for name, field in self.fields.items():
            field.set_value(values.get(name, field.option.default))
        self._show()

    def set_automatic(self, values: dict[str, Any]) -> None:
        """The numbers that 'auto' stands for, as far as they are known."""
        for name, field in self.fields.items():
            if field.option.auto:
                field.set_automatic(values.get(name))

    def _show(self) -> None:
        """Only what is wanted, and matters with the other values."""
        shown = relevant([field.option for field in self.fields.values()], self.values())
        if self._wanted is not None:
            shown &= self._wanted
        for name, widgets in self._lines.items():
            for widget in widgets:
                widget.setVisible(name in shown)

    def _on_field(self, name: str, value: object) -> None:
        self._show()
        self.changed.emit(name, value)

"""How rows are divided: the method with only the fields that it needs, and what comes of it in a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QTableView,
    QWidget,
)

from tlstudio.core.options import describe
from tlstudio.core.recipe import SplitSection
from tlstudio.gui import formats, words
from tlstudio.gui.forms import ChoiceBox, Form
from tlstudio.gui.widgets.bars import SHARE_ROLE, BarDelegate
from tlstudio.gui.widgets.common import Card, label
from tlstudio.gui.widgets.value_ticks import ValueTicks

SPLITS = ("train", "validation", "test")
_FIELDS = {  # what each method asks for
    "stratified": ("test", "validation", "seed"),
    "grouped": ("test", "validation", "seed"),
    "time": ("test", "validation"),
    "held-out": ("validation", "seed"),
    "column": (),
    "k-fold": ("folds", "validation", "seed"),
}
_NARROW = 84  # pixels of a number with its bar
_BY = ("grouped", "time", "held-out", "column")  # methods that go by a column

Index = QModelIndex | QPersistentModelIndex


class SplitModel(QAbstractTableModel):
    """Classes × splits, with a last line of totals; the bars are the share of each split in a class."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._lines: list[tuple[str, tuple[int, ...]]] = []

    def set_splits(self, splits: Mapping[str, Mapping[str, int]], totals: Mapping[str, int]) -> None:
        """``totals`` of each split; rows without a class are in no other line."""
        names = list(dict.fromkeys(name for counts in splits.values() for name in counts))
        self.beginResetModel()
        self._lines = [(name, tuple(splits.get(split, {}).get(name, 0) for split in SPLITS)) for name in names]
        if totals or names:
            sums = {split: sum(splits.get(split, {}).values()) for split in SPLITS}
            self._lines.append((self.tr("All"), tuple(totals.get(split, sums[split]) for split in SPLITS)))
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self._lines)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(SPLITS) + 1

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return (self.tr("Class"), *map(words.split, SPLITS))[section]
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        (name, counts), column = self._lines[index.row()], index.column() - 1
        if role == Qt.ItemDataRole.DisplayRole:
            return name if column < 0 else formats.count(counts[column])
        if column >= 0 and role in (SHARE_ROLE, Qt.ItemDataRole.ToolTipRole):
            share = counts[column] / (sum(counts) or 1)
            return share if role == SHARE_ROLE else formats.percent(share)
        if role == Qt.ItemDataRole.ToolTipRole:
            return name
        if role == Qt.ItemDataRole.TextAlignmentRole and column >= 0:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if role == Qt.ItemDataRole.FontRole and index.row() == len(self._lines) - 1:
            bold = QFont()
            bold.setWeight(QFont.Weight.DemiBold)
            return bold
        return None


class SplitView(QWidget):
    """Signals: what the user wants. Setters: what is known."""

    edited = Signal(str, object)  # field of the split section
    method_wished = Signal(str)
    values_wished = Signal(list, list)  # validation, test

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._quiet = False
        self._columns: list[str] = []
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 8, 0, 0)
        layout.setSpacing(12)
        layout.addWidget(self._make_card(), 5)
        layout.addWidget(self._make_table(), 6)

    # --- parts

    def _make_card(self) -> Card:
        card = Card(self.tr("How rows are divided"), self)
        options = {option.name: option for option in describe(SplitSection)}
        self.method = ChoiceBox(card)
        self.method.setAccessibleName(self.tr("Method"))
        for name in options["method"].choices:
            self.method.addItem(words.choice(name), name)
        self.method.currentIndexChanged.connect(self._on_method)
        self.help = label("", "caption", wrap=True, parent=card)
        self.by = ChoiceBox(card)
        self.by.setAccessibleName(self.tr("By column"))
        self.by.currentIndexChanged.connect(self._on_by)
        self.by_caption = QLabel(self.tr("By column"), card)
        self.by_caption.setBuddy(self.by)
        caption = QLabel(self.tr("Method"), card)
        caption.setBuddy(self.method)
        grid = QGridLayout()
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(1, 1)
        for line, widgets in enumerate(((caption, self.method), (None, self.help), (self.by_caption, self.by))):
            for column, widget in enumerate(widgets):
                if widget is not None:
                    grid.addWidget(widget, line, column)
        card.body.addLayout(grid)
        self.values = ValueTicks(card)
        self.values.ticked.connect(self.values_wished)
        card.body.addWidget(self.values)
        self.values_note = label("", "warn", wrap=True, parent=card)
        card.body.addWidget(self.values_note)
        fields = ("folds", "test", "validation", "seed")
        self.form = Form([options[name] for name in fields], card)
        self.form.changed.connect(self.edited)
        card.body.addWidget(self.form)
        self.note = label("", "caption", wrap=True, parent=card)
        card.body.addWidget(self.note)
        card.body.addStretch(1)
        return card

    def _make_table(self) -> QTableView:
        self.model = SplitModel(self)
        self.table = QTableView(self)
        self.table.setModel(self.model)
        self.table.setAccessibleName(self.tr("Rows of each class in each split"))
        self.table.setShowGrid(False)
        self.table.setWordWrap(False)
        self.table.setTabKeyNavigation(False)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(26)
        header = self.table.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)  # names may be long, and numbers are short
        header.setMinimumSectionSize(_NARROW)
        for column in range(1, len(SPLITS) + 1):
            self.table.setItemDelegateForColumn(column, BarDelegate(column - 1, self.table))
        self.table.setMinimumHeight(120)
        return self.table

    # --- setters

    def set_section(self, section: SplitSection, given: Sequence[str]) -> None:
        """The recipe's choices; ``given``: splits that have places of their own. Emits nothing."""
        self._quiet = True
        method = section.method
        self.method.setCurrentIndex(max(self.method.findData(method), 0))
        self.help.setText(self._help(method))
        self.form.set_values(section.model_dump())
        self.values.values.set_chosen(section.validation_values, section.test_values)
        fields = [name for name in _FIELDS[method] if name not in given]
        if method == "held-out" and section.validation_values:
            fields = []
        divided = not {"test", "validation"} <= set(given)
        self.form.show_only(fields if divided else ())
        shown: dict[QWidget, bool] = dict.fromkeys((self.by, self.by_caption), method in _BY)
        shown |= dict.fromkeys((self.values, self.values_note), method == "held-out")
        for widget, visible in shown.items():
            widget.setVisible(visible)
        self.note.setText(self._note(method, given))
        self._quiet = False

    def set_columns(self, columns: Sequence[str], by: str, automatic: str) -> None:
        """Columns to go by; ``automatic`` is the one with the fitting role, taken where none is chosen."""
        self._quiet = True
        first = self.tr("Automatic: {column}").format(column=automatic) if automatic else self.tr("Choose a column")
        if self._columns != [first, *columns]:
            self._columns = [first, *columns]
            self.by.clear()
            self.by.addItem(first, "")
            for column in columns:
                self.by.addItem(column, column)
        self.by.setCurrentIndex(max(self.by.findData(by), 0))
        self._quiet = False

    def set_values(self, values: Sequence[tuple[str, int]], most: int) -> None:
        """Values of the column with their rows, for the held-out method; none where there are more than ``most``."""
        self.values.values.set_values(values)
        text = self.tr("The column has more than {n} different values: choose another one.")
        self.values_note.setText("" if values else text.format(n=most))

    def set_splits(self, splits: Mapping[str, Mapping[str, int]], totals: Mapping[str, int]) -> None:
        self.model.set_splits(splits, totals)

    # --- inside

    def _help(self, method: str) -> str:
        return {
            "stratified": self.tr("Each class keeps its share in every split. Equal texts stay together."),
            "grouped": self.tr("Rows of one group (an author, a patient, a document) stay together."),
            "time": self.tr("The latest rows are the test rows: as it will be in use."),
            "held-out": self.tr("Rows with chosen values (a language, a source, a year) are only tested on."),
            "column": self.tr("A column says train, validation or test for each row."),
            "k-fold": self.tr("Every row is tested once: as many trainings as folds. For small data."),
        }[method]

    def _note(self, method: str, given: Sequence[str]) -> str:
        if {"test", "validation"} <= set(given):
            return self.tr("Validation and test rows have their own places: nothing is divided.")
        if "test" in given or "validation" in given:
            return self.tr("Rows with a place of their own are used as they are; the rest is divided.")
        return ""

    def _on_method(self) -> None:
        if not self._quiet:
            self.method_wished.emit(str(self.method.currentData()))

    def _on_by(self) -> None:
        if not self._quiet:
            self.edited.emit("by", self.by.currentData())

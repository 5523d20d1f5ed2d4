"""Values of a column with two ticks each: whose rows are validation rows, and whose are test rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtWidgets import QHeaderView, QTableView, QWidget

from tlstudio.gui import formats, words

_SPLITS = ("validation", "test")
_FIRST = 2  # number of the first column with ticks

Index = QModelIndex | QPersistentModelIndex


class ValuesModel(QAbstractTableModel):
    """``ticked(validation, test)``: the values of both, when the user ticks one; a value is in one of them at most."""

    ticked = Signal(list, list)

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._values: list[tuple[str, int]] = []
        self._chosen: dict[str, str] = {}  # value to split

    def set_values(self, values: Sequence[tuple[str, int]]) -> None:
        self.beginResetModel()
        self._values = list(values)
        self.endResetModel()

    def set_chosen(self, validation: Sequence[str], test: Sequence[str]) -> None:
        self._chosen = dict.fromkeys(validation, "validation") | dict.fromkeys(test, "test")
        if self._values:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._values) - 1, self.columnCount() - 1))

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self._values)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else _FIRST + len(_SPLITS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return (self.tr("Value"), self.tr("Rows"), *map(words.split, _SPLITS))[section]
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsUserCheckable if index.column() >= _FIRST else flags

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        (value, count), column = self._values[index.row()], index.column()
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole) and column < _FIRST:
            return value or formats.NONE if column == 0 else formats.count(count)
        if role == Qt.ItemDataRole.CheckStateRole and column >= _FIRST:
            ticked = self._chosen.get(value) == _SPLITS[column - _FIRST]
            return Qt.CheckState.Checked if ticked else Qt.CheckState.Unchecked
        if role == Qt.ItemDataRole.TextAlignmentRole and column == 1:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if role != Qt.ItemDataRole.CheckStateRole or index.column() < _FIRST:
            return False
        name = self._values[index.row()][0]
        self._chosen.pop(name, None)
        if Qt.CheckState(value) == Qt.CheckState.Checked:
            self._chosen[name] = _SPLITS[index.column() - _FIRST]
        self.dataChanged.emit(self.index(index.row(), _FIRST), self.index(index.row(), self.columnCount() - 1))
        self.ticked.emit(*([item for item, split in self._chosen.items() if split == wanted] for wanted in _SPLITS))
        return True


class ValueTicks(QTableView):
    """``ticked(validation, test)`` on the user's ticks; Space ticks the current cell."""

    ticked = Signal(list, list)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.values = ValuesModel(self)
        self.values.ticked.connect(self.ticked)
        self.setModel(self.values)
        self.setAccessibleName(self.tr("Values whose rows are held out"))
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(24)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.setMinimumHeight(96)
        self.setMaximumHeight(200)

"""A sortable table over a list of records: the model asks the record, no item lives for a cell."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from numbers import Real
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QSize,
    QSortFilterProxyModel,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QMenu, QTableView, QWidget

from tlstudio.gui import theme
from tlstudio.gui.widgets.arrow_model import IMAGE_ROLE

_Index = QModelIndex | QPersistentModelIndex
RECORD_ROLE = Qt.ItemDataRole.UserRole + 2  # beside IMAGE_ROLE
_TICK = 26  # pixels
_MEASURED = 60  # rows below the first shown one that are looked at for the width of a column


@dataclass(frozen=True)
class Column:
    """A column: how a record is shown and, for numbers, what it is sorted by."""

    title: str
    text: Callable[[Any], str]
    sort: Callable[[Any], Any] | None = None
    numeric: bool = False
    stretch: bool = False
    colour: Callable[[Any], str] | None = None
    picture: Callable[[Any], str] | None = None  # the place of an image file, or nothing


class RecordModel(QAbstractTableModel):
    """Rows are records of any kind; ``ticks`` (a set of keys) makes the first column checkable."""

    ticked = Signal()

    def __init__(self, columns: Sequence[Column], key: Callable[[Any], Any] | None = None) -> None:
        super().__init__()
        self.columns = list(columns)
        self.records: list[Any] = []  # as they stand
        self._given: list[Any] = []  # as they came
        self._sorted = (-1, Qt.SortOrder.AscendingOrder)
        self.ticks: set[Any] = set()
        self._key = key

    @property
    def has_ticks(self) -> bool:
        return self._key is not None

    def set_records(self, records: Sequence[Any]) -> None:
        self.beginResetModel()
        self._given = list(records)
        self.records = self._in_order(self._given, *self._sorted)
        if self._key is not None:
            self.ticks &= {self._key(record) for record in records}
        self.endResetModel()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sorts the records themselves, which asks each once: a proxy would ask twice for every comparison."""
        self.layoutAboutToBeChanged.emit()
        before = [(index, self.records[index.row()]) for index in self.persistentIndexList()]
        self.records = self._in_order(self._given, column, order)
        if before:
            places = {id(record): row for row, record in enumerate(self.records)}
            for index, record in before:
                self.changePersistentIndex(index, self.index(places[id(record)], index.column()))
        self._sorted = (column, order)
        self.layoutChanged.emit()

    def _in_order(self, records: list[Any], column: int, order: Qt.SortOrder) -> list[Any]:
        if not 0 <= column < len(self.columns):
            return list(records)
        by = self.columns[column]
        keys = [_sortable(by.sort(record) if by.sort else by.text(record)) for record in records]
        down = order == Qt.SortOrder.DescendingOrder
        return [records[at] for at in sorted(range(len(records)), key=keys.__getitem__, reverse=down)]

    def retitle(self, column: int, title: str) -> None:
        self.columns[column] = replace(self.columns[column], title=title)
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, column, column)

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(self.records)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.columns)

    def flags(self, index: _Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsUserCheckable if self._key and index.column() == 0 else flags

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        column = self.columns[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.title
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(column)
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        record, column = self.records[index.row()], self.columns[index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.text(record)
        if role == Qt.ItemDataRole.ToolTipRole and column.stretch:
            return column.text(record)[:2000]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(column)
        if role == Qt.ItemDataRole.ForegroundRole and column.colour and (name := column.colour(record)):
            return theme.colour(name)
        if role == RECORD_ROLE:
            return record
        if role == IMAGE_ROLE and column.picture:
            return column.picture(record)
        if role == Qt.ItemDataRole.CheckStateRole and self._key and index.column() == 0:
            return Qt.CheckState.Checked if self._key(record) in self.ticks else Qt.CheckState.Unchecked
        return None

    def setData(self, index: _Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if role != Qt.ItemDataRole.CheckStateRole or not self._key:
            return False
        key = self._key(self.records[index.row()])
        if Qt.CheckState(value) == Qt.CheckState.Checked:
            self.ticks.add(key)
        else:
            self.ticks.discard(key)
        self.dataChanged.emit(index, index, [role])
        self.ticked.emit()
        return True


class _Shown(QSortFilterProxyModel):
    """The records that are wanted, in the order of the model, which sorts itself."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._wanted: Callable[[Any], bool] | None = None

    def want(self, wanted: Callable[[Any], bool] | None) -> None:
        self._wanted = wanted
        self.invalidateFilter()

    def filterAcceptsRow(self, row: int, _parent: _Index) -> bool:
        if self._wanted is None:
            return True
        model = self.sourceModel()
        return not isinstance(model, RecordModel) or self._wanted(model.records[row])

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        if (model := self.sourceModel()) is not None:
            model.sort(column, order)


class RecordTable(QTableView):
    """Shows a :class:`RecordModel`, sorted by a click on a header; Ctrl+C copies the chosen rows.

    One that ``fits`` is never higher than its rows.
    """

    record_chosen = Signal(object)
    record_activated = Signal(object)

    def __init__(
        self,
        columns: Sequence[Column],
        name: str,
        key: Callable[[Any], Any] | None = None,
        fits: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._fits = fits
        self.records = RecordModel(columns, key)
        self.records.setParent(self)
        self.sorted = _Shown(self)
        self.sorted.setSourceModel(self.records)
        self.setModel(self.sorted)
        self.setAccessibleName(name)
        self._dress(columns)
        self.selectionModel().currentRowChanged.connect(self._choose)
        self.doubleClicked.connect(self._activate)

    def set_records(self, records: Sequence[Any]) -> None:
        self.records.set_records(records)
        self.resizeColumnsToContents()
        if self.records.has_ticks:  # the style sheet's padding is not counted where there is a tick
            self.setColumnWidth(0, self.columnWidth(0) + _TICK)
        if self._fits:
            rows = len(records) * self.verticalHeader().defaultSectionSize()
            extra = self.horizontalHeader().sizeHint().height() + self.horizontalScrollBar().sizeHint().height() + 4
            self.setMaximumHeight(max(rows + extra, 80))
            self.updateGeometry()

    def set_filter(self, wanted: Callable[[Any], bool] | None) -> None:
        """Shows only the records that are wanted; None shows all."""
        self.sorted.want(wanted)

    def retitle(self, column: int, title: str) -> None:
        """Another heading, where that depends on what is shown."""
        self.records.retitle(column, title)

    def sizeHint(self) -> QSize:
        hint = super().sizeHint()
        return QSize(hint.width(), min(self.maximumHeight(), 420)) if self._fits else hint

    def current(self) -> Any:
        index = self.currentIndex()
        return index.data(RECORD_ROLE) if index.isValid() else None

    def chosen(self) -> list[Any]:
        return [index.data(RECORD_ROLE) for index in self.selectionModel().selectedRows()]

    def shown(self) -> list[list[str]]:
        """The texts of the rows as they stand."""
        columns = range(self.sorted.columnCount())
        return [[self.sorted.index(row, c).data() for c in columns] for row in range(self.sorted.rowCount())]

    @Slot()
    def copy(self) -> None:
        """Copies the chosen rows, with a line of headers, for a spreadsheet."""
        columns = range(self.sorted.columnCount())
        header = [self.records.columns[column].title for column in columns]
        rows = sorted(index.row() for index in self.selectionModel().selectedRows())
        lines = [header, *([self.sorted.index(row, column).data() for column in columns] for row in rows)]
        QGuiApplication.clipboard().setText("\n".join("\t".join(line) for line in lines))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self._activate(self.currentIndex())
        else:
            super().keyPressEvent(event)

    @Slot(QPoint)
    def _menu(self, place: QPoint) -> None:
        menu = QMenu(self)
        menu.addAction(self.tr("Copy the chosen rows"), self.copy)
        menu.exec(self.viewport().mapToGlobal(place))
        menu.deleteLater()

    @Slot(QModelIndex)
    def _choose(self, index: QModelIndex) -> None:
        self.record_chosen.emit(index.data(RECORD_ROLE) if index.isValid() else None)

    @Slot(QModelIndex)
    def _activate(self, index: QModelIndex) -> None:
        self.record_activated.emit(index.data(RECORD_ROLE))

    def _dress(self, columns: Sequence[Column]) -> None:
        self.setSortingEnabled(True)
        self.sortByColumn(-1, Qt.SortOrder.AscendingOrder)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setShowGrid(False)
        self.setStyleSheet("QTableView::item { padding: 0 7px; }")
        self.setAlternatingRowColors(True)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._menu)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 12)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setMaximumSectionSize(520)
        header.setResizeContentsPrecision(_MEASURED)
        for index, column in enumerate(columns):
            if column.stretch:
                header.setSectionResizeMode(index, QHeaderView.ResizeMode.Stretch)


def _alignment(column: Column) -> int:
    side = Qt.AlignmentFlag.AlignRight if column.numeric else Qt.AlignmentFlag.AlignLeft
    return int(side | Qt.AlignmentFlag.AlignVCenter)


def _sortable(value: Any) -> tuple[int, Any]:
    """A missing number comes before all others, numbers before texts; upper and lower case are alike."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return 0, 0
    return (1, value) if isinstance(value, Real) else (2, str(value).casefold())

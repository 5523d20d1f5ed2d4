"""What was known of each task after each was learnt: a table whose colours say the same as its numbers."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QSize, Qt
from PySide6.QtGui import QColor, QFont
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from tlstudio.evaluation.several import Cell, Retention
from tlstudio.gui import metric_names, theme

_Index = QModelIndex | QPersistentModelIndex
_DEEPEST = 0.5  # of the ink: text in the usual colour stays readable on it
_FEW = 8  # tasks that share the width


class RetentionModel(QAbstractTableModel):
    """A row for each time, a column for each task."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: Retention | None = None

    def set_retention(self, shown: Retention | None) -> None:
        self.beginResetModel()
        self._shown = shown
        self.endResetModel()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() or self._shown is None else len(self._shown.rows)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() or self._shown is None else len(self._shown.tasks)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if self._shown is None:
            return None
        across = orientation == Qt.Orientation.Horizontal
        if role == Qt.ItemDataRole.DisplayRole:
            task = self._shown.titles[section] if section < len(self._shown.titles) else str(section + 1)
            return task if across else self.tr("After {task}").format(task=task)
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._shown.runs[section] if not across and section < len(self._shown.runs) else self._task(section)
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or self._shown is None:
            return None
        cell = self._shown.rows[index.row()][index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return metric_names.value(self._shown.metric, cell.value)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(Qt.AlignmentFlag.AlignCenter)
        if role == Qt.ItemDataRole.BackgroundRole:
            return _fill(cell)
        if role == Qt.ItemDataRole.ForegroundRole:
            return theme.colour("muted" if cell.value is None else "text")
        if role == Qt.ItemDataRole.FontRole and cell.own:
            font = QFont()
            font.setBold(True)
            return font
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return self._told(index.row(), index.column(), cell)
        return None

    def _task(self, place: int) -> str:
        tasks = self._shown.tasks if self._shown is not None else ()
        return tasks[place] if place < len(tasks) else str(place + 1)

    def _told(self, row: int, column: int, cell: Cell) -> str:
        names = {"time": self._task(row), "task": self._task(column)}
        metric = self._shown.metric if self._shown is not None else ""
        if cell.value is None:
            later = self.tr("{task} was not learnt yet when {time} had been learnt")
            return (later if column > row else self.tr("{task} was not tested after {time}")).format(**names)
        shown = {"metric": metric_names.title(metric), "value": metric_names.value(metric, cell.value)}
        if cell.change is None:
            return self.tr("After {time}: {metric} of {task} is {value}").format(**names, **shown)
        text = self.tr("After {time}: {metric} of {task} is {value}, {change} since it was learnt")
        return text.format(change=metric_names.difference(metric, cell.change), **names, **shown)


def _fill(cell: Cell) -> QColor:
    """The deeper the blue, the better; nothing where nothing is known."""
    colours = theme.colours()
    base, ink = QColor(colours.base), QColor(colours.data[0])
    part = 0.0 if cell.value is None else _DEEPEST * cell.shade
    ends = ((base.redF(), ink.redF()), (base.greenF(), ink.greenF()), (base.blueF(), ink.blueF()))
    return QColor.fromRgbF(*(a + (b - a) * part for a, b in ends))


class RetentionTable(QTableView):
    """Shows a :class:`RetentionModel`; cells are reached with the arrow keys and read aloud."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.matrix = RetentionModel(self)
        self.setModel(self.matrix)
        self.setAccessibleName(self.tr("Retention: rows are times, columns are tasks"))
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setCornerButtonEnabled(False)
        for header in (self.horizontalHeader(), self.verticalHeader()):
            header.setHighlightSections(False)
            header.setTextElideMode(Qt.TextElideMode.ElideMiddle)
            font = header.font()
            font.setBold(True)  # as the style sheet draws it: else the text is shortened too little
            header.setFont(font)
            header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.horizontalHeader().setMinimumSectionSize(72)
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 16)
        self.verticalHeader().setMaximumWidth(240)

    def set_retention(self, shown: Retention | None) -> None:
        self.matrix.set_retention(shown)
        few = self.matrix.columnCount() <= _FEW
        mode = QHeaderView.ResizeMode.Stretch if few else QHeaderView.ResizeMode.Interactive
        self.horizontalHeader().setSectionResizeMode(mode)
        if not few:
            self.horizontalHeader().setDefaultSectionSize(120)
        self.setFixedHeight(self.sizeHint().height())

    def sizeHint(self) -> QSize:
        rows = min(self.matrix.rowCount(), 14) * self.verticalHeader().defaultSectionSize()
        extra = self.horizontalHeader().sizeHint().height() + 4
        bar = self.horizontalScrollBar().sizeHint().height() if self.matrix.columnCount() > _FEW else 0
        return QSize(520, rows + extra + bar)

"""The confusion matrix: a table whose cells are reached with the keyboard, read aloud, and opened."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QKeyEvent, QPainter
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from tlstudio.gui import formats, theme

_Index = QModelIndex | QPersistentModelIndex


class ConfusionModel(QAbstractTableModel):
    """Rows are true labels, columns predicted ones; shows counts or the shares of each row."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.labels: list[str] = []
        self._counts: list[list[int]] = []
        self._sums: list[int] = []
        self.shares = False

    def set_matrix(self, labels: list[str], counts: list[list[int]]) -> None:
        self.beginResetModel()
        self.labels, self._counts = labels, counts
        self._sums = [sum(row) for row in counts]
        self.endResetModel()

    def set_shares(self, on: bool) -> None:
        self.beginResetModel()
        self.shares = on
        self.endResetModel()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(self._counts)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._counts)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.DisplayRole:
            return self.labels[section]
        if role == Qt.ItemDataRole.ToolTipRole:
            kind = self.tr("predicted") if orientation == Qt.Orientation.Horizontal else self.tr("true")
            return f"{kind}: {self.labels[section]}"
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row, column = index.row(), index.column()
        count = self._counts[row][column]
        if role == Qt.ItemDataRole.DisplayRole:
            if not count:
                return "" if row != column else "0"
            return formats.percent(self.share(row, column), 0) if self.shares else formats.count(count)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(Qt.AlignmentFlag.AlignCenter)
        if role == Qt.ItemDataRole.BackgroundRole:
            return self._fill(row, column)
        if role == Qt.ItemDataRole.ForegroundRole:
            return theme.colour("text")
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            text = self.tr("{count} with the true label {true} predicted as {predicted} ({share} of {true})")
            return text.format(
                count=formats.count(count),
                true=self.labels[row],
                predicted=self.labels[column],
                share=formats.percent(self.share(row, column)),
            )
        return None

    def share(self, row: int, column: int) -> float:
        return self._counts[row][column] / self._sums[row] if self._sums[row] else 0.0

    def _fill(self, row: int, column: int) -> QColor:
        """Blue for what is right, orange for what is not; the square root makes rare errors visible."""
        colours = theme.colours()
        base, ink = QColor(colours.base), QColor(colours.data[0 if row == column else 1])
        part = 0.6 * self.share(row, column) ** 0.5
        ends = ((base.redF(), ink.redF()), (base.greenF(), ink.greenF()), (base.blueF(), ink.blueF()))
        return QColor.fromRgbF(*(a + (b - a) * part for a, b in ends))


class _UprightHeader(QHeaderView):
    """Column labels written upwards: names of classes are longer than numbers are wide."""

    _LONGEST = 130

    def __init__(self, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setSectionsClickable(True)
        self.setHighlightSections(False)

    def sectionSizeFromContents(self, section: int) -> QSize:
        text = str(self.model().headerData(section, Qt.Orientation.Horizontal))
        long = min(self.fontMetrics().horizontalAdvance(text), self._LONGEST)
        return QSize(self.fontMetrics().height() + 12, long + 18)

    def paintSection(self, painter: QPainter, rect: QRect, section: int) -> None:
        text = str(self.model().headerData(section, Qt.Orientation.Horizontal))
        painter.save()
        painter.fillRect(rect, theme.colour("raised"))
        painter.setPen(theme.colour("border"))
        painter.drawLine(rect.topRight(), rect.bottomRight())
        painter.setPen(theme.colour("muted"))
        painter.translate(rect.bottomLeft())
        painter.rotate(-90)
        short = self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, rect.height() - 12)
        place = QRect(7, 0, rect.height() - 10, rect.width())
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, short)
        painter.restore()


class ConfusionView(QTableView):
    """``cell_activated(true, predicted)`` on a click, Enter or Space."""

    cell_activated = Signal(str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.matrix = ConfusionModel(self)
        self.setModel(self.matrix)
        self.setAccessibleName(self.tr("Confusion matrix: rows are true labels, columns predicted labels"))
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTabKeyNavigation(False)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalHeader(_UprightHeader(self))
        self.horizontalHeader().setMinimumSectionSize(44)
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 14)
        self.verticalHeader().setMaximumWidth(180)
        self.verticalHeader().setTextElideMode(Qt.TextElideMode.ElideRight)
        self.clicked.connect(self._open)

    def set_matrix(self, labels: list[str], counts: list[list[int]]) -> None:
        self.matrix.set_matrix(labels, counts)
        few = len(labels) <= 12
        mode = QHeaderView.ResizeMode.Stretch if few else QHeaderView.ResizeMode.Interactive
        self.horizontalHeader().setSectionResizeMode(mode)
        if not few:
            self.horizontalHeader().setDefaultSectionSize(64)

    @Slot(bool)
    def set_shares(self, on: bool) -> None:
        self.matrix.set_shares(on)

    def sizeHint(self) -> QSize:
        rows = min(self.matrix.rowCount(), 14) * self.verticalHeader().defaultSectionSize()
        return QSize(520, rows + self.horizontalHeader().sizeHint().height() + 6)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self.currentIndex().isValid():
            self._open(self.currentIndex())
        else:
            super().keyPressEvent(event)

    @Slot(QModelIndex)
    def _open(self, index: QModelIndex) -> None:
        self.cell_activated.emit(self.matrix.labels[index.row()], self.matrix.labels[index.column()])

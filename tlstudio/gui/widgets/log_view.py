"""The log of a run: a bounded table that can be filtered by level, copied and saved."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
    Slot,
)
from PySide6.QtGui import QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QFileDialog,
    QHeaderView,
    QMessageBox,
    QTableView,
    QWidget,
)

from tlstudio.core.errors import StudioError
from tlstudio.core.files import write_text
from tlstudio.gui import i18n, theme
from tlstudio.gui.widgets.common import Card, button

LIMIT = 5000
LEVELS = ("debug", "info", "warning", "error")
_SIGNS = {"debug": "·", "info": "", "warning": "⚠", "error": "✕"}
_Index = QModelIndex | QPersistentModelIndex


class LogModel(QAbstractTableModel):
    """Lines of time, level and text; the oldest go when there are more than ``LIMIT``."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lines: list[tuple[float, str, str]] = []

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(self.lines)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else 3

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return (self.tr("Time"), self.tr("Level"), self.tr("Message"))[section]
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        when, level, text = self.lines[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return (time.strftime("%H:%M:%S", time.localtime(when)), self._level(level), text)[index.column()]
        if role == Qt.ItemDataRole.ToolTipRole and index.column() == 2:
            return text
        if role == Qt.ItemDataRole.ForegroundRole:
            return theme.colour({"error": "error", "warning": "warn"}.get(level, "text" if index.column() else "muted"))
        if role == Qt.ItemDataRole.UserRole:
            return LEVELS.index(level) if level in LEVELS else 1
        return None

    def add(self, level: str, text: str, when: float | None = None) -> None:
        if len(self.lines) >= LIMIT:
            self.beginRemoveRows(QModelIndex(), 0, LIMIT // 10 - 1)  # in blocks: a removal each line is slow
            del self.lines[: LIMIT // 10]
            self.endRemoveRows()
        row = len(self.lines)
        self.beginInsertRows(QModelIndex(), row, row)
        self.lines.append((when if when is not None else time.time(), level, text))
        self.endInsertRows()

    def clear(self) -> None:
        self.beginResetModel()
        self.lines.clear()
        self.endResetModel()

    def _level(self, level: str) -> str:
        names = {
            "debug": self.tr("detail"),
            "info": self.tr("info"),
            "warning": self.tr("warning"),
            "error": self.tr("error"),
        }
        return f"{_SIGNS.get(level, '')} {names.get(level, level)}".strip()


class LevelFilter(QSortFilterProxyModel):
    """Lets through the lines of a level and above."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._least = 1

    def set_least(self, level: str) -> None:
        self._least = LEVELS.index(level)
        self.invalidate()

    def filterAcceptsRow(self, row: int, parent: _Index) -> bool:
        model = self.sourceModel()
        return bool(model.data(model.index(row, 0, parent), Qt.ItemDataRole.UserRole) >= self._least)


class LogView(Card):
    """The log with its filter and buttons. It follows new lines unless the user has scrolled up."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", parent)
        self.title.setText(self.tr("Log"))
        self.title.show()
        self.model = LogModel(self)
        self.shown = LevelFilter(self)
        self.shown.setSourceModel(self.model)
        self.level = QComboBox()
        self.level.setAccessibleName(self.tr("Least level of the lines that are shown"))
        names = (self.tr("Everything"), self.tr("Info and above"), self.tr("Warnings and errors"), self.tr("Errors"))
        for level, name in zip(LEVELS, names, strict=True):
            self.level.addItem(name, level)
        self.level.setCurrentIndex(1)
        self.level.currentIndexChanged.connect(self._choose)
        self.copy_button = button(self.tr("Copy"), role="quiet", help=self.tr("Copy the chosen lines, or all shown"))
        self.save_button = button(self.tr("Save…"), role="quiet", help=self.tr("Save the shown lines as a text file"))
        self.copy_button.clicked.connect(self.copy)
        self.save_button.clicked.connect(self.save)
        for widget in (self.level, self.copy_button, self.save_button):
            self.header.addWidget(widget)
        self.table = self._make_table()
        self.body.addWidget(self.table, 1)

    def add(self, level: str, text: str, when: float | None = None) -> None:
        bar = self.table.verticalScrollBar()
        follow = bar.value() >= bar.maximum() - 2
        self.model.add(level, text, when)
        if follow:
            self.table.scrollToBottom()

    def clear(self) -> None:
        self.model.clear()

    def text(self) -> str:
        """The chosen lines, or all that are shown."""
        chosen = sorted({index.row() for index in self.table.selectionModel().selectedRows()})
        rows = chosen if len(chosen) > 1 else range(self.shown.rowCount())
        return "\n".join("\t".join(str(self.shown.index(row, column).data()) for column in range(3)) for row in rows)

    @Slot()
    def copy(self) -> None:
        QGuiApplication.clipboard().setText(self.text())

    @Slot()
    def save(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, self.tr("Save the log"), "log.txt", self.tr("Text (*.txt)"))
        if not name:
            return
        try:
            write_text(Path(name), self.text() + "\n")
        except StudioError as error:
            QMessageBox.warning(self, self.tr("The log was not saved"), i18n.both(error))

    @Slot()
    def _choose(self) -> None:
        self.shown.set_least(self.level.currentData())
        self.table.scrollToBottom()

    def _make_table(self) -> QTableView:
        table = QTableView()
        table.setModel(self.shown)
        table.setAccessibleName(self.tr("Log"))
        table.setShowGrid(False)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setTabKeyNavigation(False)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(table.fontMetrics().height() + 6)
        header = table.horizontalHeader()
        header.hide()
        widths = (table.fontMetrics().horizontalAdvance("00:00:00") + 24, self._level_width())
        for column, width in enumerate(widths):
            header.resizeSection(column, width)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.Stretch)
        table.setMinimumHeight(96)
        QShortcut(QKeySequence.StandardKey.Copy, table, self.copy, context=Qt.ShortcutContext.WidgetShortcut)
        return table

    def _level_width(self) -> int:
        return self.fontMetrics().horizontalAdvance("⚠ " + self.tr("warning")) + 28

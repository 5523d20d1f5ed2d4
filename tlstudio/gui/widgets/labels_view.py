"""The labels with their numbers: renamed in their line, merged into one, or left out. And the texts' lengths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QSortFilterProxyModel, Qt, Signal
from PySide6.QtGui import QFont, QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QLineEdit, QTableView, QWidget

from tlstudio.gui import formats, i18n, theme, words
from tlstudio.gui.widgets.bars import SHARE_ROLE, BarDelegate
from tlstudio.gui.widgets.charts import Histogram
from tlstudio.gui.widgets.common import Card, button, label, row
from tlstudio.gui.widgets.splitter import splitter

_LABEL, _ROWS, _NEW = range(3)
_SORT_ROLE = Qt.ItemDataRole.UserRole
_MANY = 12  # labels, from which on a filter is of use

Index = QModelIndex | QPersistentModelIndex


class LabelsModel(QAbstractTableModel):
    """A line a label of the file; an edit emits ``renamed(old, new)`` and waits for the recipe."""

    renamed = Signal(str, str)

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._counts: list[tuple[str, int]] = []
        self._changes: dict[str, str | None] = {}
        self._most = 1
        self._fixed = False
        self._heads = (self.tr("Label"), self.tr("Rows"), self.tr("New name"))

    def set_labels(
        self, counts: Sequence[tuple[str, int]], changes: Mapping[str, str | None], what: str, fixed: bool
    ) -> None:
        """Shows labels; the same labels with other new names keep the selection.

        Args:
            what: heading of the numbers.
            fixed: whether they cannot be renamed.
        """
        self._changes, self._fixed = dict(changes), fixed
        self._heads = (self.tr("Label"), what, self.tr("New name"))
        self._most = max((count for _, count in counts), default=1) or 1
        if [name for name, _ in counts] == [name for name, _ in self._counts]:
            self._counts = list(counts)
            if counts:
                self.dataChanged.emit(self.index(0, 0), self.index(len(counts) - 1, _NEW))
            return
        self.beginResetModel()
        self._counts = list(counts)
        self.endResetModel()

    def name(self, row: int) -> str:
        return self._counts[row][0]

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self._counts)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self._heads)

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsEditable if index.column() == _NEW and not self._fixed else flags

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self._heads[section]
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        (name, count), column = self._counts[index.row()], index.column()
        dropped = name in self._changes and self._changes[name] is None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return (name, formats.count(count), self._new(name))[column]
        if role == Qt.ItemDataRole.EditRole:
            return self._changes.get(name) or name
        if role == _SORT_ROLE:
            return (name.casefold(), count, self._new(name).casefold())[column]
        if role == SHARE_ROLE and column == _ROWS:
            return count / self._most
        if role == Qt.ItemDataRole.ForegroundRole and dropped:
            return theme.colour("muted")
        if role == Qt.ItemDataRole.FontRole and dropped and column == _LABEL:
            struck = QFont()
            struck.setStrikeOut(True)
            return struck
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if role != Qt.ItemDataRole.EditRole or index.column() != _NEW:
            return False
        name = self.name(index.row())
        if str(value).strip() == (self._changes.get(name) or name):
            return False
        self.renamed.emit(name, str(value))
        return True

    def _new(self, name: str) -> str:
        if name not in self._changes:
            return ""
        return self._changes[name] or self.tr("left out")


class LabelsTable(QTableView):
    """Delete leaves the chosen labels out; Enter and F2 rename."""

    dropped = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self.state() == QTableView.State.EditingState:
            super().keyPressEvent(event)  # a key that the line has left over
        elif event.key() == Qt.Key.Key_Delete:
            self.dropped.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self.edit(self.currentIndex().siblingAtColumn(_NEW))
        else:
            super().keyPressEvent(event)


class LabelsView(QWidget):
    """Signals: what the user wants. Setters: what is known."""

    labels_wished = Signal(object)  # old label to new one, None to leave out, empty to reset
    merge_requested = Signal(list)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.card = labels = Card(self.tr("Rows of each label"), self)
        self.filter = QLineEdit(labels)
        self.filter.setPlaceholderText(self.tr("Filter"))
        self.filter.setAccessibleName(self.tr("Filter the labels"))
        self.filter.setClearButtonEnabled(True)
        self.filter.setMaximumWidth(180)
        labels.header.addWidget(self.filter)
        labels.body.addWidget(self._make_table(), 1)
        self.buttons = self._make_buttons()
        labels.body.addWidget(self.buttons)
        self.note = label("", "caption", wrap=True, parent=labels)
        labels.body.addWidget(self.note)
        self.lengths = Card(self.tr("Lengths of the texts"), self)
        self.histogram = Histogram(self.lengths)
        self.histogram.setAccessibleName(self.tr("Lengths of the texts"))
        self.lengths.body.addWidget(self.histogram, 1)
        parts = splitter(Qt.Orientation.Horizontal)
        parts.addWidget(labels)
        parts.addWidget(self.lengths)
        parts.setStretchFactor(0, 3)
        parts.setStretchFactor(1, 2)
        self.nothing = label(self.tr("No column holds labels: there is nothing to count."), "muted", parent=self)
        layout = row(parts, self.nothing, stretch=False)
        layout.setContentsMargins(0, 8, 0, 0)
        self.setLayout(layout)
        self._on_selection()

    # --- parts

    def _make_table(self) -> QTableView:
        self.model = LabelsModel(self)
        self.model.renamed.connect(self._on_renamed)
        self.sorted = QSortFilterProxyModel(self)
        self.sorted.setSourceModel(self.model)
        self.sorted.setSortRole(_SORT_ROLE)
        self.sorted.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.filter.textChanged.connect(self.sorted.setFilterFixedString)
        self.table = LabelsTable(self)
        self.table.setModel(self.sorted)
        self.table.setAccessibleName(self.tr("Labels with their numbers of rows and new names"))
        self.table.dropped.connect(self._drop)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setItemDelegateForColumn(_ROWS, BarDelegate(parent=self.table))
        self.table.setSortingEnabled(True)
        self.table.sortByColumn(-1, Qt.SortOrder.AscendingOrder)
        self.table.setShowGrid(False)
        self.table.setWordWrap(False)
        self.table.setTabKeyNavigation(False)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(26)
        header = self.table.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.table.setMinimumHeight(100)
        self.table.selectionModel().selectionChanged.connect(self._on_selection)
        return self.table

    def _make_buttons(self) -> QWidget:
        self.merge_button = button(self.tr("Merge into one…"), help=self.tr("The chosen labels get one name"))
        self.drop_button = button(self.tr("Leave out"), help=self.tr("Rows with the chosen labels are not used"))
        self.reset_button = button(self.tr("Reset"), help=self.tr("The chosen labels stay as they are in the file"))
        self.merge_button.clicked.connect(self._merge)
        self.drop_button.clicked.connect(self._drop)
        self.reset_button.clicked.connect(self._reset)
        buttons = QWidget(self)
        line = row(self.merge_button, self.drop_button, self.reset_button)
        line.setContentsMargins(0, 0, 0, 0)
        buttons.setLayout(line)
        return buttons

    # --- setters

    def set_labels(
        self,
        raw: Sequence[tuple[str, int]],
        changes: Mapping[str, str | None],
        after: Sequence[tuple[str, int]],
        rows: int,
    ) -> None:
        """Labels of the file, what they become, and what is left after all repairs. Emits nothing.

        Args:
            rows: that are left; one may have several labels.
        """
        self._show(raw, changes, self.tr("Rows of each label"), self.tr("Rows"), False)
        text = self.tr("{before} labels in the data; {after} after all repairs, in {rows} rows.")
        shown = {"before": len(raw), "after": len(after), "rows": rows}
        counts = {key: formats.count(value) for key, value in shown.items()}
        self.note.setText(i18n.filled(text, **counts) if raw else "")

    def set_tags(self, counts: Sequence[tuple[str, int]]) -> None:
        """Tokens of each tag, which are only shown."""
        self._show(counts, {}, self.tr("Tokens of each tag"), self.tr("Tokens"), True)
        self.note.setText(i18n.filled(self.tr("{n} tags in the data."), n=formats.count(len(counts))))

    def set_boxes(self, counts: Sequence[tuple[str, int]]) -> None:
        """Boxes of each label, which are only shown."""
        self._show(counts, {}, self.tr("Boxes of each label"), self.tr("Boxes"), True)
        self.note.setText(i18n.filled(self.tr("{n} labels of boxes in the data."), n=formats.count(len(counts))))

    def set_lengths(self, edges: list[float], counts: list[float], unit: str, title: str = "") -> None:
        """``title``: whose lengths, where it is not those of texts."""
        self.lengths.title.setText(title or self.tr("Lengths of the texts"))
        self.histogram.set_counts(edges, counts, unit)
        self.lengths.setVisible(bool(counts))
        self.nothing.setVisible(self.card.isHidden() and self.lengths.isHidden())

    def chosen(self) -> list[str]:
        """The selected labels, as they are in the file."""
        rows = self.table.selectionModel().selectedRows()
        return [self.model.name(self.sorted.mapToSource(index).row()) for index in rows]

    # --- inside

    def _show(
        self, counts: Sequence[tuple[str, int]], changes: Mapping[str, str | None], title: str, what: str, fixed: bool
    ) -> None:
        self.card.setVisible(bool(counts))
        self.card.title.setText(title)
        self.model.set_labels(counts, changes, what, fixed)
        self.table.setColumnHidden(_NEW, fixed)
        self.buttons.setVisible(not fixed)
        self.filter.setVisible(len(counts) > _MANY)
        summary = words.listing(f"{name}: {formats.count(count)}" for name, count in list(counts)[:40])
        self.table.setAccessibleDescription(summary)

    def _on_selection(self) -> None:
        chosen = self.chosen()
        self.merge_button.setEnabled(len(chosen) > 1)
        self.drop_button.setEnabled(bool(chosen))
        self.reset_button.setEnabled(bool(chosen))

    def _on_renamed(self, old: str, new: str) -> None:
        self.labels_wished.emit({old: new})

    def _merge(self) -> None:
        self.merge_requested.emit(self.chosen())

    def _drop(self) -> None:
        if chosen := self.chosen():
            self.labels_wished.emit(dict.fromkeys(chosen))

    def _reset(self) -> None:
        self.labels_wished.emit(dict.fromkeys(self.chosen(), ""))

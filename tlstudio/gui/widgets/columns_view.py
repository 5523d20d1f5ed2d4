"""What each column is for: a line a column with its role, why, and what is in it; the text template below."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QFont, QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHeaderView,
    QLabel,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from tlstudio.data.roles import ROLES, SAMPLE
from tlstudio.gui import formats, theme
from tlstudio.gui.forms import TextBox
from tlstudio.gui.i18n import engine
from tlstudio.gui.widgets.common import label, row
from tlstudio.gui.widgets.template_edit import TemplateEdit

_ROLE = 1  # number of the column with the roles
_PALE = (2, 3, 4, 5)
_ARROW = "  ▾"

Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True)
class ColumnFacts:
    """A column of the data. ``kind`` is text or list; numbers are of the first rows."""

    name: str
    kind: str = "text"
    role: str = ""
    reason: str = ""
    distinct: int = 0
    empty: int = 0
    examples: tuple[str, ...] = ()


class ColumnsModel(QAbstractTableModel):
    """A line a column; editing the role emits ``role_wished(column, role)`` and waits for the new facts."""

    role_wished = Signal(str, str)

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._columns: list[ColumnFacts] = []
        self._heads = [self.tr("Column"), self.tr("Role"), self.tr("Why"), self.tr("Kind"), self.tr("Different"),
                       self.tr("Empty"), self.tr("Examples")]  # fmt: skip

    def set_columns(self, columns: Sequence[ColumnFacts]) -> None:
        """Shows columns; where only roles and numbers change, the selection stays."""
        if [item.name for item in columns] == [item.name for item in self._columns]:
            self._columns = list(columns)
            if columns:
                self.dataChanged.emit(self.index(0, 0), self.index(len(columns) - 1, len(self._heads) - 1))
            return
        self.beginResetModel()
        self._columns = list(columns)
        self.endResetModel()

    def facts(self, row: int) -> ColumnFacts:
        return self._columns[row]

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self._columns)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self._heads)

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsEditable if index.column() == _ROLE else flags

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self._heads[section]
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        facts, column = self._columns[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(facts, column)
        if role == Qt.ItemDataRole.EditRole and column == _ROLE:
            return facts.role
        if role == Qt.ItemDataRole.ToolTipRole:
            help_text = engine(ROLES[facts.role].help) if column == _ROLE and facts.role in ROLES else ""
            return help_text or self._text(facts, column)
        if role == Qt.ItemDataRole.FontRole and column == _ROLE and facts.role not in ("", "ignore"):
            bold = QFont()
            bold.setWeight(QFont.Weight.DemiBold)
            return bold
        if role == Qt.ItemDataRole.ForegroundRole and (column in _PALE or (column == _ROLE and not facts.role)):
            return theme.colour("muted")
        if role == Qt.ItemDataRole.ForegroundRole and facts.role == "ignore":
            return theme.colour("muted")
        if role == Qt.ItemDataRole.TextAlignmentRole and column in (4, 5):
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if role != Qt.ItemDataRole.EditRole or index.column() != _ROLE:
            return False
        facts = self._columns[index.row()]
        if value == facts.role:
            return False
        self.role_wished.emit(facts.name, str(value))
        return True

    def _text(self, facts: ColumnFacts, column: int) -> str:
        kinds = {"text": self.tr("text"), "list": self.tr("list")}
        return (
            facts.name,
            role_title(facts.role) + _ARROW,
            engine(facts.reason),
            kinds.get(facts.kind, facts.kind),
            formats.count(facts.distinct),
            formats.count(facts.empty) if facts.empty else "",
            "   |   ".join(" ".join(text.split()) for text in facts.examples),
        )[column]


class RoleDelegate(QStyledItemDelegate):
    """The roles that fit a column, as a list that opens at once."""

    def createEditor(self, parent: QWidget, _option: QStyleOptionViewItem, index: Index) -> QWidget:
        box = QComboBox(parent)
        model: Any = index.model()
        box.setAccessibleName(self.tr("Role of {column}").format(column=model.facts(index.row()).name))
        for role in ("", *fitting(model.facts(index.row()).kind)):
            box.addItem(role_title(role), role)
            if role:
                box.setItemData(box.count() - 1, engine(ROLES[role].help), Qt.ItemDataRole.ToolTipRole)
        box.activated.connect(self._close)
        return box

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        if isinstance(editor, QComboBox):
            editor.setCurrentIndex(max(editor.findData(index.data(Qt.ItemDataRole.EditRole)), 0))
            editor.showPopup()

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: Index) -> None:
        if isinstance(editor, QComboBox):
            model.setData(index, editor.currentData())

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, _index: Index) -> None:
        editor.setGeometry(option.rect)

    def _close(self) -> None:
        box = self.sender()
        if isinstance(box, QWidget):
            self.commitData.emit(box)
            self.closeEditor.emit(box)


class ColumnsTable(QTableView):
    """A click, Enter, F2 or a letter opens the list of roles; the arrows only move."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        triggers = QAbstractItemView.EditTrigger
        self.setEditTriggers(triggers.EditKeyPressed | triggers.AnyKeyPressed)
        self.clicked.connect(self._open)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if enter and self.currentIndex().isValid() and self.state() != QTableView.State.EditingState:
            self.edit(self.currentIndex().siblingAtColumn(_ROLE))
        else:
            super().keyPressEvent(event)

    def _open(self, index: QModelIndex) -> None:
        if index.column() == _ROLE:
            self.edit(index)


class ColumnsView(QWidget):
    """Signals: what the user wants. Setters: what is known."""

    role_wished = Signal(str, str)  # column, role or empty
    separator_wished = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 8, 0, 0)
        layout.setSpacing(10)
        layout.addWidget(self._make_table(), 1)
        self.note = label("", "caption", parent=self)
        self.note.hide()
        layout.addWidget(self.note)
        layout.addWidget(self._make_separator())
        self.template = TemplateEdit(self)
        layout.addWidget(self.template)

    # --- parts

    def _make_table(self) -> QTableView:
        self.model = ColumnsModel(self)
        self.model.role_wished.connect(self.role_wished)
        self.table = ColumnsTable(self)
        self.table.setModel(self.model)
        self.table.setItemDelegateForColumn(_ROLE, RoleDelegate(self.table))
        self.table.setAccessibleName(self.tr("Columns and their roles"))
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.table.setShowGrid(False)
        self.table.setAlternatingRowColors(True)
        self.table.setWordWrap(False)
        self.table.setTabKeyNavigation(False)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(30)
        header = self.table.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setStretchLastSection(True)
        self.table.setMinimumHeight(120)
        return self.table

    def _make_separator(self) -> QWidget:
        self.separator_line = QWidget(self)
        self.separator = TextBox(self.separator_line)
        self.separator.setMaxLength(5)
        self.separator.setMaximumWidth(80)
        self.separator.setAccessibleName(self.tr("Separator between several labels"))
        self.separator.committed.connect(self.separator_wished)
        caption = QLabel(self.tr("&Separator between several labels in one cell:"), self.separator_line)
        caption.setBuddy(self.separator)
        line = row(caption, self.separator)
        line.setContentsMargins(0, 0, 0, 0)
        self.separator_line.setLayout(line)
        return self.separator_line

    # --- setters

    def set_columns(self, columns: Sequence[ColumnFacts]) -> None:
        """Shows the columns; emits nothing."""
        fresh = self.model.rowCount() != len(columns)
        self.model.set_columns(columns)
        self.template.set_columns([item.name for item in columns])
        if fresh and columns:
            self._fit()

    def set_rows(self, count: int) -> None:
        """How many rows there are: what is in a column is told from the first of them."""
        text = self.tr("The numbers and examples are from the first {n} of {all} rows.")
        self.note.setText(text.format(n=formats.count(SAMPLE), all=formats.count(count)))
        self.note.setVisible(count > SAMPLE)

    def set_separator(self, text: str, used: bool) -> None:
        """``used``: the labels stand in the cells of one column."""
        self.separator.set_text(text)
        self.separator_line.setVisible(used)

    # --- inside

    def _fit(self) -> None:
        header = self.table.horizontalHeader()
        self.table.resizeColumnsToContents()
        for column, (least, most) in enumerate(((90, 200), (130, 190), (60, 170), (50, 70), (60, 90), (50, 90))):
            header.resizeSection(column, min(max(header.sectionSize(column), least), most))
        header.setSectionResizeMode(6, QHeaderView.ResizeMode.Stretch)


def fitting(kind: str) -> list[str]:
    """Names of the roles that a column of texts or of lists can have."""
    return [name for name, role in ROLES.items() if role.kind in ("any", kind)]


def role_title(role: str) -> str:
    """The role in the user's language; a dash where a column has none."""
    return engine(ROLES[role].title) if role in ROLES else formats.NONE


def used_columns(roles: Mapping[str, str | Sequence[str]], role: str) -> list[str]:
    """Columns that have a role."""
    given = roles.get(role, ())
    return [given] if isinstance(given, str) else list(given)

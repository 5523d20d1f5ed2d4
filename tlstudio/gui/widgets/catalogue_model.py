"""The catalogue of models as a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from tlstudio.gui import formats, i18n, theme, words

_NAMED = 2  # languages from which on only their number is told
Index = QModelIndex | QPersistentModelIndex


class CatalogueModel(QAbstractTableModel):
    """One row a model: title, size, languages, licence, whether it is on this machine."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._entries: list[dict[str, Any]] = []
        self._unsuited: Mapping[str, str] = {}

    def set_entries(self, entries: list[dict[str, Any]], unsuited: Mapping[str, str] | None = None) -> None:
        """``unsuited``: names of models that cannot learn the task, and why."""
        self.beginResetModel()
        self._entries, self._unsuited = entries, unsuited or {}
        self.endResetModel()

    def entry(self, row: int) -> dict[str, Any] | None:
        return self._entries[row] if 0 <= row < len(self._entries) else None

    def row_of(self, name: str) -> int:
        """Row of a model, or -1."""
        return next((row for row, entry in enumerate(self._entries) if entry["name"] == name), -1)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self._entries)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else 6

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal or role != Qt.ItemDataRole.DisplayRole:
            return None
        return (
            self.tr("Model"),
            self.tr("Parameters"),
            self.tr("Size"),
            self.tr("Languages"),
            self.tr("Licence"),
            self.tr("On this machine"),
        )[section]

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        entry = self.entry(index.row())
        if entry is None:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self._texts(entry)[index.column()]
        if role == Qt.ItemDataRole.ToolTipRole:
            lines = (entry["name"], i18n.engine(entry.get("summary", "")), self._unsuited.get(entry["name"], ""))
            return "\n".join(line for line in lines if line)
        if role == Qt.ItemDataRole.ForegroundRole and entry["name"] in self._unsuited:
            return theme.colour("muted")
        if entry["name"] in self._unsuited and index.column() == 0:
            if role == Qt.ItemDataRole.DecorationRole:
                return theme.icon("warning", "muted")
            if role == Qt.ItemDataRole.AccessibleTextRole:
                return self.tr("{model} (not for this task)").format(model=self._texts(entry)[0])
        if role == Qt.ItemDataRole.DecorationRole and index.column() == 5:
            present = bool(entry.get("present"))
            return theme.icon("check" if present else "download", "ok" if present else "muted")
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() in (1, 2):
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None

    def _texts(self, entry: dict[str, Any]) -> tuple[str, ...]:
        return (
            i18n.engine(entry.get("title") or entry["name"]),
            formats.parameters(entry.get("parameters") or 0),
            formats.size(entry.get("bytes") or 0),
            self._languages(entry.get("languages") or []),
            str(entry.get("licence") or "?"),
            self.tr("yes") if entry.get("present") else self.tr("to download"),
        )

    def _languages(self, codes: list[str]) -> str:
        """Short, because the column must leave room for the names; all of them stand with the chosen model."""
        return words.languages(codes) if len(codes) <= _NAMED else self.tr("{n} languages").format(n=len(codes))

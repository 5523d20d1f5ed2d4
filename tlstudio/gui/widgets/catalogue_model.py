"""The catalogue of models as a table."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from tlstudio.gui import formats, i18n, theme, words

Index = QModelIndex | QPersistentModelIndex


class CatalogueModel(QAbstractTableModel):
    """One row a model: title, size, languages, licence, whether it is on this machine."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._entries: list[dict[str, Any]] = []

    def set_entries(self, entries: list[dict[str, Any]]) -> None:
        self.beginResetModel()
        self._entries = entries
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
            return f"{entry['name']}\n{i18n.engine(entry.get('summary', ''))}"
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
            words.languages(entry.get("languages") or []),
            str(entry.get("licence") or "?"),
            self.tr("yes") if entry.get("present") else self.tr("to download"),
        )

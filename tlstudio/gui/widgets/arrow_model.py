"""A table over a memory-mapped Arrow file: smooth at a million rows, because only visible rows become text."""

from __future__ import annotations

import bisect
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from tlstudio.core.errors import StudioError
from tlstudio.gui import formats

if TYPE_CHECKING:
    import pyarrow as pa

_PAGE = 128  # rows that become text together
_PAGES = 24
_SHOWN = 400  # characters of a cell; the tooltip shows more
_TOOLTIP = 2000
_MAGIC = b"ARROW1"

Index = QModelIndex | QPersistentModelIndex


class ArrowModel(QAbstractTableModel):
    """Rows of an Arrow file (stream or file format). Record batches stay in the map; pages of text are cached."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._map: Any = None
        self._batches: list[pa.RecordBatch] = []
        self._starts: list[int] = []
        self._rows = 0
        self._names: list[str] = []
        self._roles: dict[str, str] = {}
        self._pages: OrderedDict[int, list[list[str]]] = OrderedDict()

    def open(self, path: Path | str) -> None:
        """Shows a file.

        Raises:
            StudioError: the file is missing or not Arrow.
        """
        import pyarrow as pa

        self.beginResetModel()
        try:
            self._forget()
            self._map = pa.memory_map(str(path))
            self._batches = _batches(self._map)
        except (OSError, pa.ArrowInvalid) as error:
            self._forget()
            raise StudioError(
                "data.preview", "The preview of {path} cannot be read.", "Choose the file again.", path=str(path)
            ) from error
        finally:
            self._index()
            self.endResetModel()

    def close(self) -> None:
        """Lets the file go (Windows cannot replace a mapped file)."""
        self.beginResetModel()
        self._forget()
        self._index()
        self.endResetModel()

    @property
    def columns(self) -> list[str]:
        return list(self._names)

    def set_roles(self, roles: dict[str, str]) -> None:
        """Marks columns in the header; role to column, such as ``{"text": "message"}``."""
        self._roles = {column: role for role, column in roles.items()}
        if self._names:
            self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(self._names) - 1)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else self._rows

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self._names)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self._cell(index.row(), index.column())
        if role == Qt.ItemDataRole.ToolTipRole:
            return self.full_text(index.row(), index.column(), _TOOLTIP)
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Vertical:
            return formats.count(section + 1) if role == Qt.ItemDataRole.DisplayRole else None
        if section >= len(self._names):
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            name = self._names[section]
            mark = {"text": self.tr("text"), "label": self.tr("label")}.get(self._roles.get(name, ""))
            return f"{name}  ({mark})" if mark and mark != name else name
        return None

    def full_text(self, row: int, column: int, limit: int | None = None) -> str:
        """One cell as text, up to ``limit`` characters."""
        where = bisect.bisect_right(self._starts, row) - 1
        value = self._batches[where].column(column)[row - self._starts[where]].as_py()
        text = "" if value is None else str(value)
        return text if limit is None or len(text) <= limit else text[:limit] + "…"

    def _cell(self, row: int, column: int) -> str:
        number = row // _PAGE
        page = self._pages.get(number)
        if page is None:
            page = self._pages[number] = self._read(number * _PAGE)
            while len(self._pages) > _PAGES:
                self._pages.popitem(last=False)
        else:
            self._pages.move_to_end(number)
        return page[column][row - number * _PAGE]

    def _read(self, first: int) -> list[list[str]]:
        """Texts of a page: one list a column."""
        page: list[list[str]] = [[] for _ in self._names]
        last = min(first + _PAGE, self._rows)
        while first < last:
            where = bisect.bisect_right(self._starts, first) - 1
            batch = self._batches[where]
            offset = first - self._starts[where]
            length = min(last - first, batch.num_rows - offset)
            for column, texts in enumerate(page):
                texts.extend(_texts(batch.column(column).slice(offset, length)))
            first += length
        return page

    def _forget(self) -> None:
        self._batches, self._pages = [], OrderedDict()
        if self._map is not None:
            self._map.close()
            self._map = None

    def _index(self) -> None:
        self._names = list(self._batches[0].schema.names) if self._batches else []
        self._batches = [batch for batch in self._batches if batch.num_rows]
        self._starts, self._rows = [], 0
        for batch in self._batches:
            self._starts.append(self._rows)
            self._rows += batch.num_rows


def _batches(source: Any) -> list[pa.RecordBatch]:
    """Record batches of a mapped file; nothing is copied."""
    import pyarrow as pa

    head = source.read(len(_MAGIC))
    source.seek(0)
    if head == _MAGIC:
        reader = pa.ipc.open_file(source)
        return [reader.get_batch(index) for index in range(reader.num_record_batches)]
    return list(pa.ipc.open_stream(source))


def _texts(column: pa.Array) -> list[str]:
    """A column as short one-line texts; long strings are cut before they become Python objects."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        column = pc.utf8_slice_codeunits(column, 0, _SHOWN)
    return ["" if value is None else str(value).replace("\n", " ⏎ ") for value in column.to_pylist()]

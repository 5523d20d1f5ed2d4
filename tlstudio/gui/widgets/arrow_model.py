"""A table over a memory-mapped Arrow file: smooth at millions of rows, because only visible rows become text."""

from __future__ import annotations

import bisect
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from tlstudio.core.errors import StudioError
from tlstudio.data.detect.reading import MESSAGE
from tlstudio.data.roles import ROLES
from tlstudio.data.rowwise import message_of
from tlstudio.gui import formats
from tlstudio.gui.i18n import engine

if TYPE_CHECKING:
    import pyarrow as pa

_PAGE = 128  # rows that become text together
_PAGES = 24
_SHOWN = 400  # characters of a cell; the tooltip shows more
_TOOLTIP = 2000
_MAGIC = b"ARROW1"
_BETWEEN = " · "  # the parts of a list

IMAGE_ROLE = Qt.ItemDataRole.UserRole  # path of the cell's file, in columns of images and recordings

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
        self._roles: dict[str, tuple[str, ...]] = {}  # role to columns
        self._images: list[int] = []
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

    @property
    def images(self) -> list[int]:
        """Numbers of the columns whose cells are shown as pictures: images, and recordings."""
        return self._images

    def set_roles(self, roles: Mapping[str, str | Sequence[str]]) -> None:
        """Marks columns in the header; role to column or columns, such as ``{"text": "message"}``."""
        self._roles = {role: (given,) if isinstance(given, str) else tuple(given) for role, given in roles.items()}
        self._find_images()
        if self._names:
            self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(self._names) - 1)
            self.dataChanged.emit(self.index(0, 0), self.index(self._rows - 1, len(self._names) - 1))

    def record(self, row: int) -> dict[str, Any]:
        """A row in full: column to text or list of texts."""
        batch, offset = self._locate(row)
        values = {name: batch.column(index)[offset].as_py() for index, name in enumerate(self._names)}
        return {name: "" if value is None else value for name, value in values.items()}

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
            return self._tip(index.row(), index.column())
        if role == IMAGE_ROLE and index.column() in self.images:
            return self.full_text(index.row(), index.column())
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Vertical:
            return formats.count(section + 1) if role == Qt.ItemDataRole.DisplayRole else None
        if section >= len(self._names):
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            marks = ", ".join(engine(ROLES[role].title) for role in self.roles_of(self._names[section]))
            return f"{self._names[section]}  ({marks})" if marks else self._names[section]
        if role == Qt.ItemDataRole.ToolTipRole:
            return "\n".join(engine(ROLES[role].help) for role in self.roles_of(self._names[section]))
        return None

    def roles_of(self, column: str) -> list[str]:
        return [role for role, columns in self._roles.items() if column in columns and role in ROLES]

    def full_text(self, row: int, column: int, limit: int | None = None) -> str:
        """One cell as text, up to ``limit`` characters."""
        batch, offset = self._locate(row)
        text = as_text(batch.column(column)[offset].as_py())
        return text if limit is None or len(text) <= limit else text[:limit] + "…"

    def _locate(self, row: int) -> tuple[pa.RecordBatch, int]:
        """The batch of a row, and the row's number in it."""
        where = bisect.bisect_right(self._starts, row) - 1
        return self._batches[where], row - self._starts[where]

    def _tip(self, row: int, column: int) -> str:
        """The cell in full; words stand with their tags."""
        tokens, tags = ((self._roles.get(role) or ("",))[0] for role in ("tokens", "tags"))
        if self._names[column] in (tokens, tags) and tags in self._names and tokens in self._names:
            text = tagged(*(self.record(row)[name] for name in (tokens, tags)))
            return text if len(text) <= _TOOLTIP else text[:_TOOLTIP] + "…"
        return self.full_text(row, column, _TOOLTIP)

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
            batch, offset = self._locate(first)
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

    def _find_images(self) -> None:
        given = (*self._roles.get("image", ()), *self._roles.get("audio", ()))
        self._images = [index for index, name in enumerate(self._names) if name in given]

    def _index(self) -> None:
        self._names = list(self._batches[0].schema.names) if self._batches else []
        self._find_images()
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


def as_text(value: Any) -> str:
    """A cell in full; the parts of a list between dots, and messages with who says them."""
    if isinstance(value, list):
        return _BETWEEN.join(said(item) if str(item).startswith(MESSAGE) else str(item) for item in value)
    return "" if value is None else str(value)


def said(item: str) -> str:
    """A message as people write it: ``user: hello``; what is none stays as it is."""
    message = message_of(item)
    return f"{message['role']}: {message['content']}" if message is not None else item


def tagged(tokens: Sequence[str], tags: Sequence[str]) -> str:
    """Words with their tags: ``Peter/B-PER lives/O``; a word without a tag stands alone."""
    return " ".join(f"{token}/{tag}" if tag else token for token, tag in zip_longest(tokens, tags, fillvalue=""))


def _texts(column: pa.Array) -> list[str]:
    """A column as short one-line texts; long strings are cut before they become Python objects."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        column = pc.utf8_slice_codeunits(column, 0, _SHOWN)
    elif pa.types.is_list(column.type):
        column = pc.list_slice(column, 0, _SHOWN // 2)
    texts = (as_text(value) for value in column.to_pylist())
    return [(text if len(text) <= _SHOWN else text[:_SHOWN]).replace("\n", " ⏎ ") for text in texts]

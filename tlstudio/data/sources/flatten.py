"""JSON as rows: decoding that hides nothing, and nested objects as columns by dotted path."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal

from tlstudio.core.errors import StudioError
from tlstudio.core.files import explain_os_errors
from tlstudio.data.scan import Scan
from tlstudio.data.sources import chat

if TYPE_CHECKING:
    import pyarrow as pa

Row = dict[str, Any]

_ROWS, _CHARACTERS = 5_000, 16 << 20  # of a batch: whichever comes first
_DEPTH = 16  # objects nested deeper than this stay JSON text
_WIDTH = 5_000  # columns: more are keys that are really values, such as {"id 1": {…}, "id 2": {…}}
_BLANK = "\ufeff \t\r\n"
_LIST, _OTHER, _CHAT, _EMPTY = 1, 2, 4, 8
_TAIL = 64 << 10
_COCO = tuple(
    re.compile(pattern)
    for pattern in (
        rb'"(images|categories)"\s*:\s*\[\s*\{',
        rb'"annotations"\s*:\s*\[|"category_id"\s*:',
        rb'"bbox"\s*:|"categories"\s*:\s*\[\s*\{',
    )
)


# --- decoding


def _unique(pairs: list[tuple[str, Any]]) -> Row:
    row = {sound(name): value for name, value in pairs}
    if len(row) < len(pairs):
        raise ValueError("a key occurs twice")
    return row


def _constant(name: str) -> float | None:
    """Python's writer puts NaN where a value is missing."""
    return None if name == "NaN" else float(name)


DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_constant)


def reason_of(error: ValueError | RecursionError) -> str:
    """Why JSON could not be decoded, in words."""
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, json.JSONDecodeError):
        return error.msg
    return "a number has too many digits" if "digits" in str(error) else str(error)


def sound(text: str) -> str:
    """JSON can spell half a surrogate pair, which is no character and cannot be stored."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


@contextlib.contextmanager
def opened(path: Path, encoding: str) -> Iterator[IO[str]]:
    """The file as text with ``\\n`` as line ends.

    Raises:
        StudioError: it cannot be read, or has another encoding.
    """
    with explain_os_errors(path), open(path, encoding=encoding) as stream:
        try:
            yield stream
        except UnicodeError as error:
            raise StudioError(
                "data.bad-encoding-choice", "{path} is not {encoding} text.", "Choose another encoding.",
                where="data.encoding", path=str(path), encoding=encoding,
            ) from error  # fmt: skip


# --- recognising


def json_kind(found: Scan) -> Literal["", "lines", "document"]:
    """Whether a file is JSON Lines, one JSON document, or neither; told by its content."""
    if found.kind != "text":
        return ""
    head = found.head.decode(found.encoding or "utf-8", errors="replace").lstrip(_BLANK)
    suffix = found.path.suffix.lower()
    if re.match(r'\[\s*[\[{"\]]', head):
        return "document"
    if not re.match(r'\{\s*["}]', head) and not (head.startswith("{") and "json" in suffix):
        return ""
    first, *others = head.split("\n", 1) if "\n" in head else head.split("\r", 1)
    more = others[0].lstrip(_BLANK) if others else ""
    usual: Literal["lines", "document"] = "document" if suffix == ".json" else "lines"
    try:
        row = DECODER.decode(first.strip(_BLANK))
    except (ValueError, RecursionError):
        if not others and found.size > len(found.head):  # one very long line
            return "document" if re.match(r'\{\s*"[^"]*"\s*:\s*\[\s*\{', head) else usual
        broken_line = first.rstrip().endswith("}") and more.startswith("{")
        return "lines" if broken_line or (not more and usual == "lines") else "document"
    if more or "jsonl" in suffix or "ndjson" in suffix:
        return "lines"
    return "document" if find_records(row) is not None else "lines"


def is_coco(found: Scan) -> bool:
    """Whether a JSON document lists images with boxes, told by its beginning and its end: it may be long."""
    if found.kind != "text" or not found.head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return False
    ends = found.head
    if found.size > len(ends):
        with explain_os_errors(found.path), open(found.path, "rb") as stream:
            stream.seek(max(found.size - _TAIL, 0))
            ends += stream.read()
    return all(mark.search(ends) for mark in _COCO)


def find_records(document: Any) -> str | None:
    """The dotted path of the largest list of objects in a document, or else of the first object of columns.

    ``.`` is the document itself; None where there is neither. Lists are not searched.
    """
    lists, tables = dict[str, int](), list[str]()
    for path, value in _walk(document, "", 0):
        if isinstance(value, list) and value and isinstance(value[0], dict):
            lists[path] = len(value)
        elif isinstance(value, dict) and rows_of(value) is not None:
            tables.append(path)
    if lists:
        return max(lists, key=lambda path: lists[path])
    return tables[0] if tables else None


def _walk(value: Any, path: str, depth: int) -> Iterator[tuple[str, Any]]:
    yield path or ".", value
    if isinstance(value, dict) and depth < _DEPTH:
        for name, inner in value.items():
            yield from _walk(inner, f"{path}.{name}" if path else name, depth + 1)


def rows_of(value: Any) -> list[Any] | None:
    """The rows that lie in a value of a JSON document; None where it is no table.

    A list of rows; columns as ``{"text": ["a", "b"]}`` or, as pandas writes them, ``{"text": {"0": "a", "1": "b"}}``;
    rows by number as ``{"0": {"text": "a"}}`` (pandas' orientations list, columns and index).
    """
    if isinstance(value, list):
        return value
    if not isinstance(value, dict) or not value:
        return None
    columns = list(value.values())
    if all(isinstance(column, list) for column in columns):
        same = len({len(column) for column in columns}) == 1
        return [dict(zip(value, cells, strict=True)) for cells in zip(*columns, strict=True)] if same else None
    if not all(isinstance(column, dict) and column for column in columns):
        return None
    inner = dict.fromkeys(key for column in columns for key in column)
    if all(name.isdecimal() for name in value) and not all(name.isdecimal() for name in inner):
        return columns
    if any(isinstance(cell, (dict, list)) for column in columns for cell in column.values()):
        return None
    return [{name: column.get(key) for name, column in value.items()} for key in inner]


# --- flattening


def flat(row: Row) -> Row:
    """The row with nested objects replaced by their values under dotted paths (``user.name``).

    Raises:
        ValueError: two values have the same path.
    """
    found: Row = {}
    _flatten(row, "", 0, found)
    return found


def _flatten(row: Row, prefix: str, depth: int, found: Row) -> None:
    for name, value in row.items():
        path = prefix + name
        if isinstance(value, dict) and depth < _DEPTH:
            _flatten(value, f"{path}.", depth + 1, found)
        elif path in found:
            raise ValueError(f"there are two values for '{path[:80]}'")
        else:
            found[path] = value


class Shape:
    """The columns of rows that have been seen, in the order in which they first appear.

    A column is a list where every value in it is a list of scalars, or missing; or where every one is a conversation,
    which becomes a list of messages. Otherwise it is text, and values that are no scalars stay JSON.
    """

    def __init__(self, place: str) -> None:
        self._place = place
        self._kinds: dict[str, int] = {}

    def see(self, row: Row) -> None:
        """Learns from one flat row.

        Raises:
            StudioError: too many columns.
        """
        for name, value in row.items():
            self._kinds[name] = self._kinds.get(name, 0) | _kind(name, value)
        if len(self._kinds) > _WIDTH:
            raise StudioError(
                "data.too-many-columns", "{path} has more than {limit} different keys.",
                "Every row needs the same few keys; keys that are values, such as numbers, belong into a field.",
                where=self._place, path=self._place, limit=_WIDTH,
            )  # fmt: skip

    def batches(self, rows: Iterable[Row]) -> Iterator[pa.RecordBatch]:
        """The same flat rows as Arrow."""
        import pyarrow as pa

        lists = {name: kind & ~_EMPTY in (_LIST, _CHAT) or kind == _EMPTY for name, kind in self._kinds.items()}
        shown = self._shown()
        schema = pa.schema(
            [(shown[name], pa.list_(pa.string()) if many else pa.string()) for name, many in lists.items()]
        )
        cells: dict[str, list[Any]] = {name: [] for name in lists}
        size = count = 0
        for row in rows:
            count += 1
            for name, column in cells.items():
                column.append(self._listed(name, row.get(name)) if lists[name] else self._cell(row.get(name)))
                size += 1 + (sum(map(len, column[-1])) if lists[name] else len(column[-1]))
            if count == _ROWS or size > _CHARACTERS:
                yield pa.RecordBatch.from_arrays(_arrays(cells, schema), schema=schema)
                cells, size, count = {name: [] for name in lists}, 0, 0
        if count and cells:
            yield pa.RecordBatch.from_arrays(_arrays(cells, schema), schema=schema)

    def _shown(self) -> dict[str, str]:
        """Names of the columns as others see them: a conversation is called messages, unless that name is taken."""
        chats = [name for name, kind in self._kinds.items() if kind & ~_EMPTY == _CHAT]
        renamed = {chats[0]: chat.COLUMN} if len(chats) == 1 and chat.COLUMN not in self._kinds else {}
        return {name: renamed.get(name, name) for name in self._kinds}

    def _listed(self, name: str, value: Any) -> list[str]:
        if self._kinds[name] & _CHAT:
            return [sound(item) for item in chat.messages(value)] if value else []
        return [self._cell(item) for item in value] if isinstance(value, list) else []

    def _cell(self, value: Any) -> str:
        if value is None:
            return ""
        if isinstance(value, str):
            return sound(value)
        try:
            return sound(json.dumps(value, ensure_ascii=False))
        except RecursionError as error:
            raise StudioError(
                "data.too-deep", "A value in {path} is nested too deeply.", "Put the text and the label at the top.",
                where=self._place, path=self._place,
            ) from error  # fmt: skip


def _arrays(cells: dict[str, list[Any]], schema: pa.Schema) -> list[pa.Array]:
    import pyarrow as pa

    return [pa.array(column, field.type) for column, field in zip(cells.values(), schema, strict=True)]


def _kind(name: str, value: Any) -> int:
    if value is None or value == "":
        return 0
    if value == []:
        return _EMPTY
    if chat.is_conversation(name, value):
        return _CHAT
    return _LIST if isinstance(value, list) and not any(isinstance(item, (dict, list)) for item in value) else _OTHER

"""A JSON document: a list of objects, at the top or deeper, or an object of columns."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from tlstudio.core.errors import StudioError
from tlstudio.data.scan import Scan, chosen_encoding
from tlstudio.data.sources.flatten import (
    DECODER,
    Row,
    Shape,
    find_records,
    flat,
    is_coco,
    json_kind,
    opened,
    reason_of,
    rows_of,
)
from tlstudio.data.sources.objects import boxed

if TYPE_CHECKING:
    import pyarrow as pa

_CHUNK = 1 << 20
_WHOLE = 1 << 30  # bytes of a document that must be in memory at once
_ITEM = 256 << 20  # characters
_MARGIN = 16  # a number, a word or an escape that is cut by the end of the buffer is at most this long
_BLANK = re.compile(r"[ \t\r\n\ufeff]*")
_SQUAD = (re.compile(r'"data"\s*:\s*\[\s*\{'), re.compile(r'"paragraphs"\s*:\s*\['))


class Options(BaseModel):
    """Where the rows lie."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    records: str = Field(
        "auto", title="Records", description="Dotted path of the list of rows, such as data.items; a dot is the top."
    )
    encoding: str = Field("auto", title="Encoding", description="Text encoding, such as utf-8, cp1252 or gb18030.")


class JsonSource:
    """JSON documents; a list at the top is read piece by piece, any other document as a whole."""

    NAME = "json"
    TITLE = "JSON"
    SUMMARY = "A list of objects, at the top of the document or deeper, or an object of columns."
    SUFFIXES = (".json",)
    Config = Options

    def recognises(self, found: Scan) -> bool:
        if json_kind(found) != "document" or is_coco(found):
            return False
        head = found.head.decode(found.encoding or "utf-8", errors="replace")
        return head.lstrip("\ufeff \t\r\n").startswith("[") or not all(mark.search(head) for mark in _SQUAD)

    def settle(self, found: Scan, config: Options) -> Options:
        encoding, records = chosen_encoding(found, config.encoding), config.records
        if records == "auto":
            records = "." if _is_list(found.path, encoding) else find_records(document(found, encoding)) or ""
        if records:
            return Options(records=records, encoding=encoding)
        raise StudioError(
            "data.no-records", "{path} holds no list of objects and no object of columns.",
            'The rows must look like [{{"text": "…", "label": "…"}}, …], at the top of the document or in one field.',
            where="data.path", path=str(found.path),
        )  # fmt: skip

    def batches(self, found: Scan, config: Options) -> Iterator[pa.RecordBatch]:
        shape = Shape(str(found.path))
        rows = _rows(found, config)
        for row in rows:
            shape.see(row)
        yield from boxed(shape.batches(_rows(found, config) if isinstance(rows, Iterator) else rows))


PLUGIN = JsonSource()


def _rows(found: Scan, config: Options) -> Iterable[Row]:
    """Flat rows: an iterator over the file, or a list where the document is in memory anyway."""
    if config.records == "." and _is_list(found.path, config.encoding):
        return _Items(found.path, config.encoding).rows()
    items = rows_of(_at(document(found, config.encoding), config.records))
    if items is None:
        raise StudioError(
            "data.no-records-there", "In {path} there is no list of objects at '{records}'.",
            "Choose the dotted path of the list that holds the rows, or auto.",
            where="data.records", path=str(found.path), records=config.records,
        )  # fmt: skip
    return [_row(item, found.path, number) for number, item in enumerate(items, 1)]


def _at(value: Any, path: str) -> Any:
    """The value at a dotted path, None if there is none; a key may contain dots itself."""
    if path in (".", ""):
        return value
    if not isinstance(value, dict) or path in value:
        return value.get(path) if isinstance(value, dict) else None
    cuts = [index for index, char in enumerate(path) if char == "." and path[:index] in value]
    return next((inner for cut in cuts if (inner := _at(value[path[:cut]], path[cut + 1 :])) is not None), None)


def _row(item: Any, path: Path, number: int) -> Row:
    try:
        if isinstance(item, dict):
            return flat(item)
        reason = "it is no object: " + json.dumps(item, ensure_ascii=False)[:80]
    except (ValueError, RecursionError) as error:
        reason = reason_of(error)
    raise StudioError(
        "data.bad-item", "Row {row} of {path} cannot be used: {reason}.",
        'Each row must look like {{"text": "…", "label": "…"}}.',
        where=str(path), path=str(path), row=number, reason=reason,
    )  # fmt: skip


def document(found: Scan, encoding: str) -> Any:
    """The whole document.

    Raises:
        StudioError: it is too large for memory, or no JSON.
    """
    if found.size > _WHOLE:
        raise StudioError(
            "data.large-document", "{path} is one JSON object of more than 1 GB, which would have to fit into memory.",
            "Save the rows as JSON Lines (one object a line), or as one list.", where="data.path", path=str(found.path),
        )  # fmt: skip
    with opened(found.path, encoding) as stream:
        text = stream.read().lstrip("\ufeff")
    try:
        return DECODER.decode(text)
    except (ValueError, RecursionError) as error:
        line, column = getattr(error, "lineno", 1), getattr(error, "colno", 1)
        raise _bad(found.path, line, column, reason_of(error)) from error


def _is_list(path: Path, encoding: str) -> bool:
    with opened(path, encoding) as stream:
        while chunk := stream.read(4096):
            if text := chunk.lstrip("\ufeff \t\r\n"):
                return text.startswith("[")
    return False


def _bad(path: Path, line: int, column: int, reason: str) -> StudioError:
    return StudioError(
        "data.bad-json-document", "{path} is not valid JSON at line {line}, column {column}: {reason}.",
        "Correct the document there, or save it again from its source.",
        where=str(path), path=str(path), line=line, column=column, reason=reason,
    )  # fmt: skip


class _Items:
    """The items of a list at the top of a document, with a buffer that holds little more than one of them."""

    def __init__(self, path: Path, encoding: str) -> None:
        self._path, self._encoding = path, encoding
        self._buffer, self._at = "", 0
        self._line, self._column = 1, 1  # where the buffer begins

    def rows(self) -> Iterator[Row]:
        """Flat rows.

        Raises:
            StudioError: naming line and column.
        """
        with opened(self._path, self._encoding) as self._stream:
            self._take("[")
            number, mark = 0, self._peek()
            while mark != "]":
                number += 1
                yield _row(self._item(), self._path, number)
                mark = self._take(",]")
            if number == 0:
                self._take("]")
            if self._peek():
                raise self._error("there is more after the end of the list", self._at)

    def _peek(self) -> str:
        """The next character that is no blank; empty at the end."""
        while True:
            blank = _BLANK.match(self._buffer, self._at)
            self._at = blank.end() if blank else self._at
            if self._at < len(self._buffer):
                return self._buffer[self._at]
            if not self._more():
                return ""

    def _take(self, allowed: str) -> str:
        mark = self._peek()
        if not mark or mark not in allowed:
            wanted = " or ".join(f"'{char}'" for char in allowed)
            raise self._error(f"{wanted} is missing" if mark else f"it ends where {wanted} must stand", self._at)
        self._at += 1
        return mark

    def _item(self) -> Any:
        self._peek()
        while True:
            try:
                value, end = DECODER.raw_decode(self._buffer, self._at)
            except json.JSONDecodeError as error:
                problem = self._error(error.msg, error.pos)  # now, because reading on moves the buffer
                if self._is_cut(error) and self._more():
                    continue
                raise problem from error
            except (ValueError, RecursionError) as error:
                raise self._error(reason_of(error), self._at) from error
            if end == len(self._buffer) and isinstance(value, (int, float)) and self._more():
                continue  # a number may go on
            self._at = end
            return value

    def _is_cut(self, error: json.JSONDecodeError) -> bool:
        """Whether the item may be sound and only lacks what has not been read yet."""
        return error.msg.startswith("Unterminated string") or error.pos >= len(self._buffer) - _MARGIN

    def _more(self) -> bool:
        """Forgets what has been used and reads on: twice as much each time, so that a long item is seldom retried."""
        used, self._buffer = self._buffer[: self._at], self._buffer[self._at :]
        self._line, self._column = self._position(used)
        self._at = 0
        if len(self._buffer) > _ITEM:
            raise self._error("one row is longer than 256 million characters", 0)
        chunk = self._stream.read(max(_CHUNK, len(self._buffer)))
        self._buffer += chunk
        return bool(chunk)

    def _position(self, used: str) -> tuple[int, int]:
        lines = used.count("\n")
        return self._line + lines, len(used) - used.rfind("\n") if lines else self._column + len(used)

    def _error(self, reason: str, at: int) -> StudioError:
        line, column = self._position(self._buffer[:at])
        return _bad(self._path, line, column, reason)

    _stream: IO[str]

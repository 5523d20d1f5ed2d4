"""CSV and TSV: values separated by a delimiter, quoted where needed, with a header."""

from __future__ import annotations

import contextlib
import csv
import io
import itertools
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field

from tlstudio.core.errors import StudioError
from tlstudio.core.files import explain_os_errors
from tlstudio.data.scan import Scan, chosen_encoding
from tlstudio.data.sources.flatten import json_kind

if TYPE_CHECKING:
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

_DELIMITERS = (",", "\t", ";", "|")
_BLOCKS = (8 << 20, 512 << 20)  # a row must fit into one block: the second size is for very long texts
_HEADER_BYTES = 256 << 10
_SAMPLE = 64 << 10  # to recognise a table
_UTF8 = ("utf-8", "utf-8-sig")


class Options(BaseModel):
    """How the file is written."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    delimiter: str = Field(
        "auto", title="Delimiter", description="Character between the values; auto looks at the first lines."
    )
    encoding: str = Field("auto", title="Encoding", description="Text encoding, such as utf-8, cp1252 or gb18030.")


class DelimitedSource:
    """CSV and TSV files, read by Arrow's CSV reader in blocks."""

    NAME = "csv"
    TITLE = "CSV or TSV"
    SUMMARY = "A table with a header, values separated by commas, tabs, semicolons or bars."
    SUFFIXES = (".csv", ".tsv", ".tab")
    Config = Options

    def recognises(self, found: Scan) -> bool:
        if found.kind != "text" or json_kind(found):
            return False
        return found.path.suffix.lower() in self.SUFFIXES or _is_table(found)

    def settle(self, found: Scan, config: Options) -> Options:
        encoding = chosen_encoding(found, config.encoding)
        wish = {"auto": "", "\\t": "\t", "tab": "\t"}.get(config.delimiter, config.delimiter)
        if len(wish) > 1:
            raise StudioError(
                "data.bad-delimiter", "The delimiter must be one character, not {value}.",
                "Use , ; | or tab.", where="data.delimiter", value=wish,
            )  # fmt: skip
        if encoding in _UTF8 and found.bad_line:
            raise StudioError(
                "data.bad-encoding", "Line {line} of {path} is not valid UTF-8.",
                "Save the file as UTF-8, or say which encoding it has (data.encoding).",
                where="data.encoding", path=str(found.path), line=found.bad_line,
            )  # fmt: skip
        head = found.head.decode(encoding, errors="replace")
        return Options(delimiter=wish or guess_delimiter(head), encoding=encoding)

    def batches(self, found: Scan, config: Options) -> Iterator[pa.RecordBatch]:
        path = found.path
        columns, blank = header(path, config)
        try:
            yield from _read(path, config, columns, blank, _BLOCKS[0])
        except _RowTooLong:
            yield from _read(path, config, columns, blank, _BLOCKS[1])


PLUGIN = DelimitedSource()


def guess_delimiter(head: str) -> str:
    """The candidate that gives the most columns in the most consistent way over the first records."""

    def rating(delimiter: str) -> tuple[float, int]:
        rows = [len(row) for row in _records(head, delimiter)][:50]
        columns, count = Counter(rows).most_common(1)[0] if rows else (1, 0)
        return (count / len(rows) if columns > 1 else 0.0, columns)

    return max(_DELIMITERS, key=rating)


def _is_table(found: Scan) -> bool:
    """Whether the first lines are a header and rows of the same length, which running text hardly ever is."""
    head = found.head[:_SAMPLE].decode(found.encoding or "utf-8", errors="replace").lstrip("\ufeff")
    delimiter = guess_delimiter(head)
    rows = _records(head, delimiter)[:50]
    if len(rows) < 2:
        return False
    names = [name.strip() for name in rows[0]]
    same = sum(len(row) == len(names) for row in rows) / len(rows)
    if len(names) < 2 or same < 0.9 or len(set(names)) < len(names) or max(map(len, names)) > 80:
        return False
    # two lines of prose may well have a comma each: names are short, and there are more rows
    return delimiter == "\t" or (len(rows) > 2 and max(len(name.split()) for name in names) <= 3)


def _records(head: str, delimiter: str) -> list[list[str]]:
    reader = csv.reader(io.StringIO(head, newline=""), delimiter=delimiter)
    rows: list[list[str]] = []
    # a field longer than csv's limit ends the list: the records before it are enough for a guess
    with contextlib.suppress(csv.Error):
        rows.extend(row for row in reader if row)
    return rows[:-1] if len(rows) > 1 and len(head) >= _SAMPLE else rows  # the last one is cut


def header(path: Path, config: Options) -> tuple[list[str], int]:
    """Column names of the file, and how many blank lines stand before them.

    Raises:
        StudioError: a column has no name of its own.
    """
    with explain_os_errors(path), open(path, "rb") as stream:
        head = stream.read(_HEADER_BYTES).decode(config.encoding, errors="replace").lstrip("\ufeff")
    names = [name.strip() for name in next(iter(_records(head, config.delimiter)), [])]
    for name, count in Counter(names).items():
        if count > 1:
            raise StudioError(
                "data.duplicate-column", "{path} has {count} columns called '{name}'.",
                "Give every column a name of its own in the first line.",
                where=str(path), path=str(path), name=name, count=count,
            )  # fmt: skip
    lines = head.splitlines()
    return names, next((number for number, line in enumerate(lines) if line), 0)


class _RowTooLong(Exception):
    """A row is larger than the reader's block."""


def _read(path: Path, config: Options, columns: list[str], blank: int, block: int) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    ragged: list[arrow_csv.InvalidRow] = []

    def remember(row: arrow_csv.InvalidRow) -> str:
        ragged.append(row)
        return "error"

    encoding = "utf8" if config.encoding in _UTF8 else config.encoding
    rows, last = 0, None
    try:
        # not by its path: Arrow would decompress whatever is called .gz
        with explain_os_errors(path), pa.OSFile(str(path)) as file, arrow_csv.open_csv(
            file,
            arrow_csv.ReadOptions(
                use_threads=False, block_size=block, column_names=columns, encoding=encoding,
                skip_rows=blank, skip_rows_after_names=1,  # not two lines: a quoted name may hold a line break
            ),
            arrow_csv.ParseOptions(
                delimiter=config.delimiter, newlines_in_values=True, invalid_row_handler=remember,
            ),
            arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(columns, pa.string()), strings_can_be_null=False, check_utf8=True,
            ),
        ) as reader:  # fmt: skip
            for batch in reader:
                rows += batch.num_rows
                last = batch if batch.num_rows else last
                yield batch
        if last is not None and "\n" in last.column(last.num_columns - 1)[-1].as_py():
            _check_end(path, config)
    except pa.ArrowInvalid as error:
        if ragged:
            raise _ragged(path, config, ragged[0]) from error
        if not rows and ("block" in str(error) or "straddling" in str(error)) and block == _BLOCKS[0]:
            raise _RowTooLong from error
        if "straddling" in str(error) and block == _BLOCKS[0]:
            raise _long_row(path, rows) from error
        if "Empty CSV" in str(error):
            return
        if "straddling" in str(error):
            _check_end(path, config)
            if not rows and path.stat().st_size < block:
                return  # a header without a line end
        raise _unreadable(path, rows, str(error)) from error
    except UnicodeError as error:
        raise _unreadable(path, rows, f"it is not {config.encoding} text") from error


def _ragged(path: Path, config: Options, row: arrow_csv.InvalidRow) -> StudioError:
    return StudioError(
        "data.ragged-row", "Line {line} of {path} has {found} values where the header has {expected}: {text}",
        "Quote values that contain the delimiter, close every quotation mark, or add or remove values in this line.",
        where=str(path), path=str(path), line=_line(path, config, row.expected_columns) or row.number,
        found=row.actual_columns, expected=row.expected_columns, text=str(row.text)[:120],
    )  # fmt: skip


def _line(path: Path, config: Options, expected: int) -> int:
    """The line where the first row with another number of values begins; 0 where Python's reader sees none.

    Arrow counts rows, not lines, and texts may hold line breaks.
    """
    with contextlib.suppress(csv.Error), open(path, encoding=config.encoding, errors="replace", newline="") as stream:
        reader, before = csv.reader(stream, delimiter=config.delimiter), 0
        for row in reader:
            if row and len(row) != expected:
                return before + 1
            before = reader.line_num
    return 0


def _check_end(path: Path, config: Options) -> None:
    """Arrow takes a quotation mark that is never closed for a value that goes on to the end of the file.

    Raises:
        StudioError: the last row is such a value, and may have swallowed others.
    """
    limit = csv.field_size_limit(1 << 30)
    try:
        with open(path, encoding=config.encoding, errors="replace", newline="") as stream:
            reader, begin, end = csv.reader(stream, delimiter=config.delimiter), 0, 0
            for _ in reader:
                begin, end = end, reader.line_num
            stream.seek(0)
            for _ in csv.reader(itertools.islice(stream, begin, None), delimiter=config.delimiter, strict=True):
                pass
    except csv.Error as error:
        if "end of data" in str(error):
            raise StudioError(
                "data.open-quote", "A quotation mark in line {line} of {path} is never closed.",
                "Close it, or remove it.", where=str(path), path=str(path), line=begin + 1,
            ) from error  # fmt: skip
    finally:
        csv.field_size_limit(limit)


def _long_row(path: Path, rows: int) -> StudioError:
    return StudioError(
        "data.row-too-long", "A row of {path} after row {row} is longer than 8 MB.",
        "Shorten it, or check for a quotation mark that is never closed.", where=str(path), path=str(path), row=rows,
    )  # fmt: skip


def _unreadable(path: Path, rows: int, reason: str) -> StudioError:
    return StudioError(
        "data.unreadable", "{path} could not be read after row {row}: {reason}",
        "Check the file in a text editor near this row; the delimiter or the encoding may be wrong.",
        where=str(path), path=str(path), row=rows, reason=reason.splitlines()[0][:200],
    )  # fmt: skip

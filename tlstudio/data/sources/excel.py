"""Workbooks: Excel (.xlsx, .xlsm, .xlsb, .xls) and OpenDocument (.ods), one sheet as a table.

Read by calamine, which leaves error values out and keeps a sheet as a full rectangle in memory; so the XML of an .xlsx
is looked through first for error cells, and for a stray cell that would make the rectangle huge.
"""

from __future__ import annotations

import contextlib
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from pydantic import BaseModel, ConfigDict, Field

from tlstudio.core.errors import StudioError
from tlstudio.core.files import explain_os_errors
from tlstudio.data.archives import is_office, too_large
from tlstudio.data.scan import Scan
from tlstudio.data.sources import ole
from tlstudio.data.sources.typed import text_batches, text_of

if TYPE_CHECKING:
    import pyarrow as pa
    from python_calamine import CalamineSheet, CalamineWorkbook

_IN_OLE = tuple(name.encode("utf-16-le") for name in ("Workbook", "Book", "EncryptedPackage"))
_OPEN_DOCUMENT = b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet"
_BLOCK = 1 << 20
_CELLS = 50_000_000  # of a rectangle, at 32 bytes each
_CELL = rb"<(?:\w+:)?c\s[^>]*?\b"
_COLUMNS = re.compile(_CELL + rb"""r=["']([A-Z]{1,3})\d""")
_ROWS = re.compile(rb"""<(?:\w+:)?row\s[^>]*?\br=["'](\d+)""")
_ERROR = re.compile(
    _CELL + rb"""t=["']e["'][^>]*>(?:<(?:\w+:)?f(?:\s[^>]*)?(?:/>|>[^<]*</(?:\w+:)?f>))?<(?:\w+:)?v>([^<]*)"""
)
_PLACE = re.compile(rb"""\br=["']([A-Z]{1,3})(\d+)""")
_LARGE_REPEAT = re.compile(rb'number-(?:columns|rows)-repeated="\d{8,}"')

Row = list[Any]


class Options(BaseModel):
    """Which part of the workbook is the table."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sheet: str = Field(
        "auto", title="Sheet", description="Name or number of the sheet; auto takes the first with a header and rows."
    )


class ExcelSource:
    """One sheet of a workbook; its first row that is not empty is the header, merged cells count for each cell."""

    NAME = "excel"
    TITLE = "Excel or OpenDocument"
    SUMMARY = "One sheet of a workbook; the first row with values is the header."
    SUFFIXES = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")
    Config = Options

    def recognises(self, found: Scan) -> bool:
        if found.head.startswith(ole.MAGIC):
            return _holds_workbook(found.path)
        if not is_office(found):
            return False
        try:
            with zipfile.ZipFile(found.path) as archive:
                names = archive.namelist()
        except (zipfile.BadZipFile, OSError, ValueError):  # cut off: its beginning must tell
            return b"xl/" in found.head or _OPEN_DOCUMENT in found.head[:200]
        return any(name.startswith("xl/workbook.") for name in names) or _OPEN_DOCUMENT in found.head[:200]

    def settle(self, found: Scan, config: Options) -> Options:
        with _opened(found) as book:
            return Options(sheet=_chosen(found, book, config.sheet))

    def batches(self, found: Scan, config: Options) -> Iterator[pa.RecordBatch]:
        with _opened(found) as book:
            table = _Table(found, config.sheet, _sheet(found, book, config.sheet))
            yield from text_batches(list(table.columns.values()), table.rows())


PLUGIN = ExcelSource()


def _holds_workbook(path: Path) -> bool:
    """Whether an OLE container (also of Word and others) holds a workbook, perhaps behind a password."""
    with explain_os_errors(path), open(path, "rb") as stream:
        before = b""
        while block := stream.read(_BLOCK):
            if any(name in before + block for name in _IN_OLE):
                return True
            before = block[-64:]
    return False


@contextlib.contextmanager
def _opened(found: Scan) -> Iterator[CalamineWorkbook]:
    """The workbook.

    Raises:
        StudioError: it is damaged, or protected by a password.
    """
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError

    _check(found)
    try:
        with explain_os_errors(found.path), CalamineWorkbook.from_path(found.path) as book:
            yield book
    except PasswordError as error:
        raise StudioError(
            "data.workbook-password", "The workbook {path} is protected by a password.",
            "Save a copy without a password, or as CSV.", where="data.path", path=found.name,
        ) from error  # fmt: skip
    except (CalamineError, zipfile.BadZipFile, zlib.error, EOFError, ElementTree.ParseError, ValueError,
            OverflowError, NotImplementedError, RuntimeError, KeyError) as error:  # fmt: skip
        raise _damaged(found, error) from error
    except BaseException as error:
        if type(error).__name__ == "PanicException":  # Rust gave up; no Exception, so that nobody hides it
            raise _damaged(found, error) from error
        raise


def _damaged(found: Scan, error: BaseException) -> StudioError:
    return StudioError(
        "data.damaged-workbook", "The workbook {path} cannot be read: {reason}",
        "Open it in a spreadsheet program and save it again, or save the sheet as CSV.",
        where="data.path", path=found.name, reason=(str(error) or type(error).__name__)[:200],
    )  # fmt: skip


def _check(found: Scan) -> None:
    """What calamine would take on trust."""
    try:
        if found.head.startswith(ole.MAGIC):
            ole.check(found.path)
        if not found.head.startswith(b"PK"):
            return
        with explain_os_errors(found.path), zipfile.ZipFile(found.path) as archive:
            size = sum(member.file_size for member in archive.infolist())
    except (zipfile.BadZipFile, ValueError) as error:
        raise _damaged(found, error) from error
    if too_large(size, found.size):
        raise StudioError(
            "data.workbook-too-large", "The workbook {path} unpacks to {size} GB.", "Save the sheet as CSV.",
            where="data.path", path=found.name, size=size >> 30,
        )  # fmt: skip


# --- the sheet


def _chosen(found: Scan, book: CalamineWorkbook, wish: str) -> str:
    """The name of the sheet to read."""
    from python_calamine import SheetTypeEnum, SheetVisibleEnum

    if wish == "auto":
        sheets = [sheet for sheet in book.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
        sheets.sort(key=lambda sheet: sheet.visible != SheetVisibleEnum.Visible)
        first = ""
        for item in sheets:
            sheet = _sheet(found, book, item.name)
            if _has_rows(sheet):
                return item.name
            first = first or (item.name if sheet.end is not None else "")
        if first:
            return first
        raise StudioError(
            "data.empty-workbook", "All sheets of {path} are empty.", "Choose a workbook with a header and rows.",
            where="data.path", path=found.name,
        )  # fmt: skip
    if wish in book.sheet_names:
        return wish
    if wish.isdecimal() and 1 <= int(wish) <= len(book.sheet_names):
        return book.sheet_names[int(wish) - 1]
    raise StudioError(
        "data.no-sheet", "{path} has no sheet '{sheet}'.", "It has: {sheets}.",
        where="data.sheet", path=found.name, sheet=wish, sheets=", ".join(book.sheet_names),
    )  # fmt: skip


def _has_rows(sheet: CalamineSheet) -> bool:
    """Whether two rows of a sheet hold anything: a header and at least one below it."""
    held = (row for row in sheet.iter_rows() if any(str(value).strip() for value in row))
    return len(list(islice(held, 2))) > 1


def _sheet(found: Scan, book: CalamineWorkbook, name: str) -> CalamineSheet:
    if found.head.startswith(b"PK"):
        with zipfile.ZipFile(found.path) as archive:
            if "content.xml" in archive.namelist():
                _look_through_ods(found, archive)
            elif part := _part(archive, name):
                _look_through(found, archive, part, name)
    return book.get_sheet_by_name(name)


def _part(archive: zipfile.ZipFile, sheet: str) -> str:
    """The file of a sheet within an .xlsx; empty for an .xlsb, which is no XML."""
    try:
        book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
        links = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    except KeyError:
        return ""
    targets = {link.get("Id"): link.get("Target", "") for link in links.iterfind("{*}Relationship")}
    for item in book.iterfind(".//{*}sheet"):
        key = next((value for name, value in item.items() if name.endswith("}id")), "")
        if item.get("name") == sheet and targets.get(key):
            target = targets[key]
            return target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    return ""


def _look_through(found: Scan, archive: zipfile.ZipFile, part: str, sheet: str) -> None:
    """One pass over the XML of a sheet.

    Raises:
        StudioError: it holds error values, or a cell that is too far from the others.
    """
    columns: set[bytes] = set()
    last, first, errors = 0, ("", 0, ""), 0
    for block in _elements(archive, part):
        columns.update(_COLUMNS.findall(block))
        last = max([last, *map(int, _ROWS.findall(block))])
        for match in _ERROR.finditer(block):
            errors += 1
            if errors == 1 and (place := _PLACE.search(match[0])):
                first = place[1].decode(), int(place[2]), match[1].decode("utf-8", "replace")
    width = max(map(_number, columns), default=0)
    if last * width > _CELLS:
        raise StudioError(
            "data.sheet-too-large", "Sheet '{sheet}' of {path} reaches to cell {cell}; that is too large to read.",
            "Delete stray values far from the table, or save the sheet as CSV.",
            where="data.sheet", sheet=sheet, path=found.name, cell=f"{letters(width - 1)}{last}",
        )  # fmt: skip
    if errors:
        raise StudioError(
            "data.error-cells",
            "Row {row}, column {column} of sheet '{sheet}' in {path} holds the error {value}; there are {count} such.",
            "Correct the formulas, or clear these cells.", where="data.sheet", sheet=sheet, path=found.name,
            row=first[1], column=first[0], value=first[2], count=errors,
        )  # fmt: skip


def _elements(archive: zipfile.ZipFile, part: str) -> Iterator[bytes]:
    """The XML in blocks that do not cut a cell; a wrong checksum is noticed at the end."""
    with archive.open(part) as stream:
        kept = b""
        while block := stream.read(_BLOCK):
            kept += block
            cut = kept.rfind(b"<", 0, max(kept.rfind(b"<c "), kept.rfind(b":c ")) + 1)
            cut = cut if cut > 0 or len(kept) < 8 * _BLOCK else len(kept)
            if cut > 0:
                yield kept[:cut]
                kept = kept[cut:]
        yield kept


def _look_through_ods(found: Scan, archive: zipfile.ZipFile) -> None:
    """A repeated cell is a number in OpenDocument: it could ask for more than there is memory."""
    with archive.open("content.xml") as stream:
        before = b""
        while block := stream.read(_BLOCK):
            if _LARGE_REPEAT.search(before + block):
                raise _damaged(found, ValueError("it repeats a cell more often than a sheet has rows"))
            before = block[-64:]


def _number(letters: bytes) -> int:
    """A is 1, Z is 26, AA is 27."""
    number = 0
    for letter in letters:
        number = 26 * number + letter - 64
    return number


def letters(index: int) -> str:
    """The name of the column at a 0-based index: A, B, … Z, AA."""
    name, index = "", index + 1
    while index:
        index, rest = divmod(index - 1, 26)
        name = chr(65 + rest) + name
    return name


class _Table:
    """A sheet as rows of text. ``columns`` is the position of each column and its name."""

    def __init__(self, found: Scan, name: str, sheet: CalamineSheet) -> None:
        self._found, self._name, self._sheet = found, name, sheet
        merged = sheet.merged_cell_ranges or []
        self._merged: dict[int, list[tuple[int, int, int]]] = {}
        for (top, left), (bottom, right) in merged:
            self._merged.setdefault(top, []).append((bottom, left, right))
        self._header = next((number for number, row in self._all_rows() if any(row)), 0)
        self.columns = self._named_columns()

    def rows(self) -> Iterator[list[str]]:
        """The rows below the header that hold anything."""
        for number, row in self._all_rows():
            if number > self._header and any(row):
                yield [row[index] for index in self.columns]

    def _all_rows(self) -> Iterator[tuple[int, list[str]]]:
        """0-based number and cells as text of each row; a merged cell has its value in each of its places."""
        open_areas: list[tuple[int, int, int, str]] = []
        for number, values in enumerate(self._sheet.iter_rows()):
            row = [text_of(value, self._no_bytes) for value in values]
            for bottom, left, right in self._merged.get(number, ()):
                open_areas.append((bottom, left, right, row[left] if left < len(row) else ""))
            open_areas = [area for area in open_areas if area[0] >= number]
            for _, left, right, value in open_areas:
                row[left : right + 1] = [value] * (min(right + 1, len(row)) - left)
            yield number, row

    def _no_bytes(self) -> StudioError:
        return _damaged(self._found, ValueError("a cell holds bytes"))

    def _named_columns(self) -> dict[int, str]:
        header = next(([cell.strip() for cell in row] for n, row in self._all_rows() if n == self._header), [])
        nameless = {index for index, cell in enumerate(header) if not cell}
        rows = self._all_rows() if nameless else iter(())
        filled = (index for n, row in rows if n > self._header for index in nameless if row[index])
        for index in filled:
            raise StudioError(
                "data.nameless-column",
                "Cell {cell} of sheet '{sheet}' in {path} is empty, but there are values below it.",
                "Give the column a name in that cell, or clear the column.",
                where="data.sheet", cell=self._cell(index), sheet=self._name, path=self._found.name,
            )  # fmt: skip
        for name, count in Counter(filter(None, header)).items():
            if count > 1:
                second = [index for index, cell in enumerate(header) if cell == name][1]
                raise StudioError(
                    "data.duplicate-header",
                    "Cell {cell} of sheet '{sheet}' in {path} repeats the column name '{name}'.",
                    "Give every column a name of its own, and no title above the header.",
                    where="data.sheet", cell=self._cell(second), sheet=self._name, path=self._found.name, name=name,
                )  # fmt: skip
        return {index: name for index, name in enumerate(header) if name}

    def _cell(self, index: int) -> str:
        return f"{letters(index)}{self._header + 1}"

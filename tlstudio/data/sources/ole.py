"""A look through an old Excel file (.xls) before it is read.

Such a file is a small file system of its own (Microsoft's compound file, [MS-CFB]) that holds a stream of records
([MS-XLS]). calamine believes all of its numbers: a chain of sectors that bites its own tail, or a cell in an impossible
column, makes it ask for memory until the process dies. Neither occurs in a sound file.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

from tlstudio.core.files import explain_os_errors

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_LARGEST = 512 << 20  # bytes
_LAST_SECTOR = 0xFFFFFFFA
_ENTRY = 128
_UNUSED, _FOLDER, _ROOT = 0, 1, 5
_BOOKS, _ENCRYPTED = ("workbook", "book"), "encryptedpackage"
_ROWS, _COLUMNS = 65_536, 256
#: records that begin with row and column: blank, number, label, boolean or error, formula, RK; and of older Excels
_CELLS = {0x0201, 0x0203, 0x0204, 0x0205, 0x0006, 0x0206, 0x0406, 0x027E, 0x00FD, 0x00D6, 0x0001, 0x0002, 0x0003,
          0x0004, 0x0005, 0x007E}  # fmt: skip
_SEVERAL_CELLS = {0x00BD, 0x00BE}  # MULRK, MULBLANK: they end with the last column
_STRINGS, _SIZE, _PASSWORD, _SHEET, _END = 0x00FC, 0x0200, 0x002F, 0x0085, 0x000A


def check(path: Path) -> None:
    """Follows everything that calamine will follow.

    Raises:
        ValueError: the file is damaged; the reason in words.
    """
    with explain_os_errors(path), open(path, "rb") as stream:
        data = stream.read(_LARGEST + 1)
    if len(data) > _LARGEST:
        raise ValueError("it is larger than an old Excel file can be")
    try:
        _check_records(_Container(data).book())
    except (struct.error, IndexError, UnicodeError) as error:
        raise ValueError("it is cut off") from error


class _Container:
    """Sectors, their chains, and the directory."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        shift, mini_shift = struct.unpack_from("<2H", data, 30)
        if shift not in (9, 12) or mini_shift != 6:
            raise ValueError("its sectors have an impossible size")
        self._size = 1 << shift
        fields = struct.unpack_from("<5I", data, 44)
        first_folder, self._cutoff = fields[1], fields[3]
        self._fat = self._allocation(fields[0])
        self._mini_fat = self._numbers(self._chain(fields[4], self._fat))
        self._folder = self._read(self._chain(first_folder, self._fat))

    def _allocation(self, count: int) -> list[int]:
        """The table that says which sector follows which."""
        if count > len(self._data) // self._size:
            raise ValueError("it claims more sectors than it has")
        sectors = list(struct.unpack_from("<109I", self._data, 76))
        following, more = struct.unpack_from("<2I", self._data, 68)
        for _ in range(min(more, count)):
            *some, following = self._numbers([following])
            sectors += some
        return self._numbers(sector for sector in sectors[:count] if sector < _LAST_SECTOR)

    def _sector(self, number: int) -> bytes:
        start = (number + 1) * self._size
        if start >= len(self._data):
            raise ValueError("it refers to a sector that it does not have")
        return self._data[start : start + self._size]

    def _read(self, sectors: Iterator[int] | list[int]) -> bytes:
        return b"".join(map(self._sector, sectors))

    def _numbers(self, sectors: Iterator[int] | list[int]) -> list[int]:
        content = self._read(sectors)
        return list(struct.unpack(f"<{len(content) // 4}I", content[: len(content) // 4 * 4]))

    def _chain(self, start: int, table: list[int]) -> list[int]:
        chain, seen = list[int](), set[int]()
        while start < _LAST_SECTOR:
            if start in seen or start >= len(table):
                raise ValueError("a chain of its sectors does not end")
            chain.append(start)
            seen.add(start)
            start = table[start]
        return chain

    def book(self) -> bytes:
        """The stream of the workbook, empty behind a password; the chains of all others are checked too."""
        entries = [self._folder[start : start + _ENTRY] for start in range(0, len(self._folder) - _ENTRY + 1, _ENTRY)]
        streams, mini = dict[str, bytes](), b""
        for entry in sorted(entries, key=lambda entry: entry[66] != _ROOT):  # the root holds the small streams
            start, size = struct.unpack_from("<2I", entry, 116)
            name = entry[:64].decode("utf-16-le", "replace").partition("\0")[0].lower()
            if entry[66] == _ROOT:
                mini = self._read(self._chain(start, self._fat))
            elif entry[66] in (_UNUSED, _FOLDER) and name not in _BOOKS:
                continue
            elif size > len(self._data):
                raise ValueError("it claims a stream that is larger than itself")
            elif size < self._cutoff:
                chain = self._chain(start, self._mini_fat) if size else []
                streams[name] = b"".join(mini[number * 64 : number * 64 + 64] for number in chain)[:size]
            else:
                streams[name] = self._read(self._chain(start, self._fat))[:size]
        book = next((streams[name] for name in _BOOKS if name in streams), b"")
        if not book and _ENCRYPTED not in streams:
            raise ValueError("it holds no workbook")
        return book


def _check_records(book: bytes) -> None:
    """What belongs to the whole workbook, and each sheet from where it is said to begin."""
    begins = [0]
    for begin in begins:
        for kind, content in _records(book, begin):
            _check_record(kind, content, len(book))
            if kind == _SHEET and len(content) >= 4 and begin == 0:
                begins.append(max(struct.unpack_from("<I", content)[0], 1))
            if kind == _END:
                break


def _records(book: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    while at + 4 <= len(book):
        kind, length = struct.unpack_from("<2H", book, at)
        if kind == _PASSWORD:
            return  # what follows is encrypted, and not read
        yield kind, book[at + 4 : at + 4 + length]
        at += 4 + length


def _check_record(kind: int, content: bytes, size: int) -> None:
    """Cells lie where Excel has some, and no table claims more entries than it can hold."""
    length, row, column = len(content), 0, 0
    if kind in _CELLS and length >= 4:
        column = struct.unpack_from("<H", content, 2)[0]
    elif kind in _SEVERAL_CELLS and length >= 6:
        column = max(struct.unpack_from("<H", content, 2)[0], struct.unpack_from("<H", content, length - 2)[0])
    elif kind == _STRINGS and length >= 8 and struct.unpack_from("<I", content, 4)[0] > size:
        raise ValueError("it claims more texts than it can hold")
    elif kind == _SIZE and length >= 10:
        top, rows, left, columns = struct.unpack_from("<2I2H" if length >= 14 else "<4H", content)
        row, column = max(rows - 1, top), max(columns - 1, left)
        if top > rows or left > columns:
            raise ValueError("it has a sheet that ends before it begins")
    if column >= _COLUMNS or row >= _ROWS:
        raise ValueError("it has a cell where Excel has none")

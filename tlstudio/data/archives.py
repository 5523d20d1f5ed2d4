"""Zip and tar archives and compressed files, unpacked once into the cache, whatever is in them.

What is refused, and why: names that lead out of the folder, links and devices (they write elsewhere), names that some
system reserves, encrypted members, and archives that grow without measure (zip bombs).
"""

from __future__ import annotations

import bz2
import contextlib
import errno
import gzip
import lzma
import os
import re
import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import IO, Any

from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.events import Emit
from tlstudio.core.files import atomic_folder, os_error
from tlstudio.core.paths import cache_folder
from tlstudio.core.progress import Meter
from tlstudio.data.scan import Scan

_BLOCK = 1 << 20
_RATIO, _SMALL, _LARGEST = 200, 1 << 30, 20 << 30
_MOST_FILES = 2_000_000
_LONGEST_NAME = 1 << 20  # bytes of a tar header that holds one name
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_SINGLE: dict[bytes, Any] = {b"\x1f\x8b": gzip, b"BZh": bz2, b"\xfd7zXZ\0": lzma}
_OFFICE = re.compile(
    rb"PK\x03\x04.{26}(\[Content_Types\]\.xml|mimetypeapplication/vnd\.|_rels/|docProps/|xl/|word/|ppt/)", re.DOTALL
)
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])\s*(\.|$)", re.IGNORECASE)
_BAD_NAMES = (errno.ENAMETOOLONG, errno.EINVAL, errno.EILSEQ, errno.ENOTDIR, errno.EISDIR)
_LITTER = ("__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini")


def is_archive(found: Scan) -> bool:
    """Whether a file is a zip, a tar or a compressed file, by content; an office document is a zip, but no archive."""
    if found.kind in ("folder", "name"):
        return False
    if found.head.startswith(_ZIP):
        return not is_office(found)
    return _compression(found.head) is not None or _is_tar(found.head)


def is_office(found: Scan) -> bool:
    """Whether a zip is really a workbook, a text document or the like: its first member says so."""
    return _OFFICE.match(found.head) is not None


def too_large(unpacked: int, packed: int) -> bool:
    """Whether content of that size is no honest use of compression, or more than a cache should take."""
    return unpacked > _LARGEST or (unpacked > _SMALL and unpacked > _RATIO * packed)


def unpacked(found: Scan, emit: Emit, control: Control) -> Path:
    """The content of an archive in the cache: its folder, or its only file, or its only top folder.

    Archives within are left as they are.

    Raises:
        StudioError: damaged, encrypted, empty, too large, or it holds what could do harm; archive and member are named.
        Cancelled: the user has cancelled; nothing half-unpacked stays.
    """
    target = cache_folder("unpacked") / found.sha256
    if not target.is_dir():
        with atomic_folder(target) as folder:
            _Unpacking(found, folder, emit, control).run()
    return _content(target)


def unpack(found: Scan, folder: Path, emit: Emit, control: Control) -> None:
    """Unpacks an archive into an empty folder, with the same checks.

    Raises:
        StudioError: as :func:`unpacked`; what was written until then is the caller's to remove.
        Cancelled: the user has cancelled.
    """
    _Unpacking(found, folder, emit, control).run()


def _content(target: Path) -> Path:
    files = [item for item in target.rglob("*") if item.is_file() and not item.name.startswith(".")]
    if len(files) == 1:
        return files[0]
    tops = list(target.iterdir())
    return tops[0] if len(tops) == 1 else target


def _compression(head: bytes) -> Any:
    return next((module for mark, module in _SINGLE.items() if head.startswith(mark)), None)


def _is_tar(head: bytes) -> bool:
    """A tar begins with a header of 512 bytes that holds its own checksum; the mark ``ustar`` came later."""
    if len(head) < 512:
        return False
    try:
        tarfile.TarInfo.frombuf(head[:512], tarfile.ENCODING, "surrogateescape")
    except tarfile.HeaderError:
        return False
    return True


class _Member(tarfile.TarInfo):
    """A header that is checked: by default a damaged one counts as the end, and its sizes are believed."""

    @classmethod
    def frombuf(cls, buf: Any, encoding: str, errors: str) -> _Member:
        try:
            member = super().frombuf(buf, encoding, errors)
        except (tarfile.EmptyHeaderError, tarfile.EOFHeaderError):  # type: ignore[attr-defined]
            raise
        except tarfile.HeaderError as error:
            raise tarfile.ReadError(f"bad header: {error}") from error
        return cls._checked(member, _LARGEST if member.isfile() else _LONGEST_NAME)

    @classmethod
    def fromtarfile(cls, tarfile: Any) -> _Member:
        """A header that follows (pax) may have given another size."""
        return cls._checked(super().fromtarfile(tarfile), _LARGEST)

    @staticmethod
    def _checked(member: Any, limit: int) -> Any:
        if not 0 <= member.size <= limit:
            raise tarfile.ReadError("impossible size in a header")
        return member


class _Unpacking:
    """One archive on its way into a folder."""

    def __init__(self, found: Scan, folder: Path, emit: Emit, control: Control) -> None:
        self._found, self._folder = found, folder
        self._files = self._written = self._packed = 0
        self._meter = Meter(emit, control, "prepare", found.size, "bytes")

    def run(self) -> None:
        if self._found.head.startswith(_ZIP):
            self._unzip()
        elif (module := _compression(self._found.head)) is None or self._holds_tar(module):
            self._untar(module)
        else:
            self._decompress(module)
        if not self._files:
            raise StudioError(
                "data.empty-archive", "The archive {path} holds no files.", "Choose an archive with data in it.",
                **self._place(),
            )  # fmt: skip
        self._meter.advance(max(self._meter.total - self._meter.done, 0))

    # --- the three kinds

    def _unzip(self) -> None:
        with self._reading(), zipfile.ZipFile(self._found.path) as archive:
            members = archive.infolist()
            self._count(len(members))
            for member in members:
                kind = stat.S_IFMT(member.external_attr >> 16) if member.create_system == 3 else 0
                if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
                    raise self._link(member.orig_filename)
                target = self._target(member.orig_filename)
                if target is None or member.orig_filename.endswith(("/", "\\")):
                    continue
                if member.flag_bits & 1:
                    raise StudioError(
                        "data.encrypted-archive", "'{member}' in {path} is protected by a password.",
                        "Unpack the archive yourself, and choose what was in it.", **self._place(member.filename),
                    )  # fmt: skip
                with self._reading(member.filename), archive.open(member) as stream:
                    self._write(stream, target, member.filename, partial(_used, member))

    def _untar(self, module: Any = None) -> None:
        with self._reading(), self._opened(module) as (raw, stream):
            archive = tarfile.TarFile.open(fileobj=stream, mode="r|", tarinfo=_Member, errorlevel=2)
            number = 0
            while member := archive.next():
                number += 1
                self._count(number)
                if not (member.isfile() or member.isdir()) or member.issparse():
                    raise self._link(member.name)
                target = self._target(member.name)
                content = archive.extractfile(member) if member.isfile() and target is not None else None
                if content is not None and target is not None:
                    size = self._write(content, target, member.name, lambda _: raw.tell())
                    if size < member.size:
                        raise self._damaged("it ends in the middle", member.name)
                archive.members.clear()  # type: ignore[attr-defined]  # it would remember all of a million
            rest = 0
            while block := stream.read(_BLOCK):  # its checksum stands at the end
                rest += len(block)
                self._measure(rest)
                self._progress(raw.tell())

    def _decompress(self, module: Any) -> None:
        path = self._found.path
        name = path.stem if path.suffix.lower() in (".gz", ".bz2", ".xz", ".lzma", ".z") else path.name
        with self._opened(module) as (raw, stream):
            target = self._target(f"{name}-" if _RESERVED.match(name) else name)
            if target is not None:
                self._write(stream, target, name, lambda _: raw.tell())

    @contextlib.contextmanager
    def _opened(self, module: Any) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
        """The archive as it lies on the disk, and decompressed."""
        with open(self._found.path, "rb") as raw:
            if module is None:
                yield raw, raw
            else:
                with module.open(raw) as stream:
                    yield raw, stream

    def _holds_tar(self, module: Any) -> bool:
        with self._reading(), module.open(self._found.path) as stream:
            return _is_tar(stream.read(512))

    # --- one member

    def _target(self, name: str) -> Path | None:
        """Where a member goes; None for what systems leave in archives.

        Raises:
            StudioError: the name could lead elsewhere, or cannot be a file's on every system.
        """
        parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".")]
        bad = name.startswith(("/", "\\")) or ".." in parts or re.match(r"[A-Za-z]:", name) or "\0" in name
        bad = bad or any(_RESERVED.match(part) for part in parts) or (os.name == "nt" and ":" in name)
        if bad:
            raise self._unsafe(name)
        if not parts or any(part in _LITTER or part.startswith("._") for part in parts):
            return None
        return self._folder.joinpath(*(part.encode("utf-8", "replace").decode() for part in parts))

    def _write(self, stream: IO[bytes], target: Path, name: str, used: Callable[[int], int]) -> int:
        """Writes one file and returns its size; ``used`` tells how much of the archive a size has taken."""
        size = 0
        self._files += 1
        with self._writing(target, name):
            target.parent.mkdir(parents=True, exist_ok=True)
            output = open(target, "xb")  # noqa: SIM115 - reading and writing have different errors
        with output:
            while block := self._block(stream, name):
                with self._writing(target, name):
                    output.write(block)
                    output.flush()  # so that closing cannot fail for want of space
                size += len(block)
                self._measure(self._written + size)
                self._progress(used(size))
        self._written += size
        return size

    def _block(self, stream: IO[bytes], name: str) -> bytes:
        with self._reading(name):
            return stream.read(_BLOCK)

    def _measure(self, size: int) -> None:
        if too_large(size, self._found.size):
            raise StudioError(
                "data.archive-too-large", "{path} unpacks to more than {size} GB of data, far more than itself.",
                "Unpack the archive yourself if you trust it, and choose what was in it.",
                **self._place(), size=size >> 30,
            )  # fmt: skip

    def _count(self, files: int) -> None:
        if files > _MOST_FILES:
            raise StudioError(
                "data.archive-too-many", "{path} holds more than {limit} files.",
                "Unpack the archive yourself, and choose what was in it.", **self._place(), limit=_MOST_FILES,
            )  # fmt: skip

    def _progress(self, packed: int) -> None:
        """``packed``: bytes of the archive that have been used."""
        amount = min(max(packed - self._packed, 0), self._found.size - self._packed)
        self._packed += amount
        self._meter.advance(amount)

    # --- errors

    def _place(self, member: str = "") -> dict[str, Any]:
        shown = member.encode("utf-8", "replace").decode()[:200]
        return {"where": "data.path", "path": str(self._found.path), "member": shown}

    def _unsafe(self, name: str) -> StudioError:
        return StudioError(
            "data.unsafe-name", "The archive {path} holds a file called '{member}', which must not be unpacked.",
            "Unpack the archive yourself if you trust it, and choose what was in it.", **self._place(name),
        )  # fmt: skip

    def _link(self, name: str) -> StudioError:
        return StudioError(
            "data.link-in-archive", "'{member}' in {path} is a link or another special file.",
            "Unpack the archive yourself if you trust it, and choose what was in it.", **self._place(name),
        )  # fmt: skip

    @contextlib.contextmanager
    def _reading(self, member: str = "") -> Iterator[None]:
        """Whatever the libraries raise for a damaged archive: they document little of it."""
        try:
            yield
        except StudioError:
            raise
        except Exception as error:
            if isinstance(error, OSError) and error.errno is not None and error.filename:
                raise os_error(error, self._found.path) from error
            reason = " ".join(str(error).split())[:200].rstrip(".") or type(error).__name__
            raise self._damaged(reason, member) from error

    def _damaged(self, reason: str, member: str = "") -> StudioError:
        if not member:
            return StudioError(
                "data.damaged-archive", "The archive {path} is damaged: {reason}.",
                "Get the archive again from its source, or unpack it yourself.", **self._place(), reason=reason,
            )  # fmt: skip
        return StudioError(
            "data.damaged-archive", "'{member}' in the archive {path} cannot be unpacked: {reason}.",
            "Get the archive again from its source, or unpack it yourself.", **self._place(member), reason=reason,
        )  # fmt: skip

    @contextlib.contextmanager
    def _writing(self, target: Path, member: str) -> Iterator[None]:
        try:
            yield
        except FileExistsError as error:
            raise StudioError(
                "data.twice-in-archive", "The archive {path} holds '{member}' twice.",
                "Unpack the archive yourself, and choose what was in it.", **self._place(member),
            ) from error  # fmt: skip
        except OSError as error:
            if error.errno in _BAD_NAMES:
                raise self._unsafe(member) from error
            raise os_error(error, target) from error


def _used(member: zipfile.ZipInfo, size: int) -> int:
    return member.header_offset + int(member.compress_size * min(size / max(member.file_size, 1), 1))

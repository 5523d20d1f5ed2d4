"""Zip files with a model and all that it needs to run: packed with checksums, and opened with checks."""

from __future__ import annotations

import hashlib
import shutil
import stat
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from tlstudio.core.errors import StudioError
from tlstudio.core.files import explain_os_errors

FILE = "bundle.zip"
SUMS = "SHA256SUMS"  # as sha256sum writes and checks it
_TIME = (1980, 1, 1, 0, 0, 0)  # the same files give the same zip
_MODE = (stat.S_IFREG | 0o644) << 16
_PIECE = 1 << 20
_LARGEST, _RATIO = 1 << 30, 100  # beyond both it is no bundle but a zip bomb


def add(archive: Path, files: dict[str, Path], check: Callable[[], None]) -> None:
    """Adds files by their names in the archive; what is in it already stays as it is.

    Args:
        archive: a zip file, made if there is none.
        files: where each lies.
        check: called for each megabyte; may raise to cancel.
    """
    with explain_os_errors(archive), zipfile.ZipFile(archive, "a") as target:
        for name, path in sorted(files.items()):
            # weights hardly become smaller, and take long to try
            kind = zipfile.ZIP_STORED if ".onnx" in path.name else zipfile.ZIP_DEFLATED
            with path.open("rb") as source, target.open(_entry(name, kind), "w", force_zip64=True) as written:
                while piece := source.read(_PIECE):
                    check()
                    written.write(piece)


def seal(archive: Path, check: Callable[[], None]) -> None:
    """Adds the checksums of everything in an archive, read back from it."""
    with explain_os_errors(archive), zipfile.ZipFile(archive, "a") as target:
        sums = [f"{_sum(target, name, check)}  {name}\n" for name in sorted(target.namelist())]
        target.writestr(_entry(SUMS, zipfile.ZIP_DEFLATED), "".join(sums))


def _entry(name: str, kind: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _TIME)
    entry.compress_type, entry.external_attr, entry.create_system = kind, _MODE, 3
    return entry


def _sum(archive: zipfile.ZipFile, name: str, check: Callable[[], None]) -> str:
    digest = hashlib.sha256()
    with archive.open(name) as stream:
        while piece := stream.read(_PIECE):
            check()
            digest.update(piece)
    return digest.hexdigest()


def opened(archive: Path) -> tempfile.TemporaryDirectory[str]:
    """The files of a bundle in a folder that goes with the object.

    Raises:
        StudioError: it is damaged, or no bundle.
    """
    folder = tempfile.TemporaryDirectory(prefix="tlstudio-bundle-")
    try:
        with explain_os_errors(archive), zipfile.ZipFile(archive) as source:
            _unpack(source, Path(folder.name), archive)
    except (zipfile.BadZipFile, EOFError, NotImplementedError) as error:
        folder.cleanup()
        raise _damaged(archive, str(error)) from error
    except BaseException:
        folder.cleanup()
        raise
    return folder


def _unpack(source: zipfile.ZipFile, folder: Path, archive: Path) -> None:
    entries = [entry for entry in source.infolist() if not entry.is_dir()]
    total = sum(entry.file_size for entry in entries)
    if total > max(_LARGEST, _RATIO * archive.stat().st_size):
        raise _damaged(archive, "its files would be far larger than itself")
    for entry in entries:
        name = PurePosixPath(entry.filename)
        if name.is_absolute() or ".." in name.parts or "\\" in entry.filename or ":" in entry.filename:
            raise _damaged(archive, "a file in it would lie outside of its folder")
        target = folder.joinpath(*name.parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        with source.open(entry) as stream, target.open("wb") as written:
            shutil.copyfileobj(stream, written, _PIECE)
    if (folder / SUMS).is_file():  # not yet while it is being made
        _verify(folder, archive)


def _verify(folder: Path, archive: Path) -> None:
    for line in (folder / SUMS).read_text(encoding="utf-8").splitlines():
        wanted, _, name = line.partition("  ")
        path = folder / name
        if not path.is_file():
            raise _damaged(archive, f"{name} is missing")
        with path.open("rb") as stream:
            if hashlib.file_digest(stream, "sha256").hexdigest() != wanted:
                raise _damaged(archive, f"{name} has been changed")


def _damaged(archive: Path, reason: str) -> StudioError:
    return StudioError(
        "model.bad-bundle", "The bundle {path} cannot be opened: {reason}.", "Export it again, or copy it again.",
        where=str(archive), path=str(archive), reason=reason.rstrip("."),
    )  # fmt: skip

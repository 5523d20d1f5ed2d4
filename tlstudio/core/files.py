"""Files that are complete or absent: atomic writes, hashes, safe names, folder sizes."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import re
import secrets
import shutil
import tempfile
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from tlstudio.core.errors import Cancelled, StudioError

_BLOCK = 1 << 20
_FULL = (errno.ENOSPC, errno.EDQUOT)
_RESERVED = {"con", "prn", "aux", "nul", *(f"com{i}" for i in range(1, 10)), *(f"lpt{i}" for i in range(1, 10))}


@contextlib.contextmanager
def explain_os_errors(path: Path | str) -> Iterator[None]:
    """Turns a full disk, a read-only folder or a missing path into a StudioError that names it."""
    try:
        yield
    except (StudioError, Cancelled):
        raise
    except Exception as error:
        if (system := system_error(error)) is None:
            raise
        raise os_error(system, path) from error


def system_error(problem: BaseException) -> OSError | None:
    """The system's complaint behind an exception, where there is one.

    Libraries written in Rust pack it into a sentence of their own, and others stumble over a full disk once more
    while they clean up.
    """
    if isinstance(problem, OSError):
        return problem
    if found := re.search(r"\(os error (\d+)\)", str(problem)):
        return OSError(int(found[1]), os.strerror(int(found[1])))
    behind = problem.__cause__ or problem.__context__
    while behind is not None:
        if isinstance(behind, OSError) and behind.errno in _FULL:
            return behind
        behind = behind.__cause__ or behind.__context__
    return None


def os_error(error: OSError, path: Path | str) -> StudioError:
    """The StudioError for an OSError at ``path``."""
    place = str(error.filename2 or error.filename or path)  # of a copy, the target
    if error.errno in _FULL or (error.errno is None and _is_full(Path(place))):
        return StudioError(
            "files.disk-full",
            "The disk is full: {path} could not be written.",
            "Free some space or choose another folder, then start again. Nothing half-written was left.",
            where=place,
            path=place,
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return StudioError(
            "files.no-permission",
            "{path} cannot be read or written: permission denied or a read-only folder.",
            "Choose a folder that you may write to, or change its permissions.",
            where=place,
            path=place,
        )
    if isinstance(error, FileNotFoundError):
        return StudioError(
            "files.missing", "{path} does not exist.", "Check the path, or choose the file again.", place, path=place
        )
    return StudioError(
        "files.io",
        "{path} could not be read or written: {reason}.",
        "Check the disk and the folder, then try again.",
        where=place,
        path=place,
        reason=error.strerror or str(error),
    )


def _is_full(path: Path) -> bool:
    """Whether there is no room beside ``path``: numpy says only that it could not write, not why."""
    existing = next((folder for folder in path.parents if folder.is_dir()), None)
    return existing is not None and shutil.disk_usage(existing).free < _BLOCK


@contextlib.contextmanager
def atomic_write(path: Path, mode: str = "w", **kwargs: Any) -> Iterator[IO[Any]]:
    """Opens a temporary file beside ``path``; on success it is fsynced and renamed, on failure removed.

    Raises:
        StudioError: disk full, no permission, or another I/O error.
    """
    path = Path(path)
    if "b" not in mode:
        kwargs.setdefault("encoding", "utf-8")
        kwargs.setdefault("newline", "\n")
    with explain_os_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        # not mkstemp: its files are private, and a report is meant to be read by others too
        temporary = path.with_name(f".{path.name[:40]}.{secrets.token_hex(4)}.part")
        try:
            with open(temporary, mode, **kwargs) as stream:
                yield stream
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(temporary, path)
            sync(path.parent)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


@contextlib.contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """Gives a temporary folder beside ``path``; on success it replaces ``path``, on failure it is removed."""
    path = Path(path)
    with explain_os_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name[:40]}.", suffix=".part"))
        try:
            yield temporary
            temporary.chmod(0o755)  # mkdtemp makes it private
            for item in (temporary, *temporary.rglob("*")):
                sync(item)
            if path.exists():
                shutil.rmtree(path)
            os.replace(temporary, path)
            sync(path.parent)
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)
            raise


def sync(path: Path) -> None:
    """Has the system put a file, or the names in a folder, on the disk now, so that a power cut does not lose them."""
    with contextlib.suppress(OSError):  # Windows opens no folders, some systems refuse fsync on a read handle
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def write_text(path: Path, text: str) -> None:
    with atomic_write(path) as stream:
        stream.write(text)


def write_json(path: Path, data: Any) -> None:
    write_text(path, json.dumps(data, ensure_ascii=False, indent=1) + "\n")


def read_json(path: Path) -> Any:
    """Reads JSON.

    Raises:
        StudioError: the file is missing or is not JSON.
    """
    with explain_os_errors(path):
        text = Path(path).read_text(encoding="utf-8", errors="replace")
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise StudioError(
            "files.not-json",
            "{path} is not valid JSON: {reason} in line {line}.",
            "The file is damaged; restore it from its source.",
            where=str(path),
            path=str(path),
            reason=error.msg,
            line=error.lineno,
        ) from error


def sha256(path: Path, check: Callable[[], None] | None = None) -> str:
    """Hex SHA-256 of a file, read in blocks; ``check`` is called for each block so that it can be cancelled."""
    digest = hashlib.sha256()
    with explain_os_errors(path), open(path, "rb") as stream:
        while block := stream.read(_BLOCK):
            if check:
                check()
            digest.update(block)
    return digest.hexdigest()


def expand(path: Path | str) -> Path:
    """The path with ``~`` resolved; a user that does not exist stays as written, and is then a missing file."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)


def is_name(place: str) -> bool:
    """Whether a place of data is a name with a scheme (``hub:org/name``, ``sqlite:///…``) and no file.

    One letter before the colon is a Windows drive.
    """
    return re.match(r"[a-z][a-z0-9+.\-]+:", place, re.IGNORECASE) is not None and not Path(place).exists()


def shown(place: str) -> str:
    """A place as it may be shown and kept: without the password of a database's address."""
    return re.sub(r"(://[^:/@\s]*):(?!\$)[^@\s]+@", r"\1:***@", place)


def safe_name(text: str, limit: int = 60) -> str:
    """A name that is a valid file name on every system; never empty, never a path."""
    text = unicodedata.normalize("NFC", text)
    text = re.sub(r"[^\w.\- ]+", "-", text).strip(" .-") or "unnamed"
    return f"{text}-" if text.lower().split(".")[0] in _RESERVED else text[:limit].rstrip(" .")


def size_of(path: Path) -> int:
    """Bytes of a file, or of all files in a folder; 0 if absent."""
    path = Path(path)
    if path.is_file():
        return path.stat().st_size
    return sum(item.stat().st_size for item in path.rglob("*") if item.is_file())

"""Deleted runs and parts of runs: moved aside in the folder of the runs, brought back, or removed for good."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from tlstudio.core.errors import StudioError
from tlstudio.core.files import explain_os_errors, read_json, write_json

FOLDER = ".trash"
_ENTRY, _CONTENT, _GOING = "entry.json", "content", ".emptied-"


@dataclass(frozen=True)
class Deleted:
    """What was deleted at once: ``paths`` relative to the folder of the runs, ``time`` in seconds since 1970."""

    token: str
    run: str
    paths: tuple[str, ...]
    bytes: int
    time: float

    @property
    def whole(self) -> bool:
        """Whether it is the run itself, and not a part of it."""
        return self.paths == (self.run,)


class Trash:
    """The trash of the runs in ``base``. It lies on the same disk, so that deleting and restoring are renames."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.folder = base / FOLDER

    def put(self, run: str, paths: Sequence[str], size: int = 0) -> Deleted:
        """Moves ``paths`` (relative to the folder of the runs) here.

        What is to be moved is written down first: after a crash in the middle all of it can still be restored.

        Raises:
            StudioError: it cannot be moved; nothing has gone then.
        """
        with explain_os_errors(self.base / run):
            place, token = self._new()
            entry = Deleted(token, run, tuple(paths), size, time.time())
            write_json(place / _ENTRY, asdict(entry))
            moved: list[str] = []
            try:
                for path in paths:
                    target = place / _CONTENT / path
                    target.parent.mkdir(parents=True, exist_ok=True)
                    os.replace(self.base / path, target)
                    moved.append(path)
            except OSError:
                for path in moved:
                    os.replace(place / _CONTENT / path, self.base / path)
                shutil.rmtree(place, ignore_errors=True)
                raise
        return entry

    def entries(self) -> list[Deleted]:
        """What can be restored, the newest first; a damaged entry is passed over."""
        found = []
        for place in self.folder.glob(f"*/{_ENTRY}"):
            with contextlib.suppress(StudioError, KeyError, TypeError, ValueError, OSError):
                if not place.parent.name.startswith("."):
                    found.append(_entry(place.parent.name, read_json(place)))
        return sorted(found, key=lambda entry: (entry.time, entry.token), reverse=True)

    def find(self, name: str) -> Deleted:
        """The newest entry of a run, by its id, the beginning of one, or the token of an entry.

        Raises:
            StudioError: there is none.
        """
        for entry in self.entries():
            if name and (entry.token == name or entry.run.startswith(name)):
                return entry
        raise StudioError("runs.not-in-trash", "There is nothing of '{run}' in the trash.",
                          "'tlstudio runs trash' lists what can be brought back.", where=name, run=name)  # fmt: skip

    def restore(self, entry: Deleted) -> Deleted:
        """Moves everything back to where it was.

        Raises:
            StudioError: something else lies there now, or the run itself is not there any more.
        """
        content = self.folder / entry.token / _CONTENT
        with explain_os_errors(self.base / entry.run):
            waiting = [path for path in entry.paths if (content / path).exists()]
            for path in waiting:
                target = self.base / path
                if not target.parent.is_dir():
                    raise StudioError("runs.run-in-trash", "The run {run} itself is not there any more.",
                                      "Restore the run first, then its parts.", where=path, run=entry.run)  # fmt: skip
                if target.exists():
                    raise StudioError("runs.in-the-way", "{path} exists again.",
                                      "Move it away or delete it first, then restore.",
                                      where=path, path=str(target))  # fmt: skip
            for path in waiting:
                os.replace(content / path, self.base / path)
            shutil.rmtree(self.folder / entry.token, ignore_errors=True)
        return entry

    def empty(self, entries: Sequence[Deleted] | None = None, check: Callable[[], None] | None = None) -> int:
        """Removes entries for good, by default all; returns the bytes that were freed.

        Raises:
            StudioError: a file cannot be removed.
            Cancelled: the user has cancelled; what was not begun stays.
        """
        freed = 0
        for entry in self.entries() if entries is None else entries:
            if check:
                check()
            with explain_os_errors(self.folder):
                going = self.folder / f"{_GOING}{entry.token}"
                os.replace(self.folder / entry.token, going)  # half of it must not be restored
                shutil.rmtree(going)
            freed += entry.bytes
        if entries is None:
            for rest in self.folder.glob("*"):  # of a crash, or damaged
                shutil.rmtree(rest, ignore_errors=True)
        return freed

    def _new(self) -> tuple[Path, str]:
        stamp = time.strftime("%Y%m%d-%H%M%S")
        for number in range(1, 100_000):
            with contextlib.suppress(FileExistsError):
                token = f"{stamp}-{number}"
                (self.folder / token).mkdir(parents=True)
                return self.folder / token, token
        raise FileExistsError(self.folder)


def _entry(token: str, data: dict[str, Any]) -> Deleted:
    """An entry as it was written; the file lies where anyone may edit it, so its paths are checked."""
    paths = tuple(str(path) for path in data["paths"])
    for path in (*paths, str(data["run"])):
        parts = PurePosixPath(path).parts
        if not parts or ".." in parts or PurePosixPath(path).is_absolute() or "\\" in path or ":" in parts[0]:
            raise ValueError(path)
    return Deleted(token, str(data["run"]), paths, int(data["bytes"]), float(data["time"]))

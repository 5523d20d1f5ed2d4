"""The file of the open project: who else has it open, and whether somebody else has changed it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from tlstudio.core.errors import StudioError
from tlstudio.core.locks import Lock, holder


class ProjectFile:
    """Holds a lock beside the project file while it is open, so that a second window learns of it."""

    def __init__(self) -> None:
        self.path: Path | None = None
        self._lock: Lock | None = None
        self._seen = ""

    def use(self, path: Path | None) -> StudioError | None:
        """The project of this file is open now (none: a new one). Returns what the user should know."""
        if path == self.path and self._lock is not None:
            self._seen = _digest(path) if path else ""
            return None
        self.close()
        self.path, self._seen = path, _digest(path) if path else ""
        if path is None:
            return None
        lock = Lock(lock_of(path), "window")
        try:
            lock.acquire()
        except StudioError as error:
            if error.code.startswith("lock."):
                return elsewhere(path)
            return None  # a folder only for reading: nobody can save over it
        self._lock = lock
        return None

    def obstacle(self, path: Path) -> StudioError | None:
        """Why saving to ``path`` would destroy somebody's work."""
        ours = self._lock is not None and path == self.path
        if not ours and (other := elsewhere(path)) is not None:
            return other
        if path == self.path and path.exists() and self._seen and _digest(path) != self._seen:
            return StudioError(
                "project.changed", "{path} has been changed by another program since it was opened.",
                "Save under another name, or save over it.", where=str(path), path=str(path),
            )  # fmt: skip
        return None

    def close(self) -> None:
        if self._lock is not None:
            self._lock.release()
        self._lock = None


def lock_of(path: Path) -> Path:
    return path.with_name(f".{path.name}.lock")


def elsewhere(path: Path) -> StudioError | None:
    """Who else has the project open."""
    owner = holder(lock_of(path))
    if owner is None:
        return None
    return StudioError(
        "project.open-elsewhere", "{path} is open in another window: process {pid} on {host}, since {since}.",
        "Close it there first, or save under another name.", where=str(path), path=str(path), **owner.facts(),
    )  # fmt: skip


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""

"""Unsaved changes, kept aside while they are made, so that a window that dies loses nothing but the last seconds."""

from __future__ import annotations

import contextlib
import logging
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tlstudio.core import recipe as recipes
from tlstudio.core.errors import StudioError
from tlstudio.core.files import explain_os_errors, read_json, write_json
from tlstudio.core.locks import Lock, holder
from tlstudio.core.paths import data_folder
from tlstudio.core.recipe import Recipe

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Draft:
    """A recipe that was not saved.

    Args:
        file: where it is kept.
        recipe: as it was last seen.
        project: the project file that it belongs to; None for a new project.
        seconds: since the epoch, when it was kept.
    """

    file: Path
    recipe: Recipe
    project: Path | None
    seconds: float

    def forget(self) -> None:
        """It is wanted no more."""
        lock = Lock(_owner_of(self.file))
        with contextlib.suppress(OSError, StudioError):
            lock.acquire()
            self.file.unlink(missing_ok=True)
        lock.release()  # and with it what the dead owner has left


class Drafts:
    """The unsaved changes of one window. May be used by one thread at a time."""

    def __init__(self, folder: Path | None = None) -> None:
        self._file = (folder or drafts_folder()) / f"{uuid.uuid4().hex}.json"
        self._lock: Lock | None = None

    def keep(self, recipe: Recipe, project: Path | None) -> None:
        """Writes what is not saved, instead of what was written before.

        Raises:
            StudioError: the disk is full, or the folder cannot be written to.
        """
        with explain_os_errors(self._file.parent):
            self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self._lock is None:
            lock = Lock(_owner_of(self._file), "window")
            lock.acquire()
            self._lock = lock
        name = str(project.absolute()) if project else ""
        write_json(self._file, {"project": name, "seconds": time.time(), "recipe": recipe.to_dict()})

    def drop(self) -> None:
        """Everything is saved, or was discarded by the user."""
        with contextlib.suppress(OSError):
            self._file.unlink(missing_ok=True)
        self.close()

    def close(self) -> None:
        """What was kept stays for the next start."""
        if self._lock is not None:
            self._lock.release()
        self._lock = None


def drafts_folder() -> Path:
    return data_folder() / "unsaved"


def left_behind(folder: Path | None = None) -> list[Draft]:
    """What windows that are gone had not saved, newest first; what cannot be read stays where it is."""
    found = []
    for file in (folder or drafts_folder()).glob("*.json"):
        if holder(_owner_of(file)) is None and (draft := _read(file)) is not None:
            found.append(draft)
    return sorted(found, key=lambda draft: -draft.seconds)


def _read(file: Path) -> Draft | None:
    try:
        data: dict[str, Any] = read_json(file)
        recipe = recipes.from_dict(data["recipe"])
        return Draft(file, recipe, Path(data["project"]) if data["project"] else None, float(data["seconds"]))
    except (StudioError, OSError, KeyError, TypeError, ValueError) as error:
        log.warning("unsaved changes in %s cannot be read: %s", file, type(error).__name__)
        return None


def _owner_of(file: Path) -> Path:
    return file.with_suffix(".lock")

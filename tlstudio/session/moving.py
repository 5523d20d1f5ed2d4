"""Moves a place of the storage to another folder or disk: copied, verified, switched over, and only then removed.

At every moment one of the two folders is complete and the settings name it. What is going on is written down in
``moving.json`` beside the settings, so that the next start can end what was interrupted.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tlstudio.core import paths
from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.events import Emit
from tlstudio.core.files import expand, explain_os_errors, sha256, write_json
from tlstudio.core.progress import Meter
from tlstudio.session import settings as settings_module
from tlstudio.session import storage
from tlstudio.session.run_disk import measure

JOURNAL = paths.JOURNAL
MOVABLE = tuple(name for name in storage.NAMES if name != "logs")
_COPY = ".tlstudio-moving"  # beside the target while it is not complete
_BLOCK = 1 << 20
_ROUNDS = 5  # looks for what has changed while it was copied
_INDEX = ".index.sqlite"  # of the runs; it is made anew


@dataclass(frozen=True)
class _File:
    """``link`` is where a symbolic link points, else None."""

    size: int
    time: int
    link: str | None = None


def move(name: str, target: Path | str, emit: Emit, control: Control) -> Path:
    """Moves a place into the folder ``target``, which must be empty or not there yet; returns where it is now.

    Raises:
        StudioError: the target will not do, there is too little room, a run goes on, or a copy is not like its
            original. The old place is untouched then.
        Cancelled: the user has cancelled; the same.
    """
    source, goal = storage.folder_of(name), expand(target).absolute()
    recover()
    _refuse(name, source, goal)
    with _journal(name, source, goal), explain_os_errors(goal):
        goal.parent.mkdir(parents=True, exist_ok=True)
        if goal.is_dir():
            goal.rmdir()  # an empty one, or this fails
        if not _entries(name, source):
            goal.mkdir()
        elif _renamable(name, source, goal):
            _rename(name, source, goal)
            return goal
        else:
            _copy(name, source, goal, emit, control)
        _switch(name, goal)
        _remove(name, source)
    return goal


def recover(remove: bool = True) -> None:
    """Ends a move that was interrupted: a half copy goes, a move that was done is switched over.

    Never raises: where the disk will not, the next start tries again. Without ``remove`` what is left of the old place
    stays until somebody has more time.
    """
    file = paths.config_folder() / JOURNAL
    if not file.is_file():
        return
    with contextlib.suppress(OSError, StudioError):
        try:
            found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
            pid, name = int(found["pid"]), str(found["name"])
            source, goal = Path(found["source"]), Path(found["target"])
        except (ValueError, LookupError, TypeError):  # cut by a crash before anything was moved
            file.unlink()
            return
        if _alive(pid, file):
            return
        shutil.rmtree(_aside(goal), ignore_errors=True)
        now = storage.folder_of(name)
        if goal.is_dir() and not source.exists() and now == source:
            _switch(name, goal)  # renamed, and then interrupted
        elif goal.is_dir() and now == goal and _entries(name, source):  # switched, and then interrupted
            if not remove:
                return
            _remove(name, source)
        file.unlink(missing_ok=True)


def _refuse(name: str, source: Path, goal: Path) -> None:
    params = {"place": name, "path": str(goal)}
    if name not in MOVABLE:
        raise StudioError("storage.stays", "'{place}' stays where it is.", "What can be moved: {known}.", where=name,
                          place=name, known=", ".join(MOVABLE))  # fmt: skip
    storage.refuse_while_running(name)
    if variable := storage.fixed(name):
        raise StudioError("storage.fixed", "Where {place} lie is set by {variable} in the environment.",
                          "Change that variable, or remove it, and start again.", where=name, variable=variable,
                          place=name)  # fmt: skip
    one, two = (Path(os.path.realpath(path)) for path in (source, goal))
    if one == two or one in two.parents or two in one.parents:
        raise StudioError("storage.same-place", "{path} is where it lies already, or within it.",
                          "Choose a folder elsewhere.", where=name, **params)  # fmt: skip
    if goal.exists() and (not goal.is_dir() or os.path.ismount(goal) or any(goal.iterdir())):
        raise StudioError("storage.not-empty", "{path} is a disk, or there already and not empty.",
                          "Name a new folder in it.", where=name, **params)  # fmt: skip
    if (link := next((item for item in (source, *_entries(name, source)) if item.is_symlink()), None)) is not None:
        raise StudioError("storage.link", "{path} is a link to another folder.", "Move what it points to yourself.",
                          where=name, path=str(link))  # fmt: skip


def _entries(name: str, source: Path) -> list[Path]:
    """What of a folder belongs to the place: the caches share one."""
    with contextlib.suppress(OSError):
        shared = name in ("datasets", "features", "logs")
        return sorted(item for item in source.iterdir() if not shared or paths.place_of(item.name) == name)
    return []


def _renamable(name: str, source: Path, goal: Path) -> bool:
    """Whether a rename will do: the whole folder, on the same disk."""
    whole = len(_entries(name, source)) == sum(1 for _ in source.iterdir())
    return whole and source.stat().st_dev == goal.parent.stat().st_dev


def _rename(name: str, source: Path, goal: Path) -> None:
    os.replace(source, goal)
    try:
        _switch(name, goal)
    except BaseException:
        os.replace(goal, source)
        raise


def _copy(name: str, source: Path, goal: Path, emit: Emit, control: Control) -> None:
    """Copies until nothing has changed since it was looked at, and gives the copy its name."""
    aside = _aside(goal)
    done: dict[str, _File] = {}
    entries = _entries(name, source)
    size = sum(measure(item, control.check) if item.is_dir() else item.stat().st_size for item in entries)
    _room(goal, size)
    meter = Meter(emit, control, "move", max(2 * size, 1), "bytes")  # written, and read again
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir()
    try:
        for _round in range(_ROUNDS):
            now = dict(_listed(name, source, control))
            for gone in done.keys() - now.keys():
                (aside / gone).unlink()
            changed = [path for path, file in now.items() if done.get(path) != file]
            if not changed and done.keys() == now.keys():
                break
            for path in changed:
                try:
                    _copy_file(source / path, aside / path, _relinked(now[path], source, goal), meter)
                except FileNotFoundError:
                    if os.path.lexists(source / path):
                        raise
                    del now[path]  # deleted meanwhile
            done = now
        else:
            raise StudioError("storage.busy", "{path} is being written to all the time.",
                              "Close other windows of TLStudio, then try again.", where=name,
                              path=str(source))  # fmt: skip
        _folders(name, source, aside)
        storage.refuse_while_running(name)
        os.replace(aside, goal)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise


def _listed(name: str, source: Path, control: Control) -> Iterator[tuple[str, _File]]:
    for top in _entries(name, source):
        for place, folders, files in os.walk(top) if top.is_dir() else [(str(source), [], [top.name])]:
            control.check()
            for item in [*files, *(folder for folder in folders if Path(place, folder).is_symlink())]:
                path = Path(place, item)
                if item.startswith(_INDEX):
                    continue
                with contextlib.suppress(FileNotFoundError):
                    state = path.lstat()
                    link = str(path.readlink()) if path.is_symlink() else None
                    yield path.relative_to(source).as_posix(), _File(state.st_size, state.st_mtime_ns, link)


def _copy_file(source: Path, target: Path, file: _File, meter: Meter) -> None:
    """Copies one file and reads the copy again; links of the hub's cache stay links.

    Raises:
        StudioError: the disk gives back something else than was written.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    if file.link is not None:
        target.symlink_to(file.link)
        return
    digest = hashlib.sha256()
    with open(source, "rb") as reader, open(target, "xb") as writer:
        while block := reader.read(_BLOCK):
            digest.update(block)
            writer.write(block)
            meter.advance(min(len(block), max(meter.total - meter.done, 0)))
        writer.flush()
        os.fsync(writer.fileno())
    shutil.copystat(source, target)
    check = _Advance(meter)
    if sha256(target, check) != digest.hexdigest():
        raise StudioError("storage.bad-copy", "{path} was not copied faithfully.",
                          "Check the disk; nothing was removed.", where=str(target), path=str(target))  # fmt: skip


def _relinked(file: _File, source: Path, goal: Path) -> _File:
    """A link that names a file of the old place by its whole path names that of the new one."""
    if file.link is None or not Path(file.link).is_absolute() or source not in Path(file.link).parents:
        return file
    return replace(file, link=str(goal / Path(file.link).relative_to(source)))


class _Advance:
    """Counts a block that is read again."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter

    def __call__(self) -> None:
        self._meter.advance(min(_BLOCK, max(self._meter.total - self._meter.done, 0)))


def _folders(name: str, source: Path, aside: Path) -> None:
    """Empty folders too, and the times of all: the list of runs goes by them."""
    found = [Path(place) for top in _entries(name, source) if top.is_dir() for place, _folders, _files in os.walk(top)]
    for folder in reversed(found):  # inner ones first: a new folder changes the time of the outer one
        copy = aside / folder.relative_to(source)
        copy.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(OSError):
            shutil.copystat(folder, copy)


def _room(goal: Path, size: int) -> None:
    free = shutil.disk_usage(goal.parent).free
    if free < size + (64 << 20):
        raise StudioError("storage.no-room", "There is too little room at {path}: {free} MB are free, {size} MB are "
                          "needed.", "Choose another disk, or clean first.", where=str(goal), path=str(goal),
                          free=free >> 20, size=(size >> 20) + 64)  # fmt: skip


def _switch(name: str, goal: Path) -> None:
    """Lets the program find the place at ``goal`` from now on.

    Raises:
        StudioError: the settings cannot be written.
    """
    if name == "runs":
        settings, _note = settings_module.load()
        if error := settings_module.save(settings.changed(runs_folder=str(goal))):
            raise error
        return
    file = paths.config_folder() / paths.PLACES
    write_json(file, {"schema": 1, "places": {**paths.moved_places(file), name: str(goal)}})
    if name == "models":
        paths.use_moved_models()


def _remove(name: str, source: Path) -> None:
    """The old place; what cannot be removed stays, and does no harm."""
    for item in _entries(name, source):
        if item.is_dir():
            shutil.rmtree(item, ignore_errors=True)
        else:
            with contextlib.suppress(OSError):
                item.unlink()
    with contextlib.suppress(OSError):
        source.rmdir()


def _aside(goal: Path) -> Path:
    return goal.with_name(f"{_COPY}-{goal.name}")


@contextlib.contextmanager
def _journal(name: str, source: Path, goal: Path) -> Iterator[None]:
    file = paths.config_folder() / JOURNAL
    if file.is_file():
        raise StudioError("storage.moving", "Something is being moved already.", "Wait until that has ended.",
                          where=name)  # fmt: skip
    write_json(file, {"pid": os.getpid(), "name": name, "source": str(source), "target": str(goal)})
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def _alive(pid: int, file: Path) -> bool:
    """Whether the process that wrote the journal lives (a number may have been given anew)."""
    import psutil

    try:
        return bool(psutil.Process(pid).create_time() <= file.stat().st_mtime + 2)
    except (OSError, psutil.NoSuchProcess, ValueError):
        return False
    except psutil.AccessDenied:
        return True

"""Where models, datasets, features, runs, studies and logs lie, how large they are, and what may be cleaned."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tlstudio.core import paths
from tlstudio.core.errors import StudioError
from tlstudio.core.files import explain_os_errors
from tlstudio.session import settings as settings_module
from tlstudio.session.run_disk import measure
from tlstudio.session.run_summary import is_run, is_running
from tlstudio.session.run_trash import FOLDER as TRASH
from tlstudio.session.run_trash import Trash

Check = Callable[[], None]
NAMES = ("models", "datasets", "features", "runs", "studies", "logs")
# how a part that was cleaned comes back: fetched, computed, only in the trash, only for going on with a run; or never
FETCH, COMPUTE, TRASHED, RESUME, NEVER, TOLD = "fetch", "compute", "trashed", "resume", "never", "told"
_FINISHED = "results.json"
_GOING = ".cleaned-"
_JUST = 60.0  # seconds


@dataclass(frozen=True)
class Part:
    """A part of a place: ``again`` says how it comes back when it is cleaned; ``never`` ones are not cleaned here."""

    name: str
    path: Path
    bytes: int
    again: str

    @property
    def cleanable(self) -> bool:
        return self.again != NEVER and self.bytes > 0


@dataclass(frozen=True)
class Place:
    """Where something lies. ``fixed`` names what keeps it from being moved, empty where nothing does."""

    name: str
    path: Path
    parts: tuple[Part, ...]
    free: int | None = None  # bytes on its disk
    fixed: str = ""

    @property
    def bytes(self) -> int:
        return sum(part.bytes for part in self.parts)

    @property
    def cleanable(self) -> int:
        """Bytes that can go and come back."""
        return sum(part.bytes for part in self.parts if part.cleanable)


def folder_of(name: str) -> Path:
    """Where a place lies now.

    Raises:
        StudioError: there is no such place.
    """
    if name == "models":
        return _models()
    if name == "runs":
        return settings_module.load()[0].runs_path
    if name == "studies":
        return paths.searches_folder()
    if name in ("datasets", "features", "logs"):
        return paths.cache_folder(name).parent
    raise unknown(name)


def survey(check: Check | None = None, names: Iterable[str] = NAMES) -> Iterator[Place]:
    """The places one after the other, as they are measured; that may take a while on a slow disk."""
    for name in names:
        folder = folder_of(name)
        yield Place(name, folder, tuple(_parts(name, folder, check)), _free(folder), fixed(name))


def fixed(name: str) -> str:
    """What decides where a place lies, so that it cannot be moved: a variable of the environment, or we ourselves."""
    if name == "models":
        return paths.models_fixed_by()
    return "TLStudio" if name == "logs" else ""


def clean(place: Place, parts: Iterable[str] = (), check: Check | None = None) -> int:
    """Removes parts of a place, by default all that can come back; returns the bytes that were freed.

    Raises:
        StudioError: a part is unknown or not to be cleaned, or a run goes on that may need it.
        Cancelled: the user has cancelled; what was not begun stays.
    """
    known = {part.name: part for part in place.parts}
    wanted = list(dict.fromkeys(parts))
    for name in wanted:
        if name not in known or known[name].again == NEVER:
            raise StudioError("storage.not-cleanable", "'{part}' of {place} is not cleaned here.",
                              "What can be cleaned: {known}.", where=place.name, part=name, place=place.name,
                              known=", ".join(part.name for part in place.parts if part.cleanable) or "-")  # fmt: skip
    chosen = [known[name] for name in wanted] if wanted else [part for part in place.parts if part.cleanable]
    refuse_while_running(place.name)
    freed = 0
    for part in chosen:
        if check:
            check()
        freed += _clean(part, check)
    return freed


def refuse_while_running(name: str = "") -> None:
    """Raises a StudioError while a run goes on in the usual folder: it may need what is cleaned or moved.

    A search has no lock; one that has written a moment ago is taken for going on.
    """
    if name == "studies" and (recent := _written(folder_of(name))) is not None:
        raise StudioError("storage.search-going-on", "The search {search} has written something a moment ago.",
                          "Wait until it has ended, or stop it.", where=name, search=recent.name)  # fmt: skip
    if (run := going_on(folder_of("runs"))) is not None:
        raise StudioError("storage.run-going-on", "The run {run} is going on, and may need this.",
                          "Wait until it has ended, or stop it.", where=run.name, run=run.name)  # fmt: skip


def going_on(base: Path) -> Path | None:
    """A run in a folder that is going on."""
    with contextlib.suppress(OSError), os.scandir(base) as entries:
        for entry in entries:
            if (Path(entry.path) / "run.lock").is_file() and is_running(Path(entry.path)):
                return Path(entry.path)
    return None


def _written(base: Path) -> Path | None:
    """A folder in ``base`` with a file that has just been written."""
    for path in _folders(base):
        with contextlib.suppress(OSError), os.scandir(path) as entries:
            if any(time.time() - entry.stat().st_mtime < _JUST for entry in entries):
                return path
    return None


def unknown(name: str) -> StudioError:
    return StudioError("storage.unknown", "There is no place called '{name}'.", "The places are: {known}.", where=name,
                       name=name, known=", ".join(NAMES))  # fmt: skip


def _models() -> Path:
    """The hub's cache, as its libraries would find it, without importing them."""
    if (own := paths.moved("models")) is not None and not paths.models_fixed_by():
        return own
    if folder := os.environ.get("HF_HUB_CACHE") or os.environ.get("HUGGINGFACE_HUB_CACHE"):
        return Path(folder).expanduser()
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(os.environ.get("HF_HOME") or f"{cache}/huggingface").expanduser() / "hub"


def _parts(name: str, folder: Path, check: Check | None) -> Iterator[Part]:
    if name == "runs":
        yield from _run_parts(folder, check)
    elif name == "models":
        for path in sorted(folder.glob("*--*")):
            if path.is_dir():
                kind, _, rest = path.name.partition("--")
                title = rest.replace("--", "/") + ("" if kind == "models" else f" ({kind})")
                yield Part(title, path, measure(path, check), FETCH)
    elif name == "studies":
        for path in sorted(item for item in _folders(folder)):
            yield Part(path.name, path, measure(path, check), COMPUTE)
    else:
        for path in _folders(folder):
            if paths.place_of(path.name) == name:
                again = {"hub-datasets": FETCH, "logs": TOLD}.get(path.name, COMPUTE)
                yield Part(path.name, path, measure(path, check), again)


def _run_parts(folder: Path, check: Check | None) -> Iterator[Part]:
    """The trash, checkpoints of runs that are finished (only they can be cleaned here), and all else."""
    checkpoints = rest = 0
    for path in _folders(folder):
        if not is_run(path):
            continue
        whole = measure(path, check)
        own = measure(path / "checkpoints", check) if (path / _FINISHED).is_file() and not is_running(path) else 0
        checkpoints, rest = checkpoints + own, rest + whole - own
    yield Part("trash", folder / TRASH, measure(folder / TRASH, check), TRASHED)
    yield Part("checkpoints", folder, checkpoints, RESUME)
    yield Part("runs", folder, rest, NEVER)


def _folders(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            found = [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return []
    return sorted(Path(path) for path in found if not Path(path).name.startswith("."))


def _free(folder: Path) -> int | None:
    existing = next((parent for parent in (folder, *folder.parents) if parent.exists()), None)
    with contextlib.suppress(OSError):
        return shutil.disk_usage(existing).free if existing else None
    return None


def _clean(part: Part, check: Check | None) -> int:
    with explain_os_errors(part.path):
        if part.again == TRASHED:
            Trash(part.path.parent).empty(check=check)
        elif part.again == RESUME:
            for run in _folders(part.path):
                if (run / _FINISHED).is_file() and (run / "checkpoints").is_dir() and not is_running(run):
                    if check:
                        check()
                    _vanish(run / "checkpoints")
        elif part.again == TOLD:
            for file in part.path.iterdir():
                with contextlib.suppress(PermissionError):  # one that is being written, on Windows
                    file.unlink()
        else:
            _vanish(part.path)
    return max(part.bytes - (measure(part.path) if part.again in (TRASHED, TOLD) else 0), 0)


def _vanish(folder: Path) -> None:
    """Removes a folder. It is renamed first: nobody finds half of it when this is interrupted."""
    aside = folder.with_name(f"{_GOING}{time.time_ns():x}")
    os.replace(folder, aside)
    shutil.rmtree(aside, ignore_errors=True)
    for rest in folder.parent.glob(f"{_GOING}*"):  # of a crash
        shutil.rmtree(rest, ignore_errors=True)

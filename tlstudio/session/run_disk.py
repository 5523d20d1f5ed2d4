"""How much disk a run takes, part by part, and cleaning up: what goes, how much is freed, and how it comes back."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tlstudio.core.errors import StudioError
from tlstudio.core.files import explain_os_errors
from tlstudio.session.run_summary import RunSummary, is_running
from tlstudio.session.run_trash import Trash

Check = Callable[[], None]
# parts that can go while the run stays: their folders in it
PARTS = {"checkpoints": ("checkpoints",), "compressed": ("compressed", "frontier/nodes"), "exports": ("exports",)}
WHOLE = "run"
_RESUMABLE = ("interrupted", "failed", "cancelled")  # their checkpoints are what they are resumed from
_MODEL = "model"


@dataclass(frozen=True)
class Usage:
    """Bytes of a run: those of each part, of the model, and of all."""

    parts: dict[str, int]
    total: int

    @property
    def rest(self) -> int:
        """What is neither a part nor the model: results, curves, predictions, report."""
        return self.total - sum(self.parts.values())


@dataclass(frozen=True)
class Removal:
    """One thing that a clean-up takes away."""

    run: RunSummary
    part: str
    bytes: int

    @property
    def paths(self) -> tuple[str, ...]:
        """What goes, relative to the folder of the runs."""
        folder = Path(self.run.folder)
        if self.part == WHOLE:
            return (folder.name,)
        return tuple(f"{folder.name}/{name}" for name in PARTS[self.part] if (folder / name).is_dir())


def measure(folder: Path, check: Check | None = None) -> int:
    """Bytes of all files in a folder; links are not followed, and a file that is there twice (hard links) counts once.

    What disappears meanwhile or may not be read counts nothing.
    """
    total, waiting, seen = 0, [str(folder)], set()
    while waiting:
        if check:
            check()
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                        continue
                    state = entry.stat(follow_symlinks=False)
                    if state.st_nlink > 1:
                        if (state.st_dev, state.st_ino) in seen:
                            continue
                        seen.add((state.st_dev, state.st_ino))
                    total += state.st_size
        except OSError:
            continue
    return total


def usage(folder: Path, check: Check | None = None) -> Usage:
    """What each part of a run folder takes."""
    parts = {name: sum(measure(folder / inner, check) for inner in inners) for name, inners in PARTS.items()}
    parts[_MODEL] = measure(folder / _MODEL, check)
    return Usage(parts, measure(folder, check))


def removals(runs: Iterable[RunSummary], parts: Sequence[str], check: Check | None = None) -> list[Removal]:
    """What cleaning ``parts`` of runs would take away.

    Runs that go on are left alone, and so are the checkpoints of runs that can still be resumed.

    Raises:
        StudioError: there is no such part.
    """
    for part in parts:
        if part != WHOLE and part not in PARTS:
            raise StudioError("runs.no-part", "A run has no part called '{part}'.", "The parts are: {known}.",
                              where=part, part=part, known=", ".join((*PARTS, WHOLE)))  # fmt: skip
    found = []
    for run in runs:
        if run.outcome == "running":
            continue
        for part in (WHOLE,) if WHOLE in parts else dict.fromkeys(parts):
            if part == "checkpoints" and run.outcome in _RESUMABLE:
                continue
            inner = ("",) if part == WHOLE else PARTS[part]
            if size := sum(measure(Path(run.folder) / name, check) for name in inner):
                found.append(Removal(run, part, size))
    return found


def remove(wanted: Iterable[Removal], base: Path, for_good: bool = False, check: Check | None = None) -> int:
    """Moves what a clean-up takes away to the trash of ``base``, or removes it; returns its bytes.

    Raises:
        StudioError: a run goes on meanwhile, or something cannot be moved; what was done until then stays done.
        Cancelled: the user has cancelled; the same.
    """
    trash, total = Trash(base), 0
    for item in wanted:
        if check:
            check()
        folder = Path(item.run.folder)
        if is_running(folder):
            raise StudioError("runs.running", "The run {run} is going on.", "Stop or cancel it first, then delete it.",
                              where=item.run.id, run=item.run.id)  # fmt: skip
        with explain_os_errors(folder):
            if folder.parent != base:  # elsewhere there is no trash of ours
                for path in item.paths:
                    shutil.rmtree(folder.parent / path)
            else:
                entry = trash.put(folder.name, item.paths, item.bytes)
                if for_good:
                    trash.empty([entry])
        total += item.bytes
    return total

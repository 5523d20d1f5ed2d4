"""Run folders and their index: a SQLite file beside them that can be rebuilt from the folders at any time."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import sqlite3
import time
from collections.abc import Collection, Container, Iterator
from dataclasses import asdict
from pathlib import Path

from tlstudio.core.errors import StudioError
from tlstudio.core.files import expand, explain_os_errors, safe_name
from tlstudio.core.paths import runs_folder
from tlstudio.core.recipe import Recipe
from tlstudio.session import run_disk, run_notes
from tlstudio.session.run_notes import RunNotes
from tlstudio.session.run_summary import RunSummary, is_run, is_running, summarise
from tlstudio.session.run_trash import Deleted, Trash

__all__ = ["RunIndex", "RunSummary", "is_running", "new_folder"]

INDEX = ".index.sqlite"
_ASIDE = ".deleted-"
_LAYOUT = 4
_BATCH = 500  # rows that are written at once; what a first build has read is kept when it is broken off
# the index may not be read or written just now, but nothing is wrong with it
_OUTSIDE = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN,
            sqlite3.SQLITE_PERM, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}  # fmt: skip
_FRESH_SECONDS = 2.0
_STAMP = re.compile(r"^\d{8}-\d{6}-")
_Runs = list[RunSummary]  # inside the class, "list" is its method
_Rows = list[tuple[str, int, int, str]]
_Known = dict[str, tuple[int, int, str]]


def new_folder(recipe: Recipe, base: Path | None = None) -> Path:
    """Creates and returns an empty folder for a run of ``recipe``; its name is the run's id.

    Raises:
        StudioError: the place cannot be written to.
    """
    base = Path(base) if base else runs_folder()
    model = re.split(r"[\\/]", recipe.model.name.rstrip("\\/"))[-1] or "model"
    model = _STAMP.sub("", model)  # of an earlier run
    parts = [time.strftime("%Y%m%d-%H%M%S"), safe_name(model, 40), safe_name(recipe.strategy.name, 40)]
    name = "-".join(parts).replace(" ", "-")
    with explain_os_errors(base):
        base.mkdir(parents=True, exist_ok=True)
        for number in range(1, 1000):
            folder = base / (name if number == 1 else f"{name}-{number}")
            with contextlib.suppress(FileExistsError):  # two runs in the same second: take the next number
                folder.mkdir()
                return folder
    raise StudioError("runs.name-taken", "{path} exists already.", "Wait a second, then start again.", path=str(base))


class RunIndex:
    """The runs in the folder ``base``, newest first.

    Each call opens its own connection, so one index may be used from several threads. Where the folder
    cannot be written to (a shared archive), the index lives in memory and is read anew each time.
    """

    def __init__(self, base: Path | None = None) -> None:
        self.base = Path(base) if base else runs_folder()
        self._file = self.base / INDEX

    def list(self) -> list[RunSummary]:
        """All runs, newest first; folders that came, went or changed since the last call are taken in.

        Raises:
            StudioError: the folder cannot be read.
        """
        if not self.base.is_dir():
            return []
        with explain_os_errors(self.base):
            runs = self._refreshed()
        return sorted(runs, key=lambda run: (run.created, run.id), reverse=True)

    def get(self, run: str) -> RunSummary:
        """The run with this id, the beginning of an id that only one run has, or this path.

        Raises:
            StudioError: there is none, or several ids begin like this.
        """
        path = expand(run)
        if (path.is_absolute() or os.sep in run) and is_run(path):
            return summarise(path.absolute())
        if safe_name(run, 255) == run and is_run(self.base / run):
            return summarise(self.base / run)
        found = [summary for summary in self.list() if run and summary.id.startswith(run)]
        if len(found) == 1:
            return found[0]
        if found:
            raise StudioError(
                "runs.ambiguous",
                "'{run}' is the beginning of {count} runs.",
                "Give more of the id: {ids}.",
                where=run,
                run=run,
                count=len(found),
                ids=", ".join(summary.id for summary in found[:5]),
            )
        raise StudioError(
            "runs.missing",
            "There is no run '{run}' in {folder}.",
            "'tlstudio runs' lists the runs.",
            where=run,
            run=run,
            folder=str(self.base),
        )

    def delete(self, run: str) -> RunSummary:
        """Deletes a run and returns what it was. It is moved aside first: a crash leaves no half run listed.

        Raises:
            StudioError: there is no such run, it is going on, or it cannot be removed.
        """
        summary = self.get(run)
        folder = Path(summary.folder)
        if is_running(folder):
            raise _going_on(summary)
        with explain_os_errors(folder):
            aside = folder.with_name(f"{_ASIDE}{os.getpid()}-{summary.id}"[:200])
            os.replace(folder, aside)
            shutil.rmtree(aside)
        return summary

    def discard(self, run: str) -> Deleted:
        """Moves a run to the trash, from where :meth:`restore` brings it back.

        Raises:
            StudioError: as :meth:`delete`; a run that lies elsewhere has no trash.
        """
        summary = self.get(run)
        folder = Path(summary.folder)
        if is_running(folder):
            raise _going_on(summary)
        if folder.parent != self.base:
            raise StudioError(
                "runs.elsewhere",
                "The run {run} does not lie in {folder}, which has the trash.",
                "Delete it for good, or delete its folder yourself.",
                where=str(folder),
                run=summary.id,
                folder=str(self.base),
            )
        return self.trash.put(summary.id, (summary.id,), run_disk.measure(folder))

    def restore(self, name: str) -> Deleted:
        """Brings back the newest thing that was deleted of a run.

        Raises:
            StudioError: there is none, or something else is in its place.
        """
        return self.trash.restore(self.trash.find(name))

    @property
    def trash(self) -> Trash:
        return Trash(self.base)

    def annotate(self, run: str, notes: RunNotes) -> RunNotes:
        """Writes the user's tags, note and star of a run.

        Raises:
            StudioError: there is no such run, or its folder cannot be written to.
        """
        return run_notes.write(Path(self.get(run).folder), notes)

    def _refreshed(self) -> _Runs:
        for _attempt in range(2):
            try:
                return self._update()
            except PermissionError:
                break
            except (sqlite3.DatabaseError, ValueError, TypeError) as error:
                if getattr(error, "sqlite_errorcode", -1) & 0xFF in _OUTSIDE:
                    break
                self._remove_index()  # damaged, or of another layout: made anew
        return [summarise(Path(entry.path)) for entry in self._folders(())]

    def _update(self) -> _Runs:
        with self._connect() as connection:
            known: _Known = {
                row[0]: row[1:] for row in connection.execute("SELECT id, stamp, ending, summary FROM runs")
            }
            found: dict[str, RunSummary] = {}
            changed: _Rows = []
            for entry in self._folders(known):
                with contextlib.suppress(FileNotFoundError):  # deleted by another process a moment ago
                    self._take(entry, known, found, changed)
                if len(changed) >= _BATCH:
                    _write(connection, changed, ())
                    changed.clear()
            _write(connection, changed, known.keys() - found.keys())
            return list(found.values())

    def _take(self, entry: os.DirEntry[str], known: _Known, found: dict[str, RunSummary], changed: _Rows) -> None:
        """Puts one folder into ``found``: from its row if that is still true, else read and noted in ``changed``."""
        stamp = _stamp(entry)
        row = known.get(entry.name)
        if row and stamp and row[0] == stamp and (not row[1] or row[1] == _ending(entry.path)):
            found[entry.name] = RunSummary.from_dict(json.loads(row[2]), entry.path)
            return
        if row and not is_run(Path(entry.path)):  # it was emptied meanwhile
            return
        summary = summarise(Path(entry.path))
        found[entry.name] = summary
        # a run without an end changes without its folder's time changing: of an interrupted one the time of its
        # events counts as well, and one that goes on (stamp 0) is read again next time
        ending = _ending(entry.path) if summary.outcome == "interrupted" else 0
        keep = summary.final or (ending and time.time() - ending / 1e9 >= _FRESH_SECONDS)
        changed.append((entry.name, stamp if keep else 0, ending, json.dumps(asdict(summary))))

    @contextlib.contextmanager
    def _connect(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self._file, timeout=5)
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            (layout,) = connection.execute("PRAGMA user_version").fetchone()
            if layout != _LAYOUT:
                connection.execute("DROP TABLE IF EXISTS runs")
                connection.execute(f"PRAGMA user_version={_LAYOUT}")
            connection.execute(
                "CREATE TABLE IF NOT EXISTS runs (id TEXT PRIMARY KEY, stamp INTEGER, ending INTEGER, summary TEXT)"
            )
            yield connection
        finally:
            connection.close()

    def _folders(self, known: Container[str]) -> Iterator[os.DirEntry[str]]:
        """The folders that are runs; one that is ``known`` to have been one is not looked into."""
        with os.scandir(self.base) as entries:
            for entry in entries:
                if not entry.is_dir(follow_symlinks=False):
                    continue
                if entry.name.startswith(_ASIDE):  # left by a crash in the middle of a deletion
                    shutil.rmtree(entry.path, ignore_errors=True)
                elif not entry.name.startswith(".") and (entry.name in known or is_run(Path(entry.path))):
                    yield entry

    def _remove_index(self) -> None:
        for suffix in ("", "-wal", "-shm"):
            self._file.with_name(INDEX + suffix).unlink(missing_ok=True)


def _stamp(entry: os.DirEntry[str]) -> int:
    """The folder's time of change in ns; 0 (read again) while so young that a change may share its tick."""
    changed = entry.stat().st_mtime_ns
    return 0 if time.time() - changed / 1e9 < _FRESH_SECONDS else changed


def _ending(folder: str) -> int:
    """When the run last said something, in ns; 0 where it never did."""
    try:
        return os.stat(f"{folder}/events.jsonl").st_mtime_ns  # noqa: PTH116 - ten thousand times
    except OSError:
        return 0


def _write(connection: sqlite3.Connection, changed: _Rows, gone: Collection[str]) -> None:
    """Brings rows up to date. Where another process writes for long, the next time will do: it is only an index."""
    try:
        with connection:
            connection.executemany("INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?)", changed)
            connection.executemany("DELETE FROM runs WHERE id = ?", [(name,) for name in gone])
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF not in _OUTSIDE:
            raise


def _going_on(run: RunSummary) -> StudioError:
    return StudioError(
        "runs.running",
        "The run {run} is going on.",
        "Stop or cancel it first, then delete it.",
        where=run.id,
        run=run.id,
    )

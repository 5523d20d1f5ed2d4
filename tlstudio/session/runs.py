"""Run folders and their index: a SQLite file beside them that can be rebuilt from the folders at any time."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from tlstudio.core.errors import StudioError
from tlstudio.core.files import expand, explain_os_errors, safe_name
from tlstudio.core.paths import runs_folder
from tlstudio.core.recipe import Recipe
from tlstudio.session.run_summary import RunSummary, is_run, is_running, summarise

__all__ = ["RunIndex", "RunSummary", "is_running", "new_folder"]

INDEX = ".index.sqlite"
_ASIDE = ".deleted-"
_LAYOUT = 3
_FRESH_SECONDS = 2.0
_STAMP = re.compile(r"^\d{8}-\d{6}-")
_Runs = list[RunSummary]  # inside the class, "list" is its method
_Rows = list[tuple[str, int, str]]


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
            raise StudioError(
                "runs.running",
                "The run {run} is going on.",
                "Stop or cancel it first, then delete it.",
                where=summary.id,
                run=summary.id,
            )
        with explain_os_errors(folder):
            aside = folder.with_name(f"{_ASIDE}{os.getpid()}-{summary.id}"[:200])
            os.replace(folder, aside)
            shutil.rmtree(aside)
        return summary

    def _refreshed(self) -> _Runs:
        for _attempt in range(2):
            try:
                return self._update()
            except (sqlite3.OperationalError, PermissionError):  # locked by another, or a folder only for reading
                return [summarise(Path(entry.path)) for entry in self._folders()]
            except (sqlite3.DatabaseError, ValueError, TypeError):  # damaged, or of another layout: made anew
                self._remove_index()
        return [summarise(Path(entry.path)) for entry in self._folders()]

    def _update(self) -> _Runs:
        with self._connect() as connection:
            known = {row[0]: (row[1], row[2]) for row in connection.execute("SELECT id, stamp, summary FROM runs")}
            found: dict[str, RunSummary] = {}
            changed: _Rows = []
            for entry in self._folders():
                with contextlib.suppress(FileNotFoundError):  # deleted by another process a moment ago
                    self._take(entry, known, found, changed)
            connection.executemany("INSERT OR REPLACE INTO runs VALUES (?, ?, ?)", changed)
            connection.executemany("DELETE FROM runs WHERE id = ?", [(name,) for name in known.keys() - found.keys()])
            return list(found.values())

    def _take(
        self,
        entry: os.DirEntry[str],
        known: dict[str, tuple[int, str]],
        found: dict[str, RunSummary],
        changed: _Rows,
    ) -> None:
        """Puts one folder into ``found``: from its row if that is still true, else read and noted in ``changed``."""
        stamp = _stamp(entry)
        row = known.get(entry.name)
        if row and stamp and row[0] == stamp:
            found[entry.name] = RunSummary.from_dict(json.loads(row[1]), entry.path)
            return
        summary = summarise(Path(entry.path))
        found[entry.name] = summary
        # an unfinished run changes without its folder's time changing: stamp 0 is read again next time
        changed.append((entry.name, stamp if summary.final else 0, json.dumps(asdict(summary))))

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
            connection.execute("CREATE TABLE IF NOT EXISTS runs (id TEXT PRIMARY KEY, stamp INTEGER, summary TEXT)")
            with connection:
                yield connection
        finally:
            connection.close()

    def _folders(self) -> Iterator[os.DirEntry[str]]:
        with os.scandir(self.base) as entries:
            for entry in entries:
                if not entry.is_dir(follow_symlinks=False):
                    continue
                if entry.name.startswith(_ASIDE):  # left by a crash in the middle of a deletion
                    shutil.rmtree(entry.path, ignore_errors=True)
                elif not entry.name.startswith(".") and is_run(Path(entry.path)):
                    yield entry

    def _remove_index(self) -> None:
        for suffix in ("", "-wal", "-shm"):
            self._file.with_name(INDEX + suffix).unlink(missing_ok=True)


def _stamp(entry: os.DirEntry[str]) -> int:
    """The folder's time of change in ns; 0 (read again) while so young that a change may share its tick."""
    changed = entry.stat().st_mtime_ns
    return 0 if time.time() - changed / 1e9 < _FRESH_SECONDS else changed

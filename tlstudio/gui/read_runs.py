"""Reads earlier runs to put them beside the one that is shown."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tlstudio.core.files import read_json
from tlstudio.session.history import RunHistory


@dataclass(frozen=True)
class ReadRun:
    """An earlier run, read to be compared."""

    name: str
    history: RunHistory
    results: dict[str, Any] | None


def read_runs(base: Path, runs: list[str]) -> list[ReadRun]:
    """Curves and results of run folders; those without events are left out.

    Raises:
        StudioError: a file is damaged.
    """
    found = []
    for run in runs:
        folder = base / run
        if not (folder / "events.jsonl").is_file():
            continue
        results = read_json(folder / "results.json") if (folder / "results.json").is_file() else None
        found.append(ReadRun(run, RunHistory.from_events(folder / "events.jsonl"), results))
    return found

"""Whole runs of the pipeline for the benchmarks of strategies."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests import tiny
from tlstudio import pipeline
from tlstudio.core.control import Control
from tlstudio.core.files import read_json, write_json
from tlstudio.core.recipe import from_dict


def run(folder: Path, data: dict[str, Any], strategy: dict[str, Any], seed: int, **more: Any) -> dict[str, Any]:
    """The results of a run on MiniLM without compression and exports; ``more`` replaces sections of the recipe.

    Raises:
        RuntimeError: it failed.
    """
    recipe = from_dict({
        "model": {"name": "sentence-transformers/all-MiniLM-L6-v2"}, "data": data,
        "task": {"name": "text-classification", "max_length": 128}, "strategy": strategy, "export": [],
        "training": {"seed": seed, **more.pop("training", {})}, "evaluate": {"bootstrap": 300}, **more,
    })  # fmt: skip
    finished = pipeline.run(recipe, folder, tiny.Heard(), Control())
    if finished.outcome != "completed":
        raise RuntimeError(f"{strategy}: {finished.error}")
    results: dict[str, Any] = read_json(folder / "results.json")
    return results


class Kept:
    """What each run came to, in a JSON file, so that a benchmark that was broken off goes on where it was.

    Args:
        name: of the benchmark.
        path: of the file; empty takes one in the folder for temporary files.
        settings: another value of one of them begins anew.
    """

    def __init__(self, name: str, path: str, **settings: Any) -> None:
        self.path = Path(path or Path(tempfile.gettempdir()) / f"tlstudio-{name}.json")
        self._settings = json.loads(json.dumps(settings))
        known = read_json(self.path) if self.path.is_file() else {}
        self._runs: dict[str, Any] = known.get("runs", {}) if known.get("settings") == self._settings else {}
        print(f"kept      {self.path}: {len(self._runs)} runs are there already", flush=True)

    @property
    def all(self) -> dict[str, Any]:
        """What each has come to, in the order in which they were made."""
        return dict(self._runs)

    def of(self, key: str, make: Callable[[], Any], told: Callable[[Any], str]) -> Any:
        """The result of a run, made now if it is not there; prints a line."""
        again = key in self._runs
        begin = time.monotonic()
        if not again:
            self._runs[key] = json.loads(json.dumps(make()))
            write_json(self.path, {"settings": self._settings, "runs": self._runs})
        took = "kept" if again else f"{time.monotonic() - begin:.0f} s"
        print(f"  {key}: {told(self._runs[key])} ({took})", flush=True)
        return self._runs[key]

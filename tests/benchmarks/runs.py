"""Whole runs of the pipeline for the benchmarks of strategies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests import tiny
from tlstudio import pipeline
from tlstudio.core.control import Control
from tlstudio.core.files import read_json
from tlstudio.core.recipe import from_dict


def run(folder: Path, data: dict[str, Any], strategy: dict[str, Any], seed: int, **more: Any) -> dict[str, Any]:
    """The results of a run on MiniLM without compression and exports.

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

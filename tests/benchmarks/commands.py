"""Runs as a user starts them, each in a process of its own, so that memory and time are those of that run alone."""

from __future__ import annotations

import csv
import random
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.benchmarks import common
from tlstudio.core import recipe as recipes
from tlstudio.core.files import read_json


def executed(folder: Path, name: str, recipe: dict[str, Any]) -> dict[str, Any]:
    """The results of a recipe, with ``cpu_seconds`` of the whole process.

    Args:
        folder: where ``name.yaml`` and the run folder ``name`` are put.
        name: of the run.
        recipe: sections; MiniLM, no exports and one thread where it says nothing else.

    Raises:
        RuntimeError: it failed.
    """
    wish = {
        "model": {"name": "sentence-transformers/all-MiniLM-L6-v2"},
        "task": {"name": "text-classification", "max_length": 128},
        "evaluate": {"bootstrap": 1000},
        "export": [],
        **recipe,
    }
    path = folder / f"{name}.yaml"
    recipes.save(recipes.from_dict(wish), path)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    code = (
        "import sys; from pathlib import Path; from tlstudio import pipeline; from tlstudio.core import recipe; "
        "from tlstudio.core.control import Control; "
        "done = pipeline.run(recipe.load(Path(sys.argv[1])), Path(sys.argv[2]), lambda _event: None, Control()); "
        "sys.exit(0 if done.outcome == 'completed' else str(done.error))"
    )
    ended = subprocess.run([sys.executable, "-c", code, str(path), str(folder / name)], capture_output=True,
                           encoding="utf-8", check=False)  # fmt: skip
    if ended.returncode:
        raise RuntimeError(f"{name}: {ended.stderr[-2000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    results: dict[str, Any] = read_json(folder / name / "results.json")
    return {**results, "cpu_seconds": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime}


def figures(results: dict[str, Any]) -> dict[str, Any]:
    """What a table shows of a run."""
    accuracy = results["test"]["metrics"]["accuracy"]
    return {
        "accuracy": accuracy["value"], "low": accuracy["low"], "high": accuracy["high"],
        "macro_f1": results["test"]["metrics"]["macro_f1"]["value"],
        "trainable": results["model"]["trainable"], "parameters": results["model"]["parameters"],
        "minutes": results["training"]["seconds"] / 60, "cpu_minutes": results["cpu_seconds"] / 60,
        "memory_mb": results["training"]["peak_memory_bytes"] / 1e6, "epochs": results["training"]["epochs_done"],
    }  # fmt: skip


def told(found: dict[str, Any]) -> str:
    return f"accuracy {found['accuracy']:.3f} ({found['low']:.3f}–{found['high']:.3f})"


def part_of_r8(folder: Path, split: str, rows: int, seed: int, labels: tuple[str, ...] = ()) -> Path:
    """A file with at most so many rows of Reuters R8, drawn evenly over the file; of some classes if given."""
    with open(common.R8 / f"reuters_r8_{split}.csv", encoding="utf-8", newline="") as stream:
        found = [(row["text"], row["label"]) for row in csv.DictReader(stream) if not labels or row["label"] in labels]
    if rows and len(found) > rows:
        found = random.Random(seed).sample(found, rows)
    path = folder / f"{split}-{rows}-{seed}-{'-'.join(labels)}.csv"
    with open(path, "w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([("text", "label"), *found])
    return path

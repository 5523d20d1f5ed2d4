"""Whole runs of tasks that read texts, on data that a tiny random BERT can learn in seconds."""

from __future__ import annotations

import csv
import json
import random
import runpy
import shutil
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests import forked, tiny
from tests.conftest import WORDS
from tests.tasks.models import word_bert
from tlstudio import pipeline
from tlstudio.core.control import Control
from tlstudio.core.events import Finished
from tlstudio.core.paths import resource
from tlstudio.core.recipe import Recipe

TRAINING = {"epochs": 30, "batch_size": 16, "learning_rate": 3e-3, "threads": 1, "precision": "fp32", "patience": 0,
            "best_metric": "loss"}  # fmt: skip
SUBJECTS = {"delivery": ("parcel", "late"), "refund": ("money", "back"), "technical": ("crash", "screen")}
FILLERS = ("please", "help", "now", "the", "my", "is", "again")


@dataclass(frozen=True)
class Run:
    """A run that has ended."""

    recipe: Recipe
    folder: Path
    heard: tiny.Heard
    finished: Finished

    @property
    def results(self) -> dict[str, Any]:
        return json.loads((self.folder / "results.json").read_text(encoding="utf-8"))

    @property
    def settings(self) -> dict[str, Any]:
        return json.loads((self.folder / "model/tlstudio.json").read_text(encoding="utf-8"))

    def predictions(self) -> dict[str, list[Any]]:
        return pq.read_table(self.folder / "predictions.parquet").to_pydict()


def bert(folder: Path) -> Path:
    """A tiny BERT that knows the words of the data, and the two places of a pair."""
    return word_bert(folder, WORDS)


def run(task: str, model: Path, data: Path, folder: Path, control: Control | None = None, **changes: Any) -> Run:
    """Runs a recipe in ``folder``; options of the task are given as ``options``, roles and the like as ``section``."""
    options, section = changes.pop("options", {}), changes.pop("section", {})
    heard = changes.pop("heard", tiny.Heard())
    changes = {"strategy": {"name": "full-fine-tuning"}, "training": TRAINING, **changes}
    recipe = tiny.recipe(model, data, task={"name": task, **options}, **changes)
    recipe = recipe.model_copy(update={"data": recipe.data.model_validate({"path": str(data), **section})})
    finished = pipeline.run(recipe, folder / "run", heard, control or Control())
    return Run(recipe, folder / "run", heard, finished)


def good(found: Run) -> Run:
    assert found.finished.outcome == "completed", found.finished.error
    return found


def write(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Path:
    with open(path, "w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(header)
        writer.writerows(rows)
    return path


def sentence(draw: random.Random, subjects: Iterable[str]) -> str:
    """A text with a word or two of each subject among others."""
    words = [word for subject in subjects for word in SUBJECTS[subject]]
    words += draw.sample(FILLERS, 2)
    draw.shuffle(words)
    return " ".join(words)


def some(draw: random.Random) -> list[str]:
    """Some of the subjects, or none."""
    return sorted(subject for subject in SUBJECTS if draw.random() < 0.4)


def with_scripts(task: Any, found: Run) -> list[Path]:
    """The ONNX export, and the trained model with the script that a safetensors export would have beside it."""
    shutil.copyfile(resource(task.SCRIPTS["transformers"]), found.folder / "model/predict.py")
    return [found.folder / "exports/onnx", found.folder / "model"]


def predict_of(folder: Path) -> Any:
    """The function that the script of an export offers to other programs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)  # as for a program that is started there; some have network.py beside them
        patch.delitem(sys.modules, "network", raising=False)
        return runpy.run_path(str(folder / "predict.py"))["predict"]


def script(folder: Path, *arguments: str, lines: str = "") -> list[str]:
    """What the script of an export prints."""
    ended = forked.python([str(folder / "predict.py"), *arguments], lines)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.splitlines()

"""Whole runs of the tiny model, made once for all tests of the pipeline."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import tiny
from tlstudio import pipeline
from tlstudio.core.control import Control
from tlstudio.core.events import Finished
from tlstudio.core.recipe import Recipe


@dataclass(frozen=True)
class Done:
    """A run that has ended."""

    recipe: Recipe
    folder: Path
    heard: tiny.Heard
    finished: Finished
    data: Path

    def copy(self, target: Path) -> Path:
        """The run folder for a test that changes it."""
        return Path(shutil.copytree(self.folder, target))


@pytest.fixture(scope="package")
def whole(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Done:
    """Every stage: full fine-tuning, int8, two exports, an extra set."""
    base = tmp_path_factory.mktemp("whole")
    data = tiny.write_csv(base / "tickets.csv")
    extra = tiny.write_csv(base / "extra.csv", tiny.ticket_rows(9, seed=5))
    recipe = tiny.recipe(
        tiny_model, data, strategy={"name": "full-fine-tuning"}, compress=["dynamic-int8"],
        export=["safetensors", "onnx-int8"], evaluate={"bootstrap": 100, "extra_sets": [str(extra)]},
        training={"epochs": 2, "batch_size": 8, "threads": 1},
    )  # fmt: skip
    heard = tiny.Heard()
    with tiny.own_home(base / "home"):
        finished = pipeline.run(recipe, base / "run", heard, Control())
    return Done(recipe, base / "run", heard, finished, data)

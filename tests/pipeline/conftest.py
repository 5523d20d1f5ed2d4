"""Whole runs of the tiny model, made once for all tests of the pipeline."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
    checks: dict[str, int]  # how often each stage has asked for the user's wishes

    def copy(self, target: Path) -> Path:
        """The run folder for a test that changes it."""
        return Path(shutil.copytree(self.folder, target))


class Counted(Control):
    """Counts how often each stage looks."""

    def __init__(self) -> None:
        super().__init__()
        self.checks: dict[str, int] = {}
        self._stage = ""

    def hear(self, event: Any) -> None:
        if event.kind == "stage-started":
            self._stage = event.stage

    def check(self) -> None:
        self.checks[self._stage] = self.checks.get(self._stage, 0) + 1
        super().check()


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
    heard, control = tiny.Heard(), Counted()
    with tiny.own_home(base / "home"):
        finished = pipeline.run(recipe, base / "run", lambda event: (heard(event), control.hear(event)), control)
    return Done(recipe, base / "run", heard, finished, data, control.checks)

"""Running commands in this process, and one finished run for all of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests import tiny
from tlstudio import pipeline
from tlstudio.cli import main
from tlstudio.core import recipe as recipes
from tlstudio.core.control import Control


@dataclass(frozen=True)
class Said:
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def error(self) -> str:
        """Standard error with its line breaks taken out."""
        return " ".join(self.err.split())


@pytest.fixture
def tlstudio(capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """``tlstudio("runs", "list")``; never a traceback."""

    def command(*arguments: object) -> Said:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        assert "Traceback" not in said.out + said.err
        return Said(code, said.out, said.err)

    return command


@pytest.fixture(scope="package")
def runs(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one finished run, ``20260101-run``."""
    base = tmp_path_factory.mktemp("runs")
    recipe = tiny.recipe(tiny_model, tiny.write_csv(base / "tickets.csv"))
    with tiny.own_home(base / "home"):
        finished = pipeline.run(recipe, base / "20260101-run", lambda _event: None, Control())
    assert finished.outcome == "completed"
    return base


@pytest.fixture
def recipe_file(tiny_model: Path, tickets: Path, tmp_path: Path) -> Path:
    """A quick recipe on disk."""
    recipes.save(tiny.recipe(tiny_model, tickets), tmp_path / "recipe.yaml")
    return tmp_path / "recipe.yaml"

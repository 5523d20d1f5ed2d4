"""The sample project is complete."""

from __future__ import annotations

import csv
from pathlib import Path

from tlstudio import pipeline
from tlstudio.session import sample


def test_the_recipe_is_valid_and_its_files_are_there():
    recipe = sample.recipe()
    pipeline.check(recipe)
    for (path,) in recipe.data.files.values():
        with open(Path(path), encoding="utf-8", newline="") as stream:
            assert csv.DictReader(stream).fieldnames == ["text", "label"]

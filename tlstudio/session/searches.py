"""Searches that were begun on this computer; each can be gone on with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tlstudio.core import recipe as recipes
from tlstudio.core.errors import StudioError
from tlstudio.core.files import read_json
from tlstudio.core.paths import searches_folder
from tlstudio.core.recipe import Recipe

_MOST = 30


@dataclass(frozen=True)
class EarlierSearch:
    """A search in its folder: ``space`` are the dimensions, ``changed`` is when it was last worked on."""

    folder: Path
    recipe: Recipe
    space: tuple[dict[str, Any], ...]
    rows: int
    changed: float

    def is_of(self, recipe: Recipe, space: Sequence[dict[str, Any]], rows: int) -> bool:
        """Whether this is the search of a recipe over some dimensions, in any order."""
        mine, others = (sorted(items, key=lambda item: item["field"]) for items in (self.space, space))
        return self.recipe == recipe and mine == others and self.rows == rows


def listing(base: Path | None = None) -> list[EarlierSearch]:
    """The searches of this computer, the newest first; damaged ones are passed over."""
    folder = base or searches_folder()
    found = [entry for note in folder.glob("*/search.json") if (entry := _read(note)) is not None]
    return sorted(found, key=lambda entry: -entry.changed)[:_MOST]


def _read(note: Path) -> EarlierSearch | None:
    try:
        data = read_json(note)
        recipe, study = recipes.from_dict(data["recipe"]), note.with_name("study.db")
        changed = (study if study.is_file() else note).stat().st_mtime
        return EarlierSearch(note.parent, recipe, tuple(data["space"]), int(data["rows"]), changed)
    except (StudioError, OSError, KeyError, TypeError, ValueError):
        return None  # of another version, or deleted meanwhile

"""Searches of this computer."""

from __future__ import annotations

import json
import os

from tlstudio.core.recipe import Recipe
from tlstudio.session import searches

DIMENSION = {"field": "training.epochs", "kind": "int", "low": 1, "high": 3, "log": False, "choices": []}
OTHER = {**DIMENSION, "field": "training.warmup"}


def write(folder, when=0.0, **changes):
    note = {"recipe": Recipe().to_dict(), "space": [DIMENSION, OTHER], "metric": "accuracy", "rows": 0, **changes}
    folder.mkdir(parents=True)
    (folder / "search.json").write_text(json.dumps(note), encoding="utf-8")
    (folder / "study.db").write_bytes(b"")
    os.utime(folder / "study.db", (when, when))


def test_the_newest_first_and_damaged_ones_passed_over(tmp_path):
    write(tmp_path / "old", 10)
    write(tmp_path / "new", 20, rows=64)
    write(tmp_path / "other-version", 30, recipe={"schema": 9})
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "search.json").write_text("{", encoding="utf-8")
    found = searches.listing(tmp_path)
    assert [entry.folder.name for entry in found] == ["new", "old"]
    assert (found[0].rows, found[0].changed) == (64, 20)
    assert searches.listing(tmp_path / "nowhere") == []


def test_the_same_search_is_known_in_any_order(tmp_path):
    write(tmp_path / "one")
    (entry,) = searches.listing(tmp_path)
    assert entry.is_of(Recipe(), [OTHER, DIMENSION], 0)
    assert not entry.is_of(Recipe(), [DIMENSION], 0)
    assert not entry.is_of(Recipe(), [OTHER, DIMENSION], 64)
    assert not entry.is_of(Recipe().changed("training.epochs", 3), [OTHER, DIMENSION], 0)

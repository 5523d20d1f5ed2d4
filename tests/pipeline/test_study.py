"""A study on the disk: gone on with where it is of the same kind, and never lost to one of another kind."""

from __future__ import annotations

import pytest

from tlstudio.pipeline import study
from tlstudio.pipeline.budget import Budget


def point(key):
    time = {"median_ms": 1.0, "ratio": 1.0}
    return {"key": key, "title": key, "steps": [], "status": "measured", "score": 0.9, "lost": 0.0, "bytes": 10,
            "memory_bytes": 1, "latency": {"1": time}}  # fmt: skip


def begun(folder, length, *keys, weights="w"):
    """A study at a length, with the points that it finds on the disk and further ones."""
    found = study.Study(folder, Budget(length=length), weights)
    found.facts, found.reference = {"lower": False, "rows": 5}, found.reference or point("trained")
    found.points |= {key: point(key) for key in keys}
    found.save(found.result(finished=False, seconds=1.0))
    return found


@pytest.fixture
def folder(tmp_path):
    (tmp_path / study.FOLDER).mkdir()
    return tmp_path


def test_one_of_another_length_takes_nothing_away(folder):
    begun(folder, 128, "a", "b")
    assert set(begun(folder, 0, "c").points) == {"c"}, "times at another length are not compared"
    assert [one["key"] for one in study.read(folder)["points"]] == ["c"]
    again = begun(folder, 128, "d")
    assert set(again.points) == {"a", "b", "d"}
    assert [one["key"] for one in study.read(folder)["points"]] == ["a", "b", "d"]
    assert set(begun(folder, 0).points) == {"c"}
    assert len(list((folder / study.FOLDER).glob("study*.json"))) == 3, "the last one, and one aside of each"


def test_one_of_another_training_is_dropped(folder):
    begun(folder, 0, "a")
    study.nodes_of(folder).mkdir()
    assert begun(folder, 0, weights="other").points == {}
    assert not study.nodes_of(folder).exists()
    assert len(list((folder / study.FOLDER).glob("study*.json"))) == 1

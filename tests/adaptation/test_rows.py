"""Rows without labels from any source."""

from __future__ import annotations

import pytest

from tests import tiny
from tlstudio.adaptation.rows import read
from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.progress import silent


def texts(place, column=""):
    found = read(str(place), ("text",), column, silent, Control())
    assert set(found.splits) == {"train"}
    return list(found.splits["train"].texts(found.roles.one("text")))


def test_lines_of_a_file_without_the_empty_ones(tmp_path):
    (tmp_path / "a.txt").write_text("one two three\n\nfour five six\n", encoding="utf-8")
    assert texts(tmp_path / "a.txt") == ["one two three", "four five six"]


def test_a_column_of_a_table(tmp_path):
    place = tiny.write_csv(tmp_path / "a.csv", [(f"first {n}", f"a note of some length {n}") for n in range(30)])
    assert texts(place, "text")[0] == "first 0"
    assert texts(place, "label")[0] == "a note of some length 0"
    with pytest.raises(StudioError):
        texts(place, "absent")


def test_a_place_that_is_not_there(tmp_path):
    with pytest.raises(StudioError):
        texts(tmp_path / "absent.txt")

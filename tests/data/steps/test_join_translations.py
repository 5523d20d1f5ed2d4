"""Translations in further files: they take the label of their row, and never give a test row away."""

from __future__ import annotations

import pytest

from tests.data.test_languages import write
from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.progress import silent
from tlstudio.core.recipe import DataSection
from tlstudio.data.labelled import read_labelled, require


@pytest.fixture
def files(tmp_path):
    """30 rows with labels; their translations have only the id and the text."""
    english = [f"k{at},number {at},{'ab'[at % 2]}" for at in range(30)]
    german = [f"nummer {at},k{at}" for at in range(30)]
    return write(tmp_path, "en.csv", english, "key,text,label"), write(tmp_path, "de.csv", german, "text,key")


def ids(rows):
    return set(rows.texts("key"))


def test_labels_are_those_of_the_rows_with_the_same_id(files):
    split = {"method": "grouped", "by": "key", "validation": 0.1}
    step = {"name": "join-translations", "id": "key"}
    data = require(DataSection(path=files, steps=(step,), split=split), silent, Control())
    for rows in data.splits.values():
        for text, label in zip(rows.texts("text"), rows.labels, strict=True):
            assert label == "ab"[int(text.split()[1]) % 2]
    assert sum(len(rows) for rows in data.splits.values()) == 60
    assert not ids(data.splits["train"]) & (ids(data.splits["test"]) | ids(data.splits["validation"]))
    assert data.dropped == {"join-translations": 0}


def test_without_groups_what_belongs_to_a_test_row_is_not_learnt(files):
    step = {"name": "join-translations", "id": "key"}
    data = require(DataSection(path=files, steps=(step,)), silent, Control())
    assert not ids(data.splits["train"]) & (ids(data.splits["test"]) | ids(data.splits["validation"]))
    assert not ids(data.splits["validation"]) & ids(data.splits["test"])
    assert data.dropped["join-translations"] > 0
    assert len(data.splits["test"]) == 12


def test_a_test_place_of_its_own(files, tmp_path):
    test = write(tmp_path, "test.csv", ["k3,number three,b", "k99,number many,a"], "key,text,label")
    data = DataSection(path=files, test=test, split={"validation": 0}, roles={"group": "key"},
                       steps=("join-translations",))  # fmt: skip
    found = require(data, silent, Control())
    assert len(found.splits["train"]) == 58
    assert "k3" not in ids(found.splits["train"])


def test_what_cannot_be_joined(files, tmp_path):
    with pytest.raises(StudioError) as caught:
        require(DataSection(path=files), silent, Control())
    assert caught.value.code == "data.different-columns"
    assert "join-translations" in caught.value.remedy
    step = {"name": "join-translations", "id": "number"}
    with pytest.raises(StudioError) as caught:
        require(DataSection(path=files, steps=(step,)), silent, Control())
    assert caught.value.code == "data.no-id-column"
    stray = write(tmp_path, "fr.csv", ["un,k77"], "text,key")
    step = {"name": "join-translations", "id": "key"}
    _data, found = read_labelled(DataSection(path=(*files, stray), steps=(step,)), silent, Control())
    assert [problem.code for problem in found] == ["data.empty-rows"], "a translation of nothing has no label"

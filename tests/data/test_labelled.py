"""Files become labelled splits; what is wrong is asked about, and settled as the recipe says."""

from __future__ import annotations

import pytest

from tests.data.conftest import many
from tlstudio.core.control import Control
from tlstudio.core.errors import Cancelled, StudioError
from tlstudio.core.progress import silent
from tlstudio.core.recipe import DataSection
from tlstudio.data.labelled import read_labelled, require


def codes(found):
    return [problem.code for problem in found]


def test_good_rows(labelled):
    data, found = labelled(many())
    assert found == []
    assert data.labels == ["class 0", "class 1", "class 2"]
    assert {split: len(rows.labels) for split, rows in data.splits.items()} == {
        "train": 42, "validation": 6, "test": 12,
    }  # fmt: skip
    assert data.class_table()[0] == {"label": "class 0", "train": 14, "validation": 2, "test": 4}
    rows = data.splits["test"]
    texts = rows.dataset(data.roles)["text"]
    known = dict(many())
    assert [known[text] for text in texts] == rows.labels
    assert data.class_numbers("test") == [data.labels.index(label) for label in rows.labels]


def test_shares_and_seed(labelled):
    one, _ = labelled(many(), split={"test": 0.5, "validation": 0})
    assert set(one.splits) == {"train", "test"}
    assert len(one.splits["test"].labels) == 30
    two, _ = labelled(many(), split={"test": 0.5, "validation": 0, "seed": 8})
    assert one.splits["test"].indices.tolist() != two.splits["test"].indices.tolist()


@pytest.mark.parametrize(
    ("rows", "code", "field", "settled", "left"),
    [
        ([("", "class 0"), ("x", " "), (" \t", "class 1")], "data.empty-rows", "empty_rows", "drop", 60),
        ([("new", "CLASS  0")], "data.similar-labels", "similar_labels", "merge", 61),
        ([("lonely", "single")], "data.rare-classes", "rare_classes", "drop", 60),
    ],
)
def test_problems_are_asked_and_settled(labelled, rows, code, field, settled, left):
    data, found = labelled(many() + rows)
    assert data is None
    assert code in codes(found)
    assert next(problem for problem in found if problem.code == code).where == f"data.{field}"
    data, found = labelled(many() + rows, **{field: settled, "rare_classes": "drop"})
    assert found == []
    assert sum(len(rows.labels) for rows in data.splits.values()) == left
    assert data.labels == ["class 0", "class 1", "class 2"]


def test_similar_labels_can_be_kept(labelled):
    rows = [*many(), ("new 1", "CLASS 0"), ("new 2", "CLASS 0")]
    data, found = labelled(rows, similar_labels="keep")
    assert found == []
    assert "CLASS 0" in data.labels


def test_labels_are_trimmed(labelled):
    data, found = labelled([*many(), ("new", "  class 0 ")])
    assert found == []
    assert len(data.labels) == 3


def test_all_problems_are_told_at_once(labelled):
    _, found = labelled([*many(), ("", "class 0"), ("a", "Class 1"), ("b", "single")])
    assert codes(found) == ["data.empty-rows", "data.similar-labels", "data.rare-classes"]


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([(f"t{i}", "only") for i in range(20)], "data.one-class"),
        ([("", "") for _ in range(5)], "data.empty-rows"),
        ([(f"t{i}", f"id {i}") for i in range(200)], "data.too-many-classes"),
    ],
)
def test_rows_that_cannot_be_learnt(labelled, rows, code):
    data, found = labelled(rows)
    assert data is None
    assert code in codes(found)


def test_dropping_everything_is_no_crash(labelled):
    data, found = labelled([("", "") for _ in range(5)], empty_rows="drop")
    assert data is None
    assert codes(found) == ["data.one-class"]
    data, found = labelled([("a", "x"), ("b", "y"), ("c", "z")], rare_classes="drop")
    assert data is None
    assert codes(found) == ["data.one-class"]


def test_long_text_is_a_warning(labelled):
    data, found = labelled([*many(), ("x" * 200000, "class 0")])
    assert found == []
    assert codes(data.warnings) == ["data.long-text"]
    assert data.warnings[0].params["row"] == 61


def section(written, **files):
    paths = {name: str(written(f"{name}.csv", rows)) for name, rows in files.items()}
    return DataSection(**paths)


def test_given_files_are_kept_apart(written):
    data = require(
        section(written, path=many(30), validation=many(6), test=[("other", "class 0"), ("more", "class 1")]),
        silent,
        Control(),
    )
    assert {split: len(rows.labels) for split, rows in data.splits.items()} == {
        "train": 30, "validation": 6, "test": 2,
    }  # fmt: skip
    assert list(data.splits["test"].dataset(data.roles)["text"]) == ["other", "more"]


def test_unseen_class_of_a_test_file(written):
    _, found = read_labelled(section(written, path=many(30), test=[("a", "alien")]), silent, Control())
    assert codes(found) == ["data.unseen-class"]
    assert found[0].where == "data.test"


def test_column_that_vanished_from_the_second_file(written):
    data = section(written, path=many(30)).model_copy(
        update={"test": str(written("t.csv", "message,label\na,class 0\n"))}
    )
    with pytest.raises(StudioError) as caught:
        read_labelled(data, silent, Control())
    assert caught.value.code == "data.no-column"
    assert "t.csv" in caught.value.message


def test_nothing_chosen_and_cancel(written):
    with pytest.raises(StudioError) as caught:
        read_labelled(DataSection(), silent, Control())
    assert caught.value.code == "data.none"
    control = Control()
    control.cancel()
    with pytest.raises(Cancelled):
        read_labelled(section(written, path=many()), silent, control)


def test_require_raises_the_first_problem(written):
    with pytest.raises(StudioError) as caught:
        require(section(written, path=[*many(), ("", "class 0")]), silent, Control())
    assert caught.value.code == "data.empty-rows"
    assert caught.value.params["row"] == 61

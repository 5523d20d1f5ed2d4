"""The steps that change labels: rename-labels, merge-similar-labels, drop-rare-classes, relabel-rows, drop-rows."""

from __future__ import annotations

import pytest

from tests.data import patients
from tests.data.steps.conftest import left
from tlstudio.core.errors import StudioError
from tlstudio.core.recipe import DataSection
from tlstudio.data.frames import content_id, id_text

ROWS = [("t1", "Red"), ("t2", "red "), ("t3", "red"), ("t4", "blue"), ("t5", "RED"), ("t6", "green")]


def labels(found):
    return [label for _, label in found["train"]]


def test_rename_join_and_drop(done):
    found = done(
        "rename-labels", ROWS, labels={"Red": "red", "RED": "red", "green": None, "no such": "x", "blue": "azure"}
    )
    assert found["train"] == [("t1", "red"), ("t2", "red"), ("t3", "red"), ("t4", "azure"), ("t5", "red")]


def test_merging_keeps_the_most_frequent_form(done):
    assert labels(done("merge-similar-labels", ROWS)) == ["red", "red", "red", "blue", "red", "green"]


def test_rare_classes_go_from_all_places(done):
    test = [("u1", "blue"), ("u2", "red"), ("u3", "alien")]
    found = done("drop-rare-classes", [*ROWS, ("t7", "blue")], test=test)
    assert set(labels(found)) == {"red", "blue"}
    assert found["test"] == [("u1", "blue"), ("u2", "red")]
    assert labels(done("drop-rare-classes", ROWS, minimum=1)) == labels(done("rename-labels", ROWS))


def several(folder, **step):
    rows = [
        ("t1", "red|green"),
        ("t2", "Red"),
        ("t3", "green|blue"),
        ("t4", "red|blue"),
        ("t5", "odd|blue"),
        ("t6", "odd2"),
    ]
    path = patients.write(folder / "several.csv", rows, ("text", "labels"))
    data = {"path": path, "roles": {"text": "text", "labels": "labels"}, "steps": [step]}
    return dict(left(DataSection.model_validate(data))["train"])


def test_each_of_several_labels(tmp_path):
    assert several(tmp_path, name="rename-labels", labels={"red": "rot", "green": None})["t1"] == "rot"
    assert several(tmp_path, name="merge-similar-labels")["t2"] == "red"
    rare = several(tmp_path, name="drop-rare-classes")
    assert rare["t5"] == "blue", "the row stays with its other label"
    assert "t6" not in rare
    assert "t2" not in rare


def test_rows_are_named_by_their_content(done):
    names = {text: id_text(content_id(text)) for text, _ in ROWS}
    found = done("relabel-rows", ROWS, rows={names["t1"]: "blue", names["t6"]: " violet ", "0" * 16: "x"})
    assert dict(found["train"])["t1"] == "blue"
    assert dict(found["train"])["t6"] == "violet"
    assert dict(found["train"])["t5"] == "RED"
    assert [text for text, _ in done("drop-rows", ROWS, rows=[names["t2"], names["t4"]])["train"]] == [
        "t1",
        "t3",
        "t5",
        "t6",
    ]


@pytest.mark.parametrize(
    ("step", "options"),
    [("drop-rows", {"rows": ["12"]}), ("relabel-rows", {"rows": {"12": "x"}}), ("drop-rows", {"rows": ["Z" * 16]})],
)
def test_a_row_needs_a_whole_number(step, options, done):
    with pytest.raises(StudioError) as caught:
        done(step, ROWS, **options)
    assert caught.value.where.startswith(f"data.steps.{step}.rows")

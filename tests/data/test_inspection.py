"""What the Data pane shows before anything is trained."""

from __future__ import annotations

import json

import pytest

from tests.data.conftest import many
from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.progress import silent
from tlstudio.core.recipe import DataSection
from tlstudio.data.inspection import inspect


def look(path, **data):
    return inspect(DataSection(path=str(path), **data), silent, Control())


def test_good_file(written):
    found = look(written("a.csv", many()))
    assert json.loads(json.dumps(found)) == json.loads(json.dumps(found, allow_nan=False))
    assert found["source"] == "csv"
    assert found["options"] == {"delimiter": ",", "encoding": "utf-8"}
    assert found["columns"] == ["text", "label"]
    assert found["roles"] == {"label": "label", "text": "text"}
    assert found["rows"] == {"train": 60}
    assert found["labels"] == [("class 0", 20), ("class 1", 20), ("class 2", 20)]
    assert found["splits"]["test"] == {"class 0": 4, "class 1": 4, "class 2": 4}
    assert sum(found["lengths"]["counts"]) == 60
    assert len(found["lengths"]["edges"]) == len(found["lengths"]["counts"]) + 1
    assert found["problems"] == []


def test_problems_do_not_hide_the_facts(written):
    found = look(written("a.csv", [*many(), ("", "class 0"), ("x" * 200_000, "Class 1")]))
    assert [problem["severity"] for problem in found["problems"]] == ["error"] * len(found["problems"])
    assert {problem["code"] for problem in found["problems"]} >= {"data.empty-rows", "data.similar-labels"}
    assert found["splits"] == {}
    assert found["rows"] == {"train": 62}


def test_warnings(written):
    found = look(written("a.csv", [*many(), ("x" * 200_000, "class 1")]))
    assert [(p["code"], p["severity"]) for p in found["problems"]] == [("data.long-text", "warning")]


@pytest.mark.parametrize(
    ("content", "data", "code"),
    [
        ("text\na\nb\n", {}, "data.no-column-left"),
        ("text,label\na,x\nb,y\n", {"roles": {"text": "gone"}}, "data.no-column"),
        ("text,label\na,x\nb,x\n", {}, "data.one-class"),
    ],
)
def test_a_file_that_can_be_shown_but_not_learnt(written, content, data, code):
    found = look(written("a.csv", content), **data)
    assert [problem["code"] for problem in found["problems"]] == [code]
    assert found["columns"]


def test_a_file_that_cannot_be_read_at_all(written):
    with pytest.raises(StudioError) as caught:
        look(written("a.csv", b"text,label\na,b,c\n"))
    assert caught.value.code == "data.ragged-row"

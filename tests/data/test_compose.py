"""Columns that the file does not have as such: templates, repaired texts, joined labels."""

from __future__ import annotations

import pytest

from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.progress import silent
from tlstudio.core.recipe import DataSection
from tlstudio.data import compose
from tlstudio.data.tables import read_table

ROWS = "title,body,kind\nA,first,x\nB,,y\n"


@pytest.fixture
def composed(written):
    def do(content, wanted=(), **data):
        path = written("a.csv", content)
        raw = {"train": read_table(path, "auto", {}, silent, Control())}
        tables, found = compose.composed(raw, DataSection(path=str(path), **data), wanted, silent, Control())
        return raw["train"], tables["train"], found

    return do


def test_nothing_to_make_is_the_table_itself(composed):
    raw, table, _roles = composed(ROWS)
    assert table is raw


def test_a_template_makes_the_text(composed):
    raw, table, roles = composed(ROWS, ("text", "label"), template="{title}: {body}!")
    assert roles.one("text") == compose.TEMPLATE
    assert roles.one("label") == "kind"
    assert table.open().column(compose.TEMPLATE).to_pylist() == ["A: first!", "B: !"]
    assert table.key != raw.key
    assert table.place(1)[1] == 2


@pytest.mark.parametrize(
    ("template", "code"),
    [("{gone}", "data.bad-template"), ("no column", "data.empty-template"), ("{}", "data.bad-template")],
)
def test_wrong_templates(composed, template, code):
    with pytest.raises(StudioError) as caught:
        composed(ROWS, template=template)
    assert caught.value.code == code
    assert caught.value.where == "data.template"


def test_a_template_is_no_program():
    assert compose.filled("{a} {a.__class__}", {"a": "x", "a.__class__": "y"}) == "x y"
    assert compose.filled("{a}", {"a": "{b}"}) == "{b}", "what a cell says is not filled in again"
    assert compose.filled("{a}", {"a": ["x", "y"]}) == "x y"


def test_text_steps_write_another_text(composed):
    content = "text,label\nmail me at a@b.org,x\nfine,y\n"
    raw, table, roles = composed(content, steps=["mask-personal-data"])
    assert roles.one("text") == "text"
    assert table.open().column("text").to_pylist() == ["mail me at [EMAIL]", "fine"]
    assert raw.open().column("text").to_pylist()[0] == "mail me at a@b.org"


def test_labels_are_joined_in_one_order(composed):
    content = 'text,labels\na,"b;a"\nb," a ; b"\nc,\n'
    _raw, table, _roles = composed(content, separator=";")
    assert table.open().column(compose.LABELS).to_pylist() == ["a;b", "a;b", ""]
    content = "text,p,q\na,1,0\nb,True,yes\nc,0,no\n"
    _raw, table, roles = composed(content, ("text", "label"), roles={"labels": ["p", "q"]})
    assert table.open().column(compose.LABELS).to_pylist() == ["p", "p|q", ""]
    assert compose.label_column(roles) == compose.LABELS


def test_the_second_time_nothing_is_written(composed, monkeypatch):
    composed(ROWS, template="{title}")
    monkeypatch.setattr(compose, "write_batches", lambda *_args: pytest.fail("it was there already"))
    composed(ROWS, template="{title}")


def test_a_template_is_the_text_whatever_else_is_there(composed):
    content = "a,body,url,who\nx,first one,http://long.example/of-a-page,u\ny,second,http://long.example/other,v\n"
    _raw, _table, roles = composed(content, template="{a} {body}", roles={"label": "who"})
    assert roles.plain() == {"text": compose.TEMPLATE, "label": "who"}
    _raw, _table, roles = composed(content, template="{body}")
    assert roles.plain() == {"text": compose.TEMPLATE}
    _raw, _table, roles = composed(content.replace("who", "label"), template="{a}")
    assert roles.plain() == {"text": compose.TEMPLATE, "label": "label"}


def test_a_template_must_not_hold_the_answer(composed):
    with pytest.raises(StudioError) as caught:
        composed(ROWS, template="{title} {kind}", roles={"label": "kind"})
    assert caught.value.code == "data.same-column"


def test_answers_stay_where_they_are(composed, written):
    line = '{"question": "q", "context": "Tom &amp; Ann", "answers": ["Ann"], "answer_starts": ["10"]}\n'
    path = written("qa.jsonl", line)
    raw = {"train": read_table(path, "auto", {}, silent, Control())}
    section = DataSection(path=str(path), steps=["normalise-text"])
    tables, _roles = compose.composed(raw, section, (), silent, Control())
    assert tables["train"].open().column("context").to_pylist() == ["Tom &amp; Ann"]

"""What the Data pane shows before anything is trained."""

from __future__ import annotations

import json

import pytest

from tests.data.conftest import many
from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.progress import silent
from tlstudio.core.recipe import Choice, DataSection
from tlstudio.data.inspection import inspect, preview_step


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
    assert found["labels"] == found["labels_raw"] == [["class 0", 20], ["class 1", 20], ["class 2", 20]]
    assert found["splits"]["test"] == {"class 0": 4, "class 1": 4, "class 2": 4}
    assert sum(found["lengths"]["counts"]) == 60
    assert len(found["lengths"]["edges"]) == len(found["lengths"]["counts"]) + 1
    assert found["problems"] == []


def test_problems_do_not_hide_the_facts(written):
    found = look(written("a.csv", [*many(), ("", "class 0"), ("x" * 200_000, "single")]))
    assert [(p["code"], p["severity"]) for p in found["problems"]] == [
        ("data.empty-rows", "error"), ("data.rare-classes", "error"), ("data.long-text", "warning"),
    ]  # fmt: skip
    assert found["split_rows"]["train"] > 0
    assert found["rows"] == {"train": 62}


def test_columns_are_described(written):
    found = look(written("a.csv", "text,label,note\n" + "first,x,\nsecond one,y,n\nthird,x,\n" * 5))
    note = found["column_facts"][2]
    assert (note["name"], note["kind"], note["distinct"], note["empty"]) == ("note", "text", 1, 10)
    assert found["column_facts"][0]["examples"] == ["first", "second one", "third"]
    assert found["kinds"] == {"text": "text", "label": "text", "note": "text"}


def test_tags_are_counted(written):
    lines = "".join(f'{{"tokens": ["a{i}", "dog"], "tags": ["dt", "nn"]}}\n' for i in range(20))
    found = look(written("a.jsonl", lines))
    assert found["roles"] == {"tokens": "tokens", "tags": "tags"}
    assert sorted(map(tuple, found["labels"])) == [("dt", 20), ("nn", 20)]
    assert found["lengths"]["unit"] == "tokens"


def test_several_labels_are_counted_one_by_one(written):
    rows = "".join(f"text number {index},{'a|b' if index % 2 else 'b|c'}\n" for index in range(40))
    path = written("a.csv", f"text,labels\n{rows}")
    found = look(path)
    assert found["labels"] == found["labels_raw"] == [["b", 40], ["a", 20], ["c", 20]]
    assert found["splits"]["train"]["b"] == found["split_rows"]["train"]
    renamed = look(path, steps=[{"name": "rename-labels", "labels": {"b": "beta", "c": None}}])
    assert dict(renamed["labels"]) == {"a": 20, "beta": 40}
    assert renamed["labels_raw"] == found["labels"]


def test_a_renamed_label_keeps_its_raw_name(written):
    step = {"name": "rename-labels", "labels": {"class 2": None, "class 1": "one"}}
    found = look(written("a.csv", many()), steps=[step])
    assert dict(found["labels"]) == {"class 0": 20, "one": 20}
    assert dict(found["labels_raw"]) == {"class 0": 20, "class 1": 20, "class 2": 20}
    assert found["dropped"] == {"rename-labels": 20}


def test_a_step_is_previewed(written):
    data = DataSection(path=str(written("a.csv", many())))
    step = Choice.model_validate({"name": "rename-labels", "labels": {"class 2": None, "class 1": "one"}})
    found = preview_step(data, step, silent, Control())
    assert (found["dropped"], found["changed"], found["total"]) == (20, 20, 60)
    first = found["rows"][0]
    assert (first["row"], first["label_before"], first["label_after"], first["dropped"]) == (2, "class 1", "one", False)
    assert found["rows"][1]["dropped"] is True


def test_warnings(written):
    found = look(written("a.csv", [*many(), ("x" * 200_000, "class 1")]))
    assert [(p["code"], p["severity"]) for p in found["problems"]] == [("data.long-text", "warning")]


@pytest.mark.parametrize(
    ("content", "data", "code"),
    [
        ("text\na\nb\n", {"roles": {"label": "text"}}, "data.no-column-left"),
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


def test_an_image_that_is_mended_is_seen_when_looked_at_again(tmp_path):
    from PIL import Image

    for index in range(12):
        Image.new("RGB", (40, 40), (index * 20, 0, 0)).save(tmp_path / f"{index}.png")
    (tmp_path / "3.png").write_bytes(b"no picture")
    lines = "".join(f"{tmp_path / f'{index}.png'},{'ab'[index % 2]}\n" for index in range(12))
    path = tmp_path / "list.csv"
    path.write_text("image,label\n" + lines)
    data = DataSection(path=str(path), steps=["drop-broken-images"])
    assert inspect(data, silent, Control())["dropped"] == {"drop-broken-images": 1}
    Image.new("RGB", (40, 40), "green").save(tmp_path / "3.png")
    assert inspect(data, silent, Control(), fresh=True)["dropped"] == {"drop-broken-images": 0}

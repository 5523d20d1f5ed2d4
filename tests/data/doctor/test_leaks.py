"""Columns and words that give the label away."""

from __future__ import annotations

import random

import pytest

from tests.data import patients
from tlstudio.core.recipe import DataSection


def section(folder, column, rows=None, **more):
    """``column``: value from label and row number."""
    rows = [(text, label, column(label, index)) for index, (text, label) in enumerate(rows or patients.healthy(240))]
    path = patients.write(folder / "rows.csv", rows, ("text", "label", "origin"))
    return DataSection.model_validate({"path": path, "roles": {"text": "text", "label": "label"}, **more})


def test_the_folder_of_a_text_is_its_label_and_no_leak(tmp_path):
    for index, (text, label) in enumerate(patients.healthy(120)):
        place = tmp_path / "texts" / label
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{index}.txt").write_text(text, encoding="utf-8")
    assert patients.look(DataSection(path=str(tmp_path / "texts")), "leaks") == {}


@pytest.mark.parametrize(
    ("column", "by"),
    [
        (lambda label, _index: f"source of {label}", "value"),
        (lambda label, index: f"{label[-1]}_{index:05d}", "start"),
        (lambda label, index: f"{index}/{label[-1]}", "shape"),
        (lambda label, index: str(1000 * "abc".index(label[-1]) + index), "size"),
        (lambda label, index: f"http://{label[-1]}.example.com/{index}", "shape"),
    ],
    ids=["value", "prefix", "suffix", "number", "address"],
)
def test_a_column_that_predicts_the_label(column, by, tmp_path):
    data = section(tmp_path, column)
    finding = patients.look(data, "leaks")["leaking-column"]
    assert finding["params"]["column"] == "origin"
    assert finding["params"]["accuracy"] >= 95
    assert finding["params"]["base"] <= 45
    assert finding["params"]["by"].split()[0] in (by, "start", "size")
    [fix] = finding["fixes"]
    assert fix["changes"] == {"roles.ignore": ["origin"]}
    assert patients.look(patients.mended(data, fix), "leaks") == {}


@pytest.mark.parametrize(
    "column",
    [lambda _label, index: f"row {index}", lambda _label, index: "ab"[index % 2], lambda _label, _index: "",
     lambda _label, index: str(random.Random(index).random())],
    ids=["unique", "few", "empty", "random"],
)  # fmt: skip
def test_columns_that_tell_nothing(column, tmp_path):
    assert patients.look(section(tmp_path, column), "leaks") == {}


def test_in_a_template_it_is_an_error(tmp_path):
    data = section(tmp_path, lambda label, _index: label[-1] * 5, template="{origin}: {text}", roles={"label": "label"})
    found = patients.look(data, "leaks")
    assert found["leaking-column-used"]["severity"] == "error"
    assert "leaking-words" in found, "the word is in the text now"
    [fix] = found["leaking-column-used"]["fixes"]
    assert fix["changes"] == {"template": ": {text}"}
    assert "leaking-column-used" not in patients.look(patients.mended(data, fix), "leaks")


def test_a_word_that_gives_a_class_away(tmp_path):
    rows = [(f"{text} #qx" if label == "class b" and index % 3 else text, label)
            for index, (text, label) in enumerate(patients.healthy(360))]  # fmt: skip
    data = patients.section(tmp_path, rows)
    finding = patients.look(data, "leaks")["leaking-words"]
    assert finding["fixes"][0]["step"]["tokens"] == ["#qx"]
    assert "“#qx” (class b: 100 %" in finding["params"]["words"]
    assert all("#qx" in sample["text"] and sample["label"] == "class b" for sample in finding["samples"])
    assert patients.look(patients.mended(data, finding["fixes"][0]), "leaks") == {}


def test_any_address_is_one_sign_and_cannot_be_removed_as_a_word(tmp_path):
    rows = [(f"{text} https://t.co/{index}" if label == "class b" else text, label)
            for index, (text, label) in enumerate(patients.healthy(240))]  # fmt: skip
    finding = patients.look(patients.section(tmp_path, rows), "leaks")["leaking-words"]
    assert finding["severity"] == "warning"
    assert "“https://…”" in finding["params"]["words"]
    assert finding["fixes"] == []


def test_in_a_large_class_every_word_is_precise(tmp_path):
    rows = [(text, "class a" if index % 30 else "class b") for index, (text, _) in enumerate(patients.healthy(300))]
    assert patients.look(patients.section(tmp_path, rows), "leaks") == {}

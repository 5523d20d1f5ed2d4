"""``inspect``, ``models`` and ``options``: the same facts as JSON and for the eye."""

from __future__ import annotations

import pytest

from tlstudio.core import plugins


def test_inspect_data(tlstudio, tickets):
    said = tlstudio("inspect", tickets, "--json")
    assert said.code == 0
    assert said.json["rows"] == {"train": 60}
    assert said.json["roles"] == {"label": "label", "text": "text"}
    said = tlstudio("inspect", tickets)
    assert said.code == 0
    assert all(word in said.out for word in ("csv", "60 rows", "3 labels", "delivery", "column 'text'"))


def test_inspect_takes_fields_of_data(tlstudio, tmp_path):
    (tmp_path / "a.csv").write_text("one|two\n" + "".join(f"text {i}|{i % 2}\n" for i in range(20)))
    said = tlstudio("inspect", tmp_path / "a.csv", "--json", "--set", "delimiter=|", "--set", "data.roles.text=one")
    assert said.code == 0
    assert said.json["reasons"]["one"] == "chosen by you"
    assert tlstudio("inspect", tmp_path / "a.csv", "--set", "delimter=|").code == 2
    assert tlstudio("inspect", tmp_path / "a.csv", "--set", "empty_rows=maybe").code == 2


def test_problems_set_the_exit_code(tlstudio, tmp_path):
    (tmp_path / "a.csv").write_text("text,label\na,x\n[b],x\n")
    said = tlstudio("inspect", tmp_path / "a.csv")
    assert said.code == 1
    assert "error" in said.out
    assert "→" in said.out
    assert tlstudio("inspect", tmp_path / "a.csv", "--json").json["problems"][0]["code"] == "data.one-class"


def test_labels_are_not_markup(tlstudio, tmp_path):
    (tmp_path / "a.csv").write_text("text,label\n" + "".join(f"t {i},[red]{i % 2}[/]\n" for i in range(20)))
    assert "[red]0[/]" in tlstudio("inspect", tmp_path / "a.csv").out


def test_inspect_model(tlstudio, tiny_model):
    said = tlstudio("inspect", tiny_model, "--json")
    assert said.code == 0
    assert said.json["architecture"] == "BertModel"
    said = tlstudio("inspect", tiny_model)
    assert all(word in said.out for word in ("BertModel", "block 2", "head", "hidden_size"))


@pytest.mark.parametrize("target", ["org/absent", "absent.csv", "./absent/folder"])
def test_inspect_nothing(tlstudio, target):
    said = tlstudio("inspect", target)
    assert said.code == 1
    assert said.err.strip().startswith("Error:")


def test_models(tlstudio):
    said = tlstudio("models", "--json")
    assert said.json[0]["name"] == "sentence-transformers/all-MiniLM-L6-v2"
    assert "all-MiniLM-L6-v2" in tlstudio("models").out


def test_options(tlstudio):
    found = tlstudio("options", "--json").json
    assert set(found) == {
        "task", "strategy", "regularise", "adapt", "compress", "export", "data", "data step", "data check", "augment",
        "training",
    }  # fmt: skip
    assert {entry["name"] for entry in found["strategy"]} == set(plugins.find("tlstudio.strategies"))
    epochs = next(option for option in found["training"][0]["options"] if option["name"] == "epochs")
    assert (epochs["auto"], epochs["minimum"]) == (True, 1)
    text = tlstudio("options").out
    assert all(word in text for word in ("linear-probe", "dynamic-int8", "onnx-int8", "max_length", "epochs", "…"))

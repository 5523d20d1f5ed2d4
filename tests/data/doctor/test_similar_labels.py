"""Labels in other forms and with typing errors."""

from __future__ import annotations

from tests.data import patients
from tlstudio.core.recipe import DataSection


def test_forms_are_joined_into_the_most_frequent(tmp_path):
    rows = [*patients.healthy(60), *[(f"new {index}", " CLASS-A") for index in range(3)], ("more", "class　b")]
    data = patients.section(tmp_path, rows)
    finding = patients.look(data, "similar-labels")["similar-labels"]
    assert finding["params"]["pairs"] == "CLASS-A → class a, class　b → class b"
    assert finding["count"] == 2
    assert {sample["detail"] for sample in finding["samples"]} == {"→ class a", "→ class b"}
    after = patients.mended(data, finding["fixes"][0])
    assert patients.look(after, "similar-labels") == {}
    assert patients.read(after).labels == ["class a", "class b", "class c"]


def test_typing_errors_are_a_notice(tmp_path):
    rows = [(text, label.replace("class a", "delivery")) for text, label in patients.healthy(90)]
    rows += [("x1", "delivrey"), ("x2", "delivery2"), ("x3", "class d")]
    finding = patients.look(patients.section(tmp_path, rows), "similar-labels")["misspelt-labels"]
    assert finding["severity"] == "notice"
    assert finding["fixes"][0]["step"] == {"name": "rename-labels", "labels": {"delivrey": "delivery"}}


def test_single_labels_of_several(tmp_path):
    rows = [(text, "red|green" if index % 2 else "blue") for index, (text, _) in enumerate(patients.healthy(40))]
    rows += [("other words", "Red|blue"), ("more words", "GREEN")]
    path = patients.write(tmp_path / "several.csv", rows, ("text", "labels"))
    data = DataSection(path=path, roles={"text": "text", "labels": "labels"})
    finding = patients.look(data, "similar-labels")["similar-labels"]
    assert finding["count"] == 2
    assert set(patients.read(patients.mended(data, finding["fixes"][0])).labels) == {
        "blue",
        "green",
        "green|red",
        "blue|red",
    }

"""Groups of which some rows are learnt and others tested are told, and kept together by one click."""

from __future__ import annotations

from tests.data import patients
from tlstudio.core.recipe import DataSection


def rows(count=120, groups=12, first=0):
    found = patients.healthy(count, seed=first)
    return [(*row, f"author {first + index % groups}") for index, row in enumerate(found)]


def section(folder, given, **more):
    path = patients.write(folder / "rows.csv", given, ("text", "label", "author"))
    return DataSection.model_validate({"path": path, **more})


def test_torn_groups_are_kept_together_by_one_click(tmp_path):
    data = section(tmp_path, rows())
    finding = patients.look(data, "groups")["torn-groups"]
    assert finding["severity"] == "warning"
    assert finding["params"] == {"count": finding["count"], "groups": 12, "column": "author"}
    assert finding["count"] >= 10
    sample = finding["samples"][0]
    assert (sample["split"], sample["detail"].split()[0]) == ("test", "author")
    [fix] = finding["fixes"]
    assert patients.look(patients.mended(data, fix), "groups") == {}


def test_a_test_file_with_the_same_groups(tmp_path):
    other = [(f"{text} once more", label, group) for text, label, group in rows(20, 2)]
    other += [(f"{text} alone", label, "somebody new") for text, label, _group in rows(10, 1)]
    test = patients.write(tmp_path / "test.csv", other, ("text", "label", "author"))
    data = section(tmp_path, rows(), test=test)
    finding = patients.look(data, "groups")["torn-groups"]
    assert (finding["count"], len(finding["samples"])) == (2, 20)
    [fix] = finding["fixes"]
    assert fix["step"]["name"] == "drop-rows"
    assert len(fix["step"]["rows"]) == 20
    assert patients.look(patients.mended(data, fix), "groups") == {}


def test_few_groups_and_rows_without_one(tmp_path):
    two = [(text, label, ("x", "y")[index % 2]) for index, (text, label) in enumerate(patients.healthy(60))]
    finding = patients.look(section(tmp_path, two), "groups")["torn-groups"]
    assert (finding["severity"], finding["fixes"]) == ("notice", [])
    none = [(text, label, "") for text, label in patients.healthy(60)]
    assert patients.look(section(tmp_path, none, roles={"group": "author"}), "groups") == {}
    both = section(tmp_path, two, roles={"text": "text", "label": "author", "group": "author"})
    assert patients.look(both, "groups") == {}

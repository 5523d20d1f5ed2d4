"""Rows that stand in the data more than once."""

from __future__ import annotations

from tests.data import patients
from tlstudio.core.recipe import DataSection


def test_copies_within_a_place(tmp_path):
    rows = patients.healthy(60)
    found = patients.look(patients.section(tmp_path, [*rows, rows[3], rows[3], (rows[4][0], "class c")]), "duplicates")
    finding = found["duplicates-within"]
    assert finding["count"] == 2, "another label is a contradiction, no copy"
    assert finding["severity"] == "warning"
    assert {sample["row"] for sample in finding["samples"]} <= {4, 61, 62}
    assert all(sample["detail"].startswith("= ") for sample in finding["samples"])
    assert finding["fixes"][0]["step"] == {"name": "drop-duplicates"}


def test_few_copies_are_a_notice_and_empty_rows_none(tmp_path):
    rows = [*patients.healthy(240), ("", "class a"), ("", "class a")]
    assert patients.look(patients.section(tmp_path, rows), "duplicates") == {}
    found = patients.look(patients.section(tmp_path, [*rows, rows[0]]), "duplicates")
    assert found["duplicates-within"]["severity"] == "notice"


def test_leaks_from_training_into_the_test_rows(tmp_path):
    rows, test = patients.healthy(90), patients.healthy(30, seed=3)
    leaked = [*test, rows[0], (rows[1][0], "class a"), test[0]]
    found = patients.look(patients.section(tmp_path, rows, test=leaked, split={"validation": 0}), "duplicates")
    across = found["duplicates-across"]
    assert (across["count"], across["severity"]) == (2, "error")
    assert across["params"]["one"] == "train"
    assert across["params"]["other"] == "test"
    assert [sample["detail"] for sample in across["samples"]] == ["= train 1", "= train 2"]
    tested = found["duplicates-tested"]
    assert (tested["count"], tested["severity"]) == (1, "notice")
    data = patients.section(tmp_path, rows, test=leaked, split={"validation": 0})
    assert "duplicates-tested" not in patients.look(patients.mended(data, tested["fixes"][0]), "duplicates")


def test_a_place_divided_by_groups_may_leak(tmp_path):
    rows = [(text, label, f"group {index % 10}") for index, (text, label) in enumerate(patients.healthy(100))]
    rows += [(rows[index][0], rows[index][1], f"group {(index + 5) % 10}") for index in range(10)]
    path = patients.write(tmp_path / "groups.csv", rows, ("text", "label", "group"))
    data = DataSection(path=path, split={"method": "grouped", "by": "group"})
    finding = patients.look(data, "duplicates")["duplicates-across"]
    [fix] = finding["fixes"]
    assert fix["step"] == {"name": "drop-duplicates", "labels": "any"}
    assert "duplicates-across" not in patients.look(patients.mended(data, fix), "duplicates")


def test_pairs_are_equal_only_as_a_whole(tmp_path):
    rows = [(text, f"other {index}", label) for index, (text, label) in enumerate(patients.healthy(30))]
    rows += [(rows[0][0], "quite another", "class a"), rows[1]]
    path = patients.write(tmp_path / "pairs.csv", rows, ("text", "text_b", "label"))
    data = DataSection(path=path, roles={"text": "text", "text_b": "text_b", "label": "label"})
    assert patients.look(data, "duplicates")["duplicates-within"]["count"] == 1

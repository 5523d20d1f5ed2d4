"""Rows without content or label."""

from __future__ import annotations

from tests.data import patients
from tlstudio.core.recipe import DataSection


def test_blank_and_unlabelled_rows(tmp_path):
    rows = [*patients.healthy(30), ("  \t", "class a"), ("\u200b\u00a0", "class b"), ("text", " "), ("", "")]
    found = patients.look(patients.section(tmp_path, rows), "empty")
    assert found["empty-texts"]["count"] == 3
    assert sorted(sample["row"] for sample in found["empty-texts"]["samples"]) == [31, 32, 34]
    assert found["no-label"]["count"] == 1
    assert {finding["severity"] for finding in found.values()} == {"error"}


def test_a_second_text_counts(tmp_path):
    rows = [(text, text[::-1], label) for text, label in patients.healthy(30)]
    rows[4] = (rows[4][0], " ", rows[4][2])
    path = patients.write(tmp_path / "pairs.csv", rows, ("text", "text_b", "label"))
    data = DataSection(path=path, roles={"text": "text", "text_b": "text_b", "label": "label"})
    [sample] = patients.look(data, "empty")["empty-texts"]["samples"]
    assert sample["row"] == 5


def test_only_the_label_can_be_missing_where_there_is_one(tmp_path):
    path = patients.write(tmp_path / "n.csv", [(text, "1.5") for text, _ in patients.healthy(20)], ("text", "score"))
    assert patients.look(DataSection(path=path, roles={"text": "text", "number": "score"}), "empty") == {}

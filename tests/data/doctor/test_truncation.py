"""Texts of which only the beginning is read."""

from __future__ import annotations

from tests.data import patients
from tlstudio.core.control import Control
from tlstudio.core.progress import silent
from tlstudio.data.doctor.run import examine


def test_cut_texts_are_counted_in_tokens(tmp_path):
    rows = [*patients.healthy(60), ("word " * 40, "class a"), ("word " * 30, "class b")]
    data = patients.section(tmp_path, rows)
    found = patients.look(data, "truncation", count_tokens=patients.count_tokens, max_length=20)
    finding = found["truncated"]
    assert (finding["count"], finding["severity"]) == (2, "notice")
    assert [sample["detail"] for sample in finding["samples"]] == ["40", "30"]
    assert finding["params"]["limit"] == 20
    strict = patients.look(data, "truncation", count_tokens=patients.count_tokens, max_length=10)["truncated"]
    assert (strict["count"], strict["severity"]) == (62, "warning")
    assert strict["params"]["suggested"] == 15
    assert patients.look(data, "truncation", count_tokens=patients.count_tokens, max_length=40) == {}


def test_without_a_tokenizer_it_says_why(tmp_path):
    data = patients.section(tmp_path, patients.healthy(30))
    reply = examine(patients.read(data), data, Control(), silent)
    [why] = [item["skipped"] for item in reply["checks"] if item["name"] == "truncation"]
    assert "no model is chosen" in why

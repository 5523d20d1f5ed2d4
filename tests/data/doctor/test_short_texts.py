"""Very short texts."""

from __future__ import annotations

from tests.data import patients


def test_letters_are_counted_and_empty_texts_left_to_another_check(tmp_path):
    rows = [
        *patients.healthy(40),
        ("ok", "class a"),
        ("!!! ...", "class b"),
        ("  ", "class a"),
        ("yes", "class b"),
        ("狗", "class a"),
    ]
    data = patients.section(tmp_path, rows)
    finding = patients.look(data, "short-texts")["short-texts"]
    assert {sample["text"] for sample in finding["samples"]} == {"ok", "!!! ..."}
    [fix] = finding["fixes"]
    assert fix["step"] == {"name": "drop-empty", "letters": 3}
    assert patients.look(patients.mended(data, fix), "short-texts") == {}

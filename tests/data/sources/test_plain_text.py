"""Running text by line, paragraph or document."""

from __future__ import annotations

import pytest

from tlstudio.core.errors import StudioError
from tlstudio.data.sources import plain_text

TEXT = "\n\nFirst line.\r\n  Second line, indented.\n \n\nAnother paragraph.\n\n"


def texts(table):
    assert (table.source, table.columns) == ("text", {"text": "text"})
    return table.open().column("text").to_pylist()


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        ("line", ["First line.", "  Second line, indented.", "Another paragraph."]),
        ("paragraph", ["First line.\n  Second line, indented.", "Another paragraph."]),
        ("document", ["\n\nFirst line.\n  Second line, indented.\n \n\nAnother paragraph."]),
    ],
)
def test_units(read, unit, expected):
    assert texts(read("a.txt", TEXT, unit=unit)) == expected


def test_without_a_last_line_end(read):
    assert texts(read("a.md", "# Title\none two", unit="paragraph")) == ["# Title\none two"]
    assert texts(read("b.txt", "one\n\n\ntwo")) == ["one", "two"]


def test_encodings(read):
    line = "Größere Änderungen für höhere Zöllner müssen öfter überprüft werden.\n"
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "cp1252"):
        assert texts(read(f"{encoding}.txt", line * 3, encoding)) == [line.rstrip("\n")] * 3


@pytest.mark.parametrize("unit", ["line", "paragraph", "document"])
def test_units_that_are_too_long(read, monkeypatch, unit):
    monkeypatch.setattr(plain_text, "_LONGEST", 1 << 20)
    with pytest.raises(StudioError) as caught:
        read("a.txt", "good\n\n" + "words " * 200_000, unit=unit)
    assert caught.value.code == "data.long-unit"
    assert "a.txt" in caught.value.message
    if unit != "document":
        assert caught.value.params["line"] == 3


def test_bad_unit(read):
    with pytest.raises(StudioError) as caught:
        read("a.txt", "a b\nc d\n", unit="sentence")
    assert (caught.value.code, caught.value.where) == ("recipe.bad-value", "data.unit")


@pytest.mark.parametrize(
    ("name", "content", "source"),
    [
        ("a.txt", "token\tNN\nother\tVB\n\nnext\tNN\n.\t.\n\n", "conll"),
        ("a.txt", '{"text": "a"}\n{"text": "b"}\n', "jsonl"),
        ("a.txt", "text,label\na,x\nb,y\n", "csv"),
        ("a.log", "2024-01-02 started\n2024-01-03 stopped\n", "text"),
    ],
)
def test_every_other_source_goes_first(read, name, content, source):
    assert read(name, content).source == source


def test_other_endings_are_not_taken(read):
    with pytest.raises(StudioError) as caught:
        read("a.py", "import this\n\n\ndef f(): ...\n")
    assert caught.value.code == "data.unknown-format"

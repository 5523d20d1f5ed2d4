"""The list of requests: it only grows, and what is damaged in it is passed over."""

from __future__ import annotations

from tlstudio.core import ledger
from tlstudio.core.ledger import Request


def test_noted_and_read_newest_first():
    for number in range(3):
        ledger.note(Request("model", f"org/{number}", "hub.example.org", "GET /x", "200", number))
    found = ledger.read()
    assert [one.subject for one in found] == ["org/2", "org/1", "org/0"]
    assert found[0].bytes == 2
    assert [one.subject for one in ledger.read(1)] == ["org/2"]


def test_it_only_grows():
    ledger.note(Request("model", "one", "h", "w", "200"))
    before = ledger.file().read_bytes()
    ledger.note(Request("model", "two", "h", "w", "200"))
    assert ledger.file().read_bytes().startswith(before)


def test_damaged_lines_are_passed_over():
    ledger.note(Request("model", "one", "h", "w", "200"))
    with open(ledger.file(), "ab") as stream:
        stream.write(b'{"purpose": "mod\xff\n[]\n{}\n' + b"[" * 100_000 + b"\n")
    ledger.note(Request("model", "two", "h" * 1000, "w", "200"))
    found = ledger.read()
    assert [one.subject for one in found] == ["two", "one"]
    assert len(found[0].host) == 300


def test_a_full_file_is_set_aside(monkeypatch):
    monkeypatch.setattr(ledger, "_LARGEST", 200)
    for number in range(6):
        ledger.note(Request("model", f"org/{number}", "hub.example.org", "GET /x", "200"))
    assert ledger.file().with_name("network-older.jsonl").is_file()
    assert ledger.read()[0].subject == "org/5"


def test_a_folder_that_cannot_be_written_stops_nothing(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("TLSTUDIO_HOME", str(tmp_path / "file"))
    ledger.note(Request("model", "one", "h", "w", "200"))
    assert ledger.read() == []

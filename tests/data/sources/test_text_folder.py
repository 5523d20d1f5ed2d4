"""Folders of text files."""

from __future__ import annotations

import pytest

from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.progress import silent
from tlstudio.data.scan import scan
from tlstudio.data.sources import text_folder
from tlstudio.data.sources.text_folder import PLUGIN
from tlstudio.data.tables import read_table


@pytest.fixture
def folder(tmp_path):
    """``folder({"pos/1.txt": b"…"})`` writes files and returns their folder."""

    def write(files):
        for name, content in files.items():
            path = tmp_path / "texts" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return tmp_path / "texts"

    return write


def read(path, **options):
    return read_table(path, "auto", options, silent, Control())


def test_a_folder_a_class(folder):
    path = folder({
        "pos/1.txt": "gut gemacht äöü\r\nsehr\n".encode(), "pos/2.TXT": b"b", "neg/deep/3.txt": b"\xef\xbb\xbfc",
        "neg/empty.txt": b" \n", "read me.txt": b"about", ".hidden/x.txt": b"x", "pos/notes.md": b"x",
    })  # fmt: skip
    table = read(path)
    assert (table.source, table.columns) == ("text-folder", {"text": "text", "label": "text", "file": "text"})
    assert [tuple(row.values()) for row in table.open().to_pylist()] == [
        ("c", "neg", "neg/deep/3.txt"), ("", "neg", "neg/empty.txt"),
        ("gut gemacht äöü\nsehr", "pos", "pos/1.txt"), ("b", "pos", "pos/2.TXT"),
    ]  # fmt: skip


def test_without_classes(folder):
    table = read(folder({"b.txt": b"two", "a.txt": b"one"}))
    assert table.open().to_pylist() == [{"text": "one", "file": "a.txt"}, {"text": "two", "file": "b.txt"}]


def test_encoding_of_each_file(folder):
    text = "Größere Änderungen für höhere Zöllner müssen öfter überprüft werden. " * 5
    files = {f"a/{name}.txt": text.encode(name) for name in ("utf-8", "cp1252", "utf-16")}
    assert set(read(folder(files)).open().column("text").to_pylist()) == {text}


def test_one_encoding_for_all(folder):
    path = folder({"a/1.txt": "ä".encode("cp1252"), "a/2.txt": b"b"})
    assert read(path, encoding="cp1252").open().column("text").to_pylist() == ["ä", "b"]
    with pytest.raises(StudioError) as caught:
        read(path, encoding="ascii")
    assert caught.value.code == "data.bad-encoding-choice"
    assert "1.txt" in caught.value.message
    with pytest.raises(StudioError) as caught:
        read(path, encoding="klingon")
    assert caught.value.code == "data.unknown-encoding"


@pytest.mark.parametrize(
    ("content", "code"), [(b"a\0b\xff", "data.not-text"), ("ä漢字 ".encode() * 9 + b"\xff\xfe", "data.bad-encoding")]
)
def test_a_file_that_is_no_text_is_named(folder, content, code):
    with pytest.raises(StudioError) as caught:
        read(folder({"a/good.txt": b"x", "a/bad.txt": content}))
    assert caught.value.code == code
    assert "bad.txt" in caught.value.message


def test_a_very_long_file_is_named(folder, monkeypatch):
    monkeypatch.setattr(text_folder, "_LARGEST", 100)
    with pytest.raises(StudioError) as caught:
        read(folder({"a/good.txt": b"x", "a/bad.txt": b"x" * 101}))
    assert caught.value.code == "data.long-file"
    assert "bad.txt" in caught.value.message


def test_what_is_recognised(folder):
    path = folder({"pos/1.txt": b"a", "neg/2.txt": b"b"})
    assert PLUGIN.recognises(scan(path))
    folder({"x.png": b"a", "y.png": b"a"})
    assert not PLUGIN.recognises(scan(path)), "half of it is something else"


def test_splits_are_no_classes(folder):
    path = folder({"train/pos/1.txt": b"a", "Test/pos/2.txt": b"b"})
    assert not PLUGIN.recognises(scan(path))
    assert PLUGIN.recognises(scan(path / "train"))


def test_a_changed_file_is_read_again(folder):
    path = folder({"a/1.txt": b"one"})
    first = read(path)
    folder({"a/1.txt": b"three"})
    assert read(path).open().column("text").to_pylist() == ["three"]
    assert read(path).key != first.key

"""Dictionaries in every form that people have them."""

from __future__ import annotations

import json

import pytest

from tlstudio.augmentation import dictionary
from tlstudio.augmentation.base import Resources
from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError


def read(path):
    return dictionary.read(str(path), Resources(Control()))


@pytest.mark.parametrize(
    "text",
    [
        "Good\tfine,great\nbad\tpoor\n",
        "\ufeffgood\tfine\tgreat\r\nbad\tpoor\r\n",
        "good,fine,great\nbad,poor\n",
        'good,"fine","great"\nbad,poor',
        "good;fine;great\nbad;poor;;\n",
        "good fine\nbad poor\ngood great\nthree words here\n",
        json.dumps({"good": ["fine", "great", 3], "bad": "poor", "x": None}),
    ],
    ids=["tab", "tabs", "csv", "quoted", "semicolon", "muse", "json"],
)
def test_forms(tmp_path, text):
    path = tmp_path / "words"
    path.write_text(text, encoding="utf-8", newline="")
    known = read(path)
    assert known.entries == {"good": ("fine", "great"), "bad": ("poor",)}
    assert known.longest == {"good": 1, "bad": 1}
    assert known.others("good") == ("fine", "great")
    assert known.others("else") == ()


def test_what_is_useless_is_left_out(words_file):
    known = read(words_file)
    assert known.entries["legal"] == ("legitim",)
    assert "only" not in known.entries
    assert known.longest["ice"] == 2
    assert known.longest["出"] == 3


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "augment.bad-dictionary"),
        (b"word\n\n", "augment.bad-dictionary"),
        (b"same\tsame\n", "augment.bad-dictionary"),
        (b'{"a": ', "augment.bad-dictionary"),
        (b"[1, 2]", "augment.bad-dictionary"),
        (b"[" * 100_000, "augment.bad-dictionary"),
        (b"gut\tsch\xf6n\n", "augment.dictionary-encoding"),
        (b"\0\0\0", "augment.bad-dictionary"),
    ],
)
def test_bad_files_are_explained(tmp_path, content, code):
    path = tmp_path / "bad.txt"
    path.write_bytes(content)
    with pytest.raises(StudioError) as caught:
        read(path)
    assert caught.value.code == code
    assert str(path) in caught.value.message
    assert caught.value.where == "data.augment"


def test_encoding_error_names_the_line(tmp_path):
    path = tmp_path / "latin"
    path.write_bytes(b"a\tb\nc\td\ngut\tsch\xf6n\n")
    with pytest.raises(StudioError) as caught:
        read(path)
    assert caught.value.params["line"] == 3


def test_missing_file(tmp_path):
    with pytest.raises(StudioError) as caught:
        read(tmp_path / "none")
    assert caught.value.code == "files.missing"


def test_a_stray_quotation_mark_loses_nothing_else(tmp_path):
    path = tmp_path / "stray.csv"
    path.write_text('a,b\ninch,"\nc,d\n', encoding="utf-8")
    assert read(path).others("a") == ("b",)


def test_read_once_for_a_job(words_file):
    resources = Resources(Control())
    first = dictionary.read(str(words_file), resources)
    assert dictionary.read(str(words_file), resources) is first


def test_fingerprint_follows_the_content(words_file):
    before = dictionary.fingerprint(words_file)
    assert dictionary.fingerprint(words_file) == before
    words_file.write_text("a\tb\n", encoding="utf-8")
    assert dictionary.fingerprint(words_file) != before

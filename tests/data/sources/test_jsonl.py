"""JSON Lines: any values become strings, a bad line is named."""

from __future__ import annotations

import pytest

from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.progress import silent
from tlstudio.data.tables import read_table


def test_values_become_text(read):
    table = read(
        "a.jsonl",
        b'{"text": "a\\u00e4", "label": 1, "x": {"y": [1, 2]}}\n\n{"text": null, "late": true}\n{"label": "007"}\n',
    )
    assert table.columns == ["text", "label", "x", "late"]
    assert table.open().to_pylist() == [
        {"text": "aä", "label": "1", "x": '{"y": [1, 2]}', "late": ""},
        {"text": "", "label": "", "x": "", "late": "true"},
        {"text": "", "label": "007", "x": "", "late": ""},
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings(read, encoding):
    table = read("a.jsonl", '{"text": "ä", "label": "x"}\r\n', encoding)
    assert table.source == "jsonl"
    assert table.open().to_pylist() == [{"text": "ä", "label": "x"}]


def test_half_a_surrogate_pair_is_replaced(read):
    table = read("a.jsonl", b'{"text": "a\\ud800", "l\\udc00": ["\\ud801"]}\n{"text": "\\ud83d\\ude00"}\n')
    assert table.columns == ["text", "l?"]
    assert table.open().to_pylist() == [{"text": "a?", "l?": '["?"]'}, {"text": "😀", "l?": ""}]


@pytest.mark.parametrize(
    ("content", "code", "line"),
    [
        (b'{"text": "a"}\n{"text":}\n', "data.bad-json", 2),
        (b'{"text": "a"}\n\n{"text": "b"\n', "data.bad-json", 3),
        (b'{"text": "a", "text": "b"}\n', "data.bad-json", 1),
        (b'{"text": ' + b"[" * 100_000 + b"]" * 100_000 + b"}\n", "data.bad-json", 1),
        (b'{"text": "a"}\n[1, 2]\n', "data.not-an-object", 2),
        (b'{"text": "a"}\n"b"\n', "data.not-an-object", 2),
    ],
    ids=["value", "unfinished", "key-twice", "deep", "list", "string"],
)
def test_bad_lines_are_named(read, content, code, line):
    with pytest.raises(StudioError) as caught:
        read("a.jsonl", content)
    assert (caught.value.code, caught.value.params["line"]) == (code, line)
    assert f"Line {line}" in caught.value.message
    assert "{{" not in caught.value.remedy


def test_wrong_encoding_choice(written):
    path = written("a.jsonl", '{"text": "ä"}\n')
    with pytest.raises(StudioError) as caught:
        read_table(path, "jsonl", {"encoding": "ascii"}, silent, Control())
    assert caught.value.code == "data.bad-encoding-choice"
    assert caught.value.where == "data.encoding"


def test_objects_without_keys_are_no_rows(read):
    with pytest.raises(StudioError) as caught:
        read("a.jsonl", b"{}\n{}\n")
    assert caught.value.code == "data.no-rows"


def test_more_rows_than_a_batch(read):
    table = read("a.jsonl", b"".join(b'{"text": "t%d", "label": "x"}\n' % index for index in range(12_345)))
    assert table.rows == table.open().num_rows == 12_345
    assert table.open().column("text")[12_344].as_py() == "t12344"

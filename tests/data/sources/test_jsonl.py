"""JSON Lines: any values become strings, a bad line is named."""

from __future__ import annotations

import pytest

from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.progress import silent
from tlstudio.data.scan import scan
from tlstudio.data.sources.jsonl import PLUGIN
from tlstudio.data.tables import read_table


def test_values_become_text(read):
    table = read(
        "a.jsonl",
        b'{"text": "a\\u00e4", "label": 1, "x": [[1], 2]}\n\n{"text": null, "late": true, "n": 1.50}\n'
        b'{"label": "007"}\n{"text": "NA", "label": 123456789012345678901234567890, "n": 1e-7, "late": false, '
        b'"x": {"y": null}, "n2": NaN}\n',
    )
    assert table.columns == dict.fromkeys(["text", "label", "x", "late", "n", "x.y", "n2"], "text")
    assert [tuple(row.values()) for row in table.open().to_pylist()] == [
        ("a\u00e4", "1", "[[1], 2]", "", "", "", ""),
        ("", "", "", "true", "1.5", "", ""),
        ("", "007", "", "", "", "", ""),
        ("NA", "123456789012345678901234567890", "", "false", "1e-07", "", ""),
    ]


def test_nested_objects_are_columns(read):
    table = read(
        "a.jsonl",
        b'{"user": {"name": "a", "place": {"city": "x"}}, "text": "t"}\n'
        b'{"text": "u", "user": {"name": "b", "age": 3}}\n'
        b'{"user": "c", "text": "v", "empty": {}}\n',
    )
    assert list(table.columns) == ["user.name", "user.place.city", "text", "user.age", "user"]
    assert [tuple(row.values()) for row in table.open().to_pylist()] == [
        ("a", "x", "t", "", ""), ("b", "", "u", "3", ""), ("", "", "v", "", "c"),
    ]  # fmt: skip


def test_lists_of_scalars(read):
    table = read(
        "a.jsonl",
        b'{"tokens": ["a", 1, true, null], "mixed": ["a"], "deep": [["a"]], "none": [], "text": ""}\n'
        b'{"tokens": [], "mixed": "b", "deep": [], "none": [], "text": null}\n'
        b'{"tokens": null, "mixed": "", "text": "x"}\n{"tokens": ""}\n',
    )
    assert table.columns == {"tokens": "list", "mixed": "text", "deep": "text", "none": "list", "text": "text"}
    assert [tuple(row.values()) for row in table.open().to_pylist()] == [
        (["a", "1", "true", ""], '["a"]', '[["a"]]', [], ""), ([], "b", "[]", [], ""), ([], "", "", [], "x"),
        ([], "", "", [], ""),
    ]  # fmt: skip


def test_very_deep_objects_stay_json(read):
    row = '{"a": ' * 30 + "1" + "}" * 30
    table = read("a.jsonl", '{"text": "t"}\n' + row + "\n")
    (name,) = [name for name in table.columns if name != "text"]
    assert name == ".".join("a" * 17)
    assert table.open().column(name)[1].as_py() == '{"a": ' * 13 + "1" + "}" * 13


def test_keys_that_are_values(read):
    with pytest.raises(StudioError) as caught:
        read("a.jsonl", "".join(f'{{"id {index}": "x"}}\n' for index in range(6_000)))
    assert caught.value.code == "data.too-many-columns"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings(read, encoding):
    table = read("a.jsonl", '{"text": "ä", "label": "x"}\r\n', encoding)
    assert table.source == "jsonl"
    assert table.open().to_pylist() == [{"text": "ä", "label": "x"}]


def test_half_a_surrogate_pair_is_replaced(read):
    table = read("a.jsonl", b'{"text": "a\\ud800", "l\\udc00": ["\\ud801"]}\n{"text": "\\ud83d\\ude00"}\n')
    assert table.columns == {"text": "text", "l?": "list"}
    assert table.open().to_pylist() == [{"text": "a?", "l?": ["?"]}, {"text": "😀", "l?": []}]


@pytest.mark.parametrize(
    ("content", "code", "line"),
    [
        (b'{"text": "a"}\n{"text":}\n', "data.bad-json", 2),
        (b'{"text": "a"}\n\n{"text": "b"\n', "data.bad-json", 3),
        (b'{"text": "a", "text": "b"}\n', "data.bad-json", 1),
        (b'{"text": "a"}\n{"a": {"b": 1}, "a.b": 2}\n', "data.bad-json", 2),
        (b'{"text": ' + b"9" * 5000 + b"}\n", "data.bad-json", 1),
        (b'{"text": ' + b"[" * 100_000 + b"]" * 100_000 + b"}\n", "data.bad-json", 1),
        (b'{"text": "a"}\n[1, 2]\n', "data.not-an-object", 2),
        (b'{"text": "a"}\n"b"\n', "data.not-an-object", 2),
    ],
    ids=["value", "unfinished", "key-twice", "path-twice", "digits", "deep", "list", "string"],
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


def test_long_texts_make_small_batches(written):
    path = written("a.jsonl", "".join('{"text": "%s"}\n' % ("a" * (1 << 20)) for _ in range(40)))
    found = scan(path)
    sizes = [batch.num_rows for batch in PLUGIN.batches(found, PLUGIN.settle(found, PLUGIN.Config()))]
    assert sum(sizes) == 40
    assert max(sizes) < 20


def test_old_line_ends(read):
    assert read("a.jsonl", b'{"text": "a"}\r{"text": "b"}\r').rows == 2

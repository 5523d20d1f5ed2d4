"""JSON documents: where the rows lie in them, and where they are broken."""

from __future__ import annotations

import json

import pytest

from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.progress import silent
from tlstudio.data.scan import scan
from tlstudio.data.sources import json_file
from tlstudio.data.tables import read_table, recognise

ROWS = [{"text": "a", "label": "x"}, {"text": "b", "label": "y"}]


def rows(table):
    return table.open().to_pylist()


@pytest.mark.parametrize(
    ("document", "records"),
    [
        (ROWS, "."),
        ({"rows": ROWS}, "rows"),
        ({"version": 1, "few": [{"x": 1}], "data": {"items": ROWS, "n": 2}}, "data.items"),
        ({"text": ["a", "b"], "label": ["x", "y"]}, "."),
        ({"text": {"0": "a", "1": "b"}, "label": {"0": "x", "1": "y"}}, "."),
        ({"0": {"text": "a", "label": "x"}, "1": {"text": "b", "label": "y"}}, "."),
        ({"meta": "m", "data": {"text": ["a", "b"], "label": ["x", "y"]}}, "data"),
        ({"a.b": {"c": ROWS}}, "a.b.c"),
    ],
)
@pytest.mark.parametrize("indent", [None, 2])
def test_where_rows_may_lie(read, document, records, indent):
    table = read("a.json", json.dumps(document, indent=indent))
    assert (table.source, table.options) == ("json", {"records": records, "encoding": "utf-8"})
    assert rows(table) == ROWS


def test_records_by_choice(read):
    document = {"train": ROWS, "test": ROWS[:1]}
    assert rows(read("a.json", json.dumps(document), records="test")) == ROWS[:1]
    for wish in ("validation", "train.text", "."):
        with pytest.raises(StudioError) as caught:
            read("a.json", json.dumps(document), records=wish)
        assert (caught.value.code, caught.value.where) == ("data.no-records-there", "data.records")
    with pytest.raises(StudioError) as caught:
        read("b.json", json.dumps(ROWS), records="train")
    assert caught.value.code == "data.no-records-there"


def test_rows_are_flattened(read):
    table = read("a.json", '[{"u": {"n": 1}, "t": ["a"]}, {"u": {"m": true}, "late": 1.0}]')
    assert table.columns == {"u.n": "text", "t": "list", "u.m": "text", "late": "text"}
    assert [tuple(row.values()) for row in rows(table)] == [("1", ["a"], "", ""), ("", [], "true", "1.0")]


def test_pandas(read):
    import pandas as pd

    frame = pd.DataFrame(ROWS)
    for orient in ("records", "columns", "index"):
        table = read(f"{orient}.json", frame.to_json(orient=orient))
        assert rows(table) == ROWS, orient
    assert read("a.jsonl", frame.to_json(orient="records", lines=True)).source == "jsonl"


@pytest.mark.parametrize(
    ("name", "content", "source"),
    [
        ("a.dat", '[{"text": "a"}]', "json"),
        ("a.jsonl", '[\n{"text": "a"}\n]', "json"),
        ("a.json", '{"text": "a"}\n{"text": "b"}\n', "jsonl"),
        ("a.json", '{"text": "a", "label": "x"}', "jsonl"),
        ("a.jsonl", '{"tokens": ["a"], "tags": ["x"]}', "jsonl"),
        ("a.json", '{"data": [\n{"text": "a"},\n{"text": "b"}\n]}', "json"),
        ("a.json", '{"data": [{"text": "' + "a" * 300_000 + '"}]}', "json"),
        ("a.jsonl", '{"text": "' + "a" * 300_000 + '"}\n{"text": "b"}', "jsonl"),
        ("a.json", '{"version": "1", "data": [{"title": "t", "paragraphs": [{"context": "c", "qas": []}]}]}', "squad"),
        ("a.txt", "[link](there) and more", "text"),
        ("a.txt", "{x} is a set", "text"),
    ],
)
def test_content_tells_json_from_json_lines(written, name, content, source):
    assert source == recognise(scan(written(name, content))).NAME


@pytest.mark.parametrize(
    ("content", "code", "line", "column"),
    [
        ('[{"text": "a"},\n {"text": }]', "data.bad-json-document", 2, 11),
        ('[{"text": "a"}\n {"text": "b"}]', "data.bad-json-document", 2, 2),
        ('[{"text": "a"},\n {"text": "b"}', "data.bad-json-document", 2, 15),
        ('[{"text": "a"},\n]', "data.bad-json-document", 2, 1),
        ('[{"text": "a"}] x', "data.bad-json-document", 1, 17),
        ('[{"text": "a", "text": "b"}]', "data.bad-json-document", 1, 2),
        ('{"data": [{"text": "a"},\n{"text": "b"}', "data.bad-json-document", 2, 14),
        ('{"data": [{"text": "a\n"}]}', "data.bad-json-document", 1, 22),
        ("[" * 100_000, "data.bad-json-document", 1, 2),
    ],
)
def test_broken_documents_name_line_and_column(read, content, code, line, column):
    with pytest.raises(StudioError) as caught:
        read("a.json", content)
    error = caught.value
    assert (error.code, error.params["line"], error.params["column"]) == (code, line, column)
    assert f"line {line}, column {column}" in error.message


def test_positions_far_in_a_large_file(read, monkeypatch):
    monkeypatch.setattr(json_file, "_CHUNK", 64)
    lines = [json.dumps({"text": f"text {index} 🙂", "label": index}, ensure_ascii=False) for index in range(3_000)]
    table = read("a.json", "[\n" + ",\n".join(lines) + "\n]\n")
    assert table.rows == 3_000
    assert rows(table)[2_999] == {"text": "text 2999 🙂", "label": "2999"}
    lines[2_000] = lines[2_000][:-1] + ' "x"}'
    with pytest.raises(StudioError) as caught:
        read("b.json", "[\n" + ",\n".join(lines) + "\n]\n")
    assert (caught.value.params["line"], caught.value.params["column"]) == (2_002, lines[2_000].rindex('"x"') + 1)


def test_a_list_is_read_piece_by_piece(written, monkeypatch):
    monkeypatch.setattr(json_file, "_CHUNK", 1 << 10)
    path = written("a.json", json.dumps([{"text": "words " * 100, "n": 12.5} for _ in range(500)]))
    items, most = json_file._Items(path, "utf-8"), 0
    for _ in items.rows():
        most = max(most, len(items._buffer))
    assert most < 4_000 < path.stat().st_size / 50


@pytest.mark.parametrize(
    ("content", "row"), [('[{"text": "a"}, 7]', 2), ('[["a", "b"]]', 1), ('{"rows": [{"text": "a"}, null]}', 2)]
)
def test_rows_that_are_no_objects(read, content, row):
    with pytest.raises(StudioError) as caught:
        read("a.json", content)
    assert (caught.value.code, caught.value.params["row"]) == ("data.bad-item", row)


@pytest.mark.parametrize("content", ['{"a": {"b": [1, 2],\n"c": [1]}}', '{\n"a": 1,\n"b": "x"\n}'])
def test_no_rows_anywhere(read, content):
    with pytest.raises(StudioError) as caught:
        read("a.json", content)
    assert caught.value.code == "data.no-records"
    assert "{{" not in caught.value.remedy


def test_empty_list(read):
    for content in ("[]", " [ ]\n"):
        with pytest.raises(StudioError) as caught:
            read("a.json", content)
        assert caught.value.code == "data.no-rows"


def test_large_documents_are_refused(read, monkeypatch):
    monkeypatch.setattr(json_file, "_WHOLE", 10)
    assert read("a.json", json.dumps(ROWS)).rows == 2
    with pytest.raises(StudioError) as caught:
        read("b.json", json.dumps({"rows": ROWS}))
    assert caught.value.code == "data.large-document"


def test_encodings(read, written):
    for encoding in ("utf-8-sig", "utf-16", "cp1252"):
        content = json.dumps([{"text": "größer"}] * 20, ensure_ascii=False)
        assert rows(read(f"{encoding}.json", content, encoding))[19] == {"text": "größer"}
    path = written("x.json", json.dumps([{"text": "ä"}], ensure_ascii=False))
    with pytest.raises(StudioError) as caught:
        read_table(path, "json", {"encoding": "ascii"}, silent, Control())
    assert caught.value.code == "data.bad-encoding-choice"

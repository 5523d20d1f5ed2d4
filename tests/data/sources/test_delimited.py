"""CSV and TSV as people really write them."""

from __future__ import annotations

import pytest

from tlstudio.core.errors import StudioError
from tlstudio.data.scan import scan
from tlstudio.data.sources.delimited import PLUGIN, guess_delimiter
from tlstudio.data.tables import recognise


def rows(table):
    return [tuple(row.values()) for row in table.open().to_pylist()]


TWO = [("a b", "x"), ("c d", "y")]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"text,label\na b,x\nc d,y\n", TWO),
        (b"text,label\na b,x\nc d,y", TWO),
        (b"text,label\r\na b,x\r\n\r\nc d,y\r\n", TWO),
        (b"text,label\ra b,x\rc d,y\r", TWO),
        (b"\n\ntext,label\na b,x\nc d,y\n", TWO),
        (b"\r\n\r\ntext,label\r\na b,x\r\nc d,y\r\n", TWO),
        (b"\xef\xbb\xbftext,label\na b,x\nc d,y\n", TWO),
        (b"text;label\na b;x\nc d;y\n", TWO),
        (b"text\tlabel\na b\tx\nc d\ty\n", TWO),
        (b"text|label\na b|x\nc d|y\n", TWO),
        (b' text ,"label"\na b,x\nc d,y\n', TWO),
        (b'text,label\n"a ""quoted"" b, c\nd",x\n', [('a "quoted" b, c\nd', "x")]),
        (b'"te\nxt",label\na,x\n', [("a", "x")]),
        (b"text,label\n007,NA\nnull,1.50\n,\n", [("007", "NA"), ("null", "1.50"), ("", "")]),
        (b"text,label,\na,x,\n", [("a", "x", "")]),
    ],
)
def test_values_are_read_as_they_stand(read, content, expected):
    assert rows(read("a.csv", content)) == expected


def test_header_is_trimmed(read):
    assert list(read("a.csv", b' text ,"label"\na b,x\n').columns) == ["text", "label"]


def test_delimiter_by_consistency_not_by_number():
    assert guess_delimiter("text;label\na, b, c, d;x\ne, f;y\n") == ";"
    assert guess_delimiter('text,label\n"a; b; c",x\n"d; e",y\n') == ","
    assert guess_delimiter("text\na\nb\n") == ","
    assert guess_delimiter("") == ","


def test_options_override_the_guess(read):
    table = read("a.csv", "text;label\nä,b;x\n", "cp1252", delimiter=";", encoding="cp1252")
    assert table.options == {"delimiter": ";", "encoding": "cp1252"}
    assert rows(table) == [("ä,b", "x")]
    assert rows(read("b.csv", "text\tlabel\na\tx\n", delimiter="\\t")) == [("a", "x")]


@pytest.mark.parametrize(
    ("content", "line", "found"),
    [
        (b"text,label\na,x\nb,y,z\nc,x\n", 3, 3),
        (b"text,label\na,x\nb\n", 3, 1),
        (b'text,label\n"a\nwith\nbreaks",x\n\nb,y,z,q\n', 6, 4),
        (b"\n\ntext,label\na,x\nb,y,z\n", 5, 3),
        (b'text,label\na,x\n"never closed,x\nb,y\n', 3, 1),
    ],
)
def test_ragged_row_names_its_line(read, content, line, found):
    with pytest.raises(StudioError) as caught:
        read("a.csv", content)
    error = caught.value
    assert error.code == "data.ragged-row"
    assert (error.params["line"], error.params["found"], error.params["expected"]) == (line, found, 2)
    assert error.where.endswith("a.csv")


def test_ragged_row_far_in_the_file(read):
    with pytest.raises(StudioError) as caught:
        read("a.csv", b"text,label\n" + b"some words here,x\n" * 600_000 + b"b,y,z\n")
    assert caught.value.params["line"] == 600_002


def test_duplicate_column(read):
    with pytest.raises(StudioError) as caught:
        read("a.csv", b"text,label, text\na,b,c\n")
    assert caught.value.code == "data.duplicate-column"
    assert "'text'" in caught.value.message


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"delimiter": "::"}, "data.bad-delimiter"),
        ({"encoding": "klingon"}, "data.unknown-encoding"),
        ({"separator": ","}, "recipe.unknown-field"),
        ({"encoding": "base64"}, "data.unknown-encoding"),
        ({"encoding": "utf-16"}, "data.unreadable"),
        ({"encoding": "ascii"}, "data.unreadable"),
    ],
)
def test_bad_options(read, options, code):
    with pytest.raises(StudioError) as caught:
        read("a.csv", "text,label\nä,x\n", **options)
    assert caught.value.code.startswith(code)
    assert caught.value.remedy


def test_very_long_texts_fit(read):
    table = read("a.csv", b"text,label\n" + b"a" * (9 << 20) + b",x\nb,y\n")
    assert [len(text) for text, _ in rows(table)] == [9 << 20, 1]


def test_a_row_too_long_later_in_the_file(read):
    with pytest.raises(StudioError) as caught:
        read("a.csv", b"text,label\n" + b"b,y\n" * 10 + b"a" * (20 << 20) + b",x\n")
    assert caught.value.code == "data.row-too-long"
    assert caught.value.params["row"] == 10


TABLES = {
    "a.txt": "text\tlabel\na b c d\tx\n",
    "b.txt": "text,label\na,x\nb,y\n",
    "c.dat": "text;label;n\na, b;x;1\nc, d;y;2\ne, f;z;3\n",
    "d": "a|b\n1|2\n3|4\n",
    "e.csv": "text\njust one column\nof texts\n",
    "f.csv": "Hello there, reader\n",
    "g.txt": "text,label\n" + "a,x\n" * 20 + "b,y,z\n",
}
PROSE = {
    "a.txt": "Roses are red, violets are blue\nSugar is sweet, and so are you\n",
    "b.md": "# Title\n\nSome text, with commas, here and there.\nMore; of | it.\n",
    "c.txt": "one word\nanother one\n",
    "d.txt": "A line.\n\nAnother, longer line.\nNo comma here\nOne, here\nTwo, commas, here\n",
    "e.txt": "Once upon a time, there was a king,\nwho had a daughter, and she was fair,\nand so on, and so on,\n",
}


@pytest.mark.parametrize("name", TABLES)
def test_tables_are_recognised(written, name):
    found = scan(written(name, TABLES[name]))
    assert PLUGIN.recognises(found)


@pytest.mark.parametrize("name", PROSE)
def test_running_text_is_no_table(written, name):
    found = scan(written(name, PROSE[name]))
    assert not PLUGIN.recognises(found)
    assert recognise(found).NAME == "text"


def test_ragged_row_of_a_text_file_is_named_too(read):
    with pytest.raises(StudioError) as caught:
        read("a.txt", TABLES["g.txt"])
    assert (caught.value.code, caught.value.params["line"]) == ("data.ragged-row", 22)


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b'text,label\na,x\nb,"y\nc,d\n', 3),
        (b'text,label\na,x\nb,"y\nc,d', 3),
        (b'"text,label\na,x\n', 1),
        (b"text,label\n" + b"a,x\n" * 3_000_000 + b'b,"y\nc,d\n', 3_000_002),
    ],
    ids=["in a row", "no last line end", "in the header", "far away"],
)
def test_open_quotation_mark_does_not_swallow_rows(read, content, line):
    with pytest.raises(StudioError) as caught:
        read("a.csv", content)
    assert (caught.value.code, caught.value.params["line"]) == ("data.open-quote", line)


def test_last_value_with_line_breaks(read):
    assert rows(read("a.csv", b'text,label\na,"x\n"\n')) == [("a", "x\n")]
    assert rows(read("b.csv", b'text,label\n"5"" a"b,"x\ny"')) == [('5" ab', "x\ny")]


def test_ending_of_a_compressed_file(read):
    assert rows(read("a.csv.gz", b"text,label\na,x\nb,y\n")) == [("a", "x"), ("b", "y")]


def test_wrong_choice_of_utf_8_names_the_line(read):
    with pytest.raises(StudioError) as caught:
        read("a.csv", "text,label\na,x\nGröße,y\n", "cp1252", encoding="utf-8")
    assert (caught.value.code, caught.value.params["line"]) == ("data.bad-encoding", 3)
    with pytest.raises(StudioError) as caught:
        read("b.csv", b"\xef\xbb\xbftext,label\na,\xff\xfe,\n")
    assert (caught.value.code, caught.value.params["line"]) == ("data.bad-encoding", 2)


@pytest.mark.parametrize("content", [b"text,label", b"text", b'text,"label"', b"text,label\n\n"])
def test_header_alone(read, content):
    with pytest.raises(StudioError) as caught:
        read("a.csv", content)
    assert caught.value.code == "data.no-rows"

"""CoNLL in its dialects, told apart from tables, with errors that name the line."""

from __future__ import annotations

import pytest

from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.progress import silent
from tlstudio.data.scan import scan
from tlstudio.data.sources.conll import PLUGIN, Options
from tlstudio.data.tables import read_table

BROWN = "The\tat\nhusky\tjj\n\n#\tsym\n5\tcd\n.\t.\n"
CONLL_2003 = """-DOCSTART- -X- -X- O

EU NNP B-NP B-ORG
rejects VBZ B-VP O
# NN I-NP O

-DOCSTART- -X- O O
# NN B-NP O
Peter NNP B-NP B-PER
"""
UNIVERSAL = """# sent_id = 1
# text = don't go
1-2\tdon't\t_\t_\t_\t_\t_\t_\t_\t_
1\tdo\tdo\tAUX\tVB\t_\t3\taux\t_\t_
2\tn't\tnot\tPART\tRB\t_\t3\tadvmod\t_\tSpaceAfter=No
2.1\tnow\tnow\tADV\t_\t_\t_\t_\t_\t_
3\tgo\tgo\tVERB\tVB\t_\t0\troot\t_\t_

# newdoc
1\t#\t#\tSYM\t_\t_\t0\troot\t_\t_
2\t1\t1\tNUM\t_\t_\t1\tdep\t_\t_
"""


@pytest.fixture
def rows(read):
    def rows(content, name="a.conll", **options):
        table = read(name, content, **options)
        assert table.source == "conll"
        assert table.columns == {"tokens": "list", "tags": "list"}
        return [(row["tokens"], row["tags"]) for row in table.open().to_pylist()]

    return rows


def test_two_columns(rows):
    expected = [(["The", "husky"], ["at", "jj"]), (["#", "5", "."], ["sym", "cd", "."])]
    assert rows(BROWN) == expected
    assert rows(BROWN.replace("\n", "\r\n"), "b.conll") == expected
    assert rows(BROWN.replace("\t", " "), "c.txt") == expected
    assert rows(BROWN.replace("\t", "   ").replace("\n", " \n"), "d.txt") == expected
    assert rows("\ufeff\n\n" + BROWN.strip() + "\n\n\n", "e.conll") == expected


def test_conll_2003(rows):
    assert rows(CONLL_2003) == [
        (["EU", "rejects", "#"], ["B-ORG", "O", "O"]), (["#", "Peter"], ["O", "B-PER"]),
    ]  # fmt: skip
    assert rows(CONLL_2003, tag_column=2)[0][1] == ["NNP", "VBZ", "NN"]
    assert rows(CONLL_2003, token_column=2, tag_column=3)[1] == (["NN", "NNP"], ["B-NP", "B-NP"])


def test_universal_dependencies(rows):
    assert rows(UNIVERSAL, "a.conllu") == [(["do", "n't", "go"], ["AUX", "PART", "VERB"]), (["#", "1"], ["SYM", "NUM"])]
    assert rows(UNIVERSAL, "a.txt", tag_column=5)[0][1] == ["VB", "RB", "VB"]


def test_a_start_without_a_blank_line_divides(rows):
    assert len(rows("-DOCSTART-\tO\na\tx\nb\ty\n-DOCSTART-\tO\nc\tx\nd\ty\n")) == 2


def test_a_token_may_hold_a_space_or_a_no_break_space(rows):
    assert rows("New York\tB\nis\tO\n\nbig\tO\n.\tO\n")[0][0] == ["New York", "is"]
    assert rows("New\u00a0York B\nis O\n\nbig O\n. O\n")[0][0] == ["New\u00a0York", "is"]


def test_settled_options(read):
    assert read("a.conll", BROWN).options == {"token_column": 1, "tag_column": 2, "encoding": "utf-8"}
    assert read("b.conll", UNIVERSAL).options["tag_column"] == 4
    table = read("c.conll", "Größe\tn\nist\tv\n\nklein\ta\n.\tp\n", "cp1252", encoding="cp1252")
    assert table.open()["tokens"][0].as_py() == ["Größe", "ist"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.tsv", "text\tlabel\nword\tx\n\nother\ty\nthird\tx\n"),
        ("a.tsv", "Text\tdate\tLabel\nword\t1\tx\nother\t2\ty\n\nthird\t3\tx\n"),
        ("a.tsv", "a longer text\tx\nanother one\ty\n\none more\tx\nand so on\ty\n"),
        ("a.tsv", "a\tx\n\nb\ty\n\nc\tx\n"),
        ("a.csv", "a b,x y\nc d,x y\n\ne f,x z\ng h,x z\n"),
        ("a.txt", "text,label\nword,x\n\nother,y\nthird,x\n"),
        ("a.txt", "One line of text.\nAnd another line.\n\nA second paragraph.\nIt ends.\n"),
        ("a.tsv", "text\tlabel\n" + "word\tx\n" * 50),
        ("a.jsonl", '{"text": "a"}\n{"text": "b"}\n\n{"text": "c"}\n{"text": "d"}\n'),
    ],
)
def test_tables_and_texts_are_not_taken(written, name, content):
    assert not PLUGIN.recognises(scan(written(name, content)))


def test_words_in_two_columns_are_not_taken(written):
    words = "\n".join(f"word{number} other{number}" + "\n" * (number % 5 == 0) for number in range(60))
    assert not PLUGIN.recognises(scan(written("a.txt", words)))


def test_a_single_sentence_needs_the_ending(written):
    content = "The\tat\nhusky\tjj\n"
    assert PLUGIN.recognises(scan(written("a.conll", content)))
    assert not PLUGIN.recognises(scan(written("a.tsv", content)))


@pytest.mark.parametrize("name", ["a.conll", "a.tsv", "a.txt", "a.csv.bak", "data"])
def test_it_is_recognised_whatever_it_is_called(written, name):
    assert read_table(written(name, BROWN), "auto", {}, silent, Control()).source == "conll"


@pytest.mark.parametrize(
    ("content", "code", "line"),
    [
        (BROWN + "\nodd\n", "data.conll-line", 8),
        (BROWN + "\na\tb\tc\n", "data.conll-line", 8),
        (BROWN + "\na b\n", "data.conll-line", 8),
        (BROWN + "\n#\ta\tb\n", "data.conll-line", 8),
        (BROWN + "\na\t\n", "data.conll-empty", 8),
        (BROWN + "\n\ta\n", "data.conll-empty", 8),
        ("a\tx\n" * 10_005, "data.conll-endless", 10_001),
    ],
)
def test_wrong_lines_are_named(written, content, code, line):
    path = written("a.conll", content)
    with pytest.raises(StudioError) as caught:
        read_table(path, "conll", {}, silent, Control())
    error = caught.value
    assert (error.code, error.params["line"]) == (code, line)
    assert error.where == str(path)
    assert error.remedy


@pytest.mark.parametrize("options", [{"tag_column": 3}, {"token_column": 9}])
def test_columns_that_are_not_there(written, options):
    found = scan(written("a.conll", BROWN))
    with pytest.raises(StudioError) as caught:
        PLUGIN.settle(found, Options(**options))
    assert caught.value.code == "data.conll-columns"


def test_one_column(written):
    with pytest.raises(StudioError) as caught:
        read_table(written("a.conll", "a\nb\n\nc\n"), "conll", {}, silent, Control())
    assert caught.value.code == "data.conll-columns"


def test_more_sentences_than_a_batch(rows):
    assert len(rows("a\tx\nb\ty\n\n" * 2_500)) == 2_500


@pytest.mark.parametrize(("split", "sentences", "tokens"), [("train", 7482, 161086), ("validation", 948, 20876),
                                                            ("test", 941, 20900)])  # fmt: skip
def test_brown(assets, split, sentences, tokens):
    path = assets / f"data/tokens/brown_pos/{split}.conll"
    table = read_table(path, "auto", {}, silent, Control())
    assert (table.source, table.rows) == ("conll", sentences)
    rows = table.open().to_pylist()
    assert sum(len(row["tokens"]) for row in rows) == tokens
    assert all(len(row["tokens"]) == len(row["tags"]) for row in rows)
    lines = read_table(path.with_suffix(".jsonl"), "auto", {}, silent, Control()).open()
    assert lines.select(["tokens", "tags"]).to_pylist() == rows

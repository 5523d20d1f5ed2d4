"""CoNLL: one token and its tags a line, a blank line between sentences (CoNLL-2003, CoNLL-U and their kin).

The columns are separated by one tab, or by spaces where the file has no tabs. Sources: E. F. Tjong Kim Sang and
F. De Meulder, Introduction to the CoNLL-2003 Shared Task (2003), section 3.1; universaldependencies.org/format.html.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from tlstudio.core.errors import StudioError
from tlstudio.data.scan import Scan, chosen_encoding
from tlstudio.data.sources.flatten import json_kind, opened

if TYPE_CHECKING:
    import pyarrow as pa

_SAMPLE = 2_000  # lines that tell the form
_SENTENCES = 1_000  # of a batch
_LONGEST = 10_000  # tokens of a sentence: more is a file without blank lines
_START = "-DOCSTART-"
_ENDINGS = (".conll", ".conllu", ".conll2003", ".iob", ".iob2", ".bio")
_HEADERS = (
    {"token", "tokens", "word", "words", "text", "sentence", "form"},
    {"label", "labels", "tag", "tags", "class", "category", "target", "y", "ner", "ner_tags", "pos", "upos"},
)
_COMMENT = re.compile(r"#\s*\S+\s*=|#\s*(newdoc|newpar)\b")  # CoNLL-U
_SPAN = re.compile(r"\d+[-.]\d+$")  # CoNLL-U: several words in one, or a word that is not written
_UNIVERSAL = 10  # columns of CoNLL-U
_MOST_COLUMNS = 100

Auto = Literal["auto"]
Column = Annotated[int, Field(ge=1, le=_MOST_COLUMNS)]


class Options(BaseModel):
    """Which columns count."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    token_column: Auto | Column = Field(
        "auto", title="Token column", description="Number of the column of the tokens; auto is 1, in CoNLL-U 2."
    )
    tag_column: Auto | Column = Field(
        "auto", title="Tag column", description="Number of the column of the tags; auto is the last, in CoNLL-U 4."
    )
    encoding: str = Field("auto", title="Encoding", description="Text encoding, such as utf-8, cp1252 or gb18030.")


@dataclass(frozen=True)
class _Form:
    """How the lines are built."""

    tabs: bool
    columns: int
    universal: bool

    def fields(self, line: str) -> list[str]:
        """Spaces only: a no-break space is part of a token."""
        return line.split("\t") if self.tabs else [part for part in line.split(" ") if part]

    def ends(self, line: str) -> bool:
        """Whether a sentence ends here: a blank line, or the start of a document."""
        return not line.strip(" \t") or self.fields(line)[0] == _START

    def skips(self, line: str, starting: bool) -> bool:
        """Whether a line is no token: a comment, or a CoNLL-U line that spans or adds words.

        ``#`` is a token as well, so that a comment must stand before a sentence and must not fit the columns.
        """
        fields = self.fields(line)
        if self.universal and len(fields) == _UNIVERSAL and _SPAN.match(fields[0]):
            return True
        if not line.startswith("#") or not starting:
            return False
        if self.tabs:
            return len(fields) != self.columns and ("\t" not in line or _COMMENT.match(line) is not None)
        return len(fields) != self.columns or _COMMENT.match(line) is not None


class ConllSource:
    """Columns ``tokens`` and ``tags``, both lists, one row a sentence."""

    NAME = "conll"
    TITLE = "CoNLL"
    SUMMARY = "One token and its tag a line, separated by a tab or spaces, with a blank line between sentences."
    SUFFIXES = (*_ENDINGS, ".tsv", ".txt")  # .tsv as well: the content is told apart from a table
    Config = Options

    def recognises(self, found: Scan) -> bool:
        if found.kind != "text" or json_kind(found):
            return False
        return _is_conll(_lines(found, found.encoding or "utf-8"), found.path.suffix.lower() in _ENDINGS)

    def settle(self, found: Scan, config: Options) -> Options:
        encoding = chosen_encoding(found, config.encoding)
        form = _form(_lines(found, encoding))
        token, tag = (2, 4) if form.universal else (1, form.columns)
        token = token if config.token_column == "auto" else config.token_column
        tag = tag if config.tag_column == "auto" else config.tag_column
        if form.columns < 2 or max(token, tag) > min(form.columns, _MOST_COLUMNS):
            raise StudioError(
                "data.conll-columns", "Most lines of {path} have {columns} column(s).",
                "A line needs a token, a tab (or a space) and a tag; check the token and tag columns.",
                where="data.tag_column", path=str(found.path), columns=form.columns,
            )  # fmt: skip
        return Options(token_column=token, tag_column=tag, encoding=encoding)

    def batches(self, found: Scan, config: Options) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        kind = pa.list_(pa.string())
        schema = pa.schema([("tokens", kind), ("tags", kind)])
        tokens: list[list[str]] = []
        tags: list[list[str]] = []
        for sentence in _sentences(found, config):
            tokens.append([token for token, _ in sentence])
            tags.append([tag for _, tag in sentence])
            if len(tokens) == _SENTENCES:
                yield pa.RecordBatch.from_pydict({"tokens": tokens, "tags": tags}, schema)
                tokens, tags = [], []
        if tokens:
            yield pa.RecordBatch.from_pydict({"tokens": tokens, "tags": tags}, schema)


PLUGIN = ConllSource()


def _lines(found: Scan, encoding: str) -> list[str]:
    """The first lines, without one that is cut."""
    lines = re.split("\r\n|\n|\r", found.head.decode(encoding, errors="replace").lstrip("\ufeff"))
    return lines[: len(lines) if len(found.head) == found.size else -1][:_SAMPLE]


def _form(lines: list[str]) -> _Form:
    """Tabs where most lines have one; the most usual number of columns."""
    full = [line.rstrip(" ") for line in lines if line.strip() and not _COMMENT.match(line)]
    tabs = sum("\t" in line for line in full) > 0.5 * len(full)
    rough = _Form(tabs, 0, False)
    fields = [rough.fields(line) for line in full if not rough.ends(line)]
    columns = Counter(len(row) for row in fields).most_common(1)[0][0] if fields else 0
    numbered = sum(row[0].split("-")[0].split(".")[0].isdecimal() for row in fields)
    return _Form(tabs, columns, tabs and columns == _UNIVERSAL and numbered > 0.9 * len(fields))


def _is_conll(lines: list[str], named: bool) -> bool:
    """Equal columns, short tokens without spaces, several of them between blank lines; and no header.

    Args:
        lines: the first ones of the file.
        named: whether the file is called as such files are, so that the form of the lines is enough.
    """
    form = _form(lines)
    full = [line.rstrip(" ") for line in lines if not form.ends(line) and not form.skips(line, True)]
    rows = [form.fields(line) for line in full]
    if form.columns < 2 or not rows or all(rows[0][place].lower() in _HEADERS[place] for place in (0, -1)):
        return False
    fitting = [row for row in rows if len(row) == form.columns and row[-1]]
    odd = sum(" " in row[0] or len(row[0]) > 60 for row in fitting)
    blocks = sum(form.ends(before) and not form.ends(line) for before, line in pairwise(["", *lines]))
    if len(fitting) < 0.95 * len(rows):
        return False
    if named:
        return True
    if odd > 0.05 * len(rows) or len(rows) < 2 * blocks:
        return False
    if not form.tabs and (_is_delimited(full) or len({row[-1] for row in fitting}) > max(8, len(rows) / 2)):
        return False  # a table with spaces in it, or words that happen to stand in columns
    return blocks > 1


def _is_delimited(lines: list[str]) -> bool:
    """Whether a comma, semicolon or bar stands equally often in all lines, as in a table."""
    counts = [[line.count(mark) for line in lines] for mark in ",;|"]
    return any(min(column) > 0 and len(set(column)) == 1 for column in counts)


def _sentences(found: Scan, config: Options) -> Iterator[list[tuple[str, str]]]:
    form = _form(_lines(found, config.encoding))
    sentence: list[tuple[str, str]] = []
    with opened(found.path, config.encoding) as stream:
        for number, line in enumerate(stream, 1):
            line = line.removesuffix("\n") if number > 1 else line.removesuffix("\n").lstrip("\ufeff")
            if form.ends(line):
                if sentence:
                    yield sentence
                sentence = []
            elif not form.skips(line, not sentence):
                sentence.append(_pair(found, config, form, number, line))
                if len(sentence) > _LONGEST:
                    raise _endless(found, number)
    if sentence:
        yield sentence


def _pair(found: Scan, config: Options, form: _Form, number: int, line: str) -> tuple[str, str]:
    """Token and tag of a line."""
    fields = form.fields(line)
    if len(fields) != form.columns:
        raise StudioError(
            "data.conll-line", "Line {line} of {path} has {found} columns where most lines have {expected}: {text}",
            "Each line needs the same columns, separated by one tab (or by spaces if there is no tab).",
            where=str(found.path), path=str(found.path), line=number, found=len(fields), expected=form.columns,
            text=line[:80],
        )  # fmt: skip
    token, tag = (fields[int(column) - 1].strip(" ") for column in (config.token_column, config.tag_column))
    if token and tag:
        return token, tag
    raise StudioError(
        "data.conll-empty", "Line {line} of {path} has an empty token or tag: {text}",
        "Add what is missing, or remove the line.", where=str(found.path), path=str(found.path), line=number,
        text=line[:80],
    )  # fmt: skip


def _endless(found: Scan, number: int) -> StudioError:
    return StudioError(
        "data.conll-endless", "The sentence that ends after line {line} of {path} has more than {limit} tokens.",
        "Put a blank line after each sentence.", where=str(found.path), path=str(found.path), line=number,
        limit=_LONGEST,
    )  # fmt: skip

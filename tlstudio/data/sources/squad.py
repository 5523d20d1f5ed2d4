"""SQuAD: questions about passages, with answers that stand in the passage.

Sources: P. Rajpurkar et al., SQuAD: 100,000+ Questions for Machine Comprehension of Text (2016), and Know What You
Don't Know (2018), whose version 2.0 adds questions that the passage does not answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from tlstudio.core.errors import StudioError
from tlstudio.data.scan import Scan, chosen_encoding
from tlstudio.data.sources.flatten import DECODER, opened, reason_of, sound

if TYPE_CHECKING:
    import pyarrow as pa

_MARKS = (re.compile(r'"data"\s*:\s*\[\s*\{'), re.compile(r'"paragraphs"\s*:\s*\['))
_LARGEST = 1 << 30  # bytes: one JSON object, which must be in memory at once
_ROWS = 1_000
_TEXTS = ("id", "title", "context", "question", "impossible")
_LISTS = ("answers", "answer_starts")


class Options(BaseModel):
    """What is checked."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    check_answers: bool = Field(
        True, title="Check answers", description="Refuse the file if an answer does not stand where it says."
    )
    encoding: str = Field("auto", title="Encoding", description="Text encoding, such as utf-8, cp1252 or gb18030.")


class SquadSource:
    """One row a question: ``id``, ``title``, ``context``, ``question``, ``answers``, ``answer_starts`` (characters from
    0) and ``impossible`` (``true`` or ``false``)."""

    NAME = "squad"
    TITLE = "SQuAD"
    SUMMARY = "JSON with questions about passages and their answers, version 1.1 or 2.0."
    SUFFIXES = (".json",)
    Config = Options

    def recognises(self, found: Scan) -> bool:
        if found.kind != "text":
            return False
        head = found.head.decode(found.encoding or "utf-8", errors="replace").lstrip("\ufeff \t\r\n")
        return head.startswith("{") and all(mark.search(head) for mark in _MARKS)

    def settle(self, found: Scan, config: Options) -> Options:
        return Options(check_answers=config.check_answers, encoding=chosen_encoding(found, config.encoding))

    def batches(self, found: Scan, config: Options) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        schema = pa.schema([(name, pa.string()) for name in (*_TEXTS[:4], *_LISTS, _TEXTS[4])])
        for name in _LISTS:
            schema = schema.set(schema.get_field_index(name), pa.field(name, pa.list_(pa.string())))
        rows: list[dict[str, Any]] = []
        for row in _Reader(found.path, config.check_answers).rows(_articles(found, config.encoding)):
            rows.append(row)
            if len(rows) == _ROWS:
                yield pa.RecordBatch.from_pylist(rows, schema)
                rows = []
        if rows:
            yield pa.RecordBatch.from_pylist(rows, schema)


PLUGIN = SquadSource()


def _articles(found: Scan, encoding: str) -> Any:
    path = found.path
    if found.size > _LARGEST:
        raise StudioError(
            "data.large-squad", "{path} is larger than 1 GB, and would have to fit into memory.",
            "Divide it into several files; they can be read as one.", where=str(path), path=str(path),
        )  # fmt: skip
    with opened(path, encoding) as stream:
        text = stream.read().lstrip("\ufeff")
    try:
        document = DECODER.decode(text)
    except (ValueError, RecursionError) as error:
        raise StudioError(
            "data.bad-json-document", "{path} is not valid JSON at line {line}, column {column}: {reason}.",
            "Correct the document there, or save it again from its source.", where=str(path), path=str(path),
            line=getattr(error, "lineno", 1), column=getattr(error, "colno", 1), reason=reason_of(error),
        ) from error  # fmt: skip
    return document.get("data") if isinstance(document, dict) else document


class _Reader:
    """Walks through the document; every error says where in it, as ``data[2].paragraphs[0]…``."""

    def __init__(self, path: Path, check_answers: bool) -> None:
        self._path, self._check = path, check_answers

    def rows(self, articles: Any) -> Iterator[dict[str, Any]]:
        """Raises a StudioError naming the place, or the question whose answer is wrong."""
        for place, article in self._items(articles, "data"):
            title = self._text(article, "title", place, required=False)
            for inner, paragraph in self._items(article.get("paragraphs"), f"{place}.paragraphs"):
                context = self._text(paragraph, "context", inner)
                for deep, question in self._items(paragraph.get("qas"), f"{inner}.qas"):
                    yield {"title": title, "context": context, **self._question(question, context, deep)}

    def _question(self, question: dict[str, Any], context: str, place: str) -> dict[str, Any]:
        name = str(question.get("id", place))
        impossible = question.get("is_impossible", False)
        if not isinstance(impossible, bool):
            raise self._wrong(f"{place}.is_impossible", "true or false")
        answers = [] if impossible or "answers" not in question else question["answers"]
        texts, starts = [], []
        for inner, answer in self._items(answers, f"{place}.answers"):
            text, start = self._text(answer, "text", inner), answer.get("answer_start")
            if isinstance(start, bool) or not isinstance(start, int):
                raise self._wrong(f"{inner}.answer_start", "a whole number")
            if self._check and (start < 0 or context[start : start + len(text)] != text):
                raise self._misplaced(name, text, start, context)
            texts.append(text)
            starts.append(str(start))
        return {
            "id": sound(name), "question": self._text(question, "question", place), "answers": texts,
            "answer_starts": starts, "impossible": "true" if impossible else "false",
        }  # fmt: skip

    def _items(self, value: Any, place: str) -> Iterator[tuple[str, dict[str, Any]]]:
        if not isinstance(value, list):
            raise self._wrong(place, "a list of objects")
        for index, item in enumerate(value):
            if not isinstance(item, dict):
                raise self._wrong(f"{place}[{index}]", "an object")
            yield f"{place}[{index}]", item

    def _text(self, holder: dict[str, Any], key: str, place: str, required: bool = True) -> str:
        value = holder.get(key, None if required else "")
        if not isinstance(value, str):
            raise self._wrong(f"{place}.{key}", "a text")
        return sound(value)

    def _wrong(self, place: str, expected: str) -> StudioError:
        return StudioError(
            "data.bad-squad", "{path}: {place} must be {expected}.", "Correct the document, or save it again from its "
            "source.", where=str(self._path), path=str(self._path), place=place, expected=expected,
        )  # fmt: skip

    def _misplaced(self, name: str, text: str, start: int, context: str) -> StudioError:
        there = context[max(start, 0) : max(start, 0) + max(len(text), 1)]
        return StudioError(
            "data.misplaced-answer", "{path}: the answer of question {id} should stand at character {start}, but there "
            "stands '{found}' instead of '{expected}'.",
            "Correct answer_start (characters are counted from 0), or set data.check_answers to no.",
            where=str(self._path), path=str(self._path), id=name, start=start, found=there[:80], expected=text[:80],
        )  # fmt: skip

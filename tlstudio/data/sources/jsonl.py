"""JSON Lines: one JSON object a line, its keys are the columns."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field

from tlstudio.core.errors import StudioError
from tlstudio.data.scan import Scan, chosen_encoding
from tlstudio.data.sources.flatten import DECODER, Row, Shape, flat, is_coco, json_kind, opened, reason_of
from tlstudio.data.sources.objects import boxed

if TYPE_CHECKING:
    import pyarrow as pa

_LINE = 256 << 20  # characters


class Options(BaseModel):
    """How the file is written."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    encoding: str = Field("auto", title="Encoding", description="Text encoding, such as utf-8, cp1252 or gb18030.")


class JsonLinesSource:
    """JSON Lines files; nested objects become columns by dotted path, a missing value is empty."""

    NAME = "jsonl"
    TITLE = "JSON Lines"
    SUMMARY = "One JSON object a line; its keys are the columns."
    SUFFIXES = (".jsonl", ".ndjson", ".json")
    Config = Options

    def recognises(self, found: Scan) -> bool:
        return json_kind(found) == "lines" and not is_coco(found)

    def settle(self, found: Scan, config: Options) -> Options:
        return Options(encoding=chosen_encoding(found, config.encoding))

    def batches(self, found: Scan, config: Options) -> Iterator[pa.RecordBatch]:
        # two passes: a key may appear for the first time in the last line
        shape = Shape(str(found.path))
        for row in _rows(found.path, config.encoding):
            shape.see(row)
        yield from boxed(shape.batches(_rows(found.path, config.encoding)))


PLUGIN = JsonLinesSource()


def _rows(path: Path, encoding: str) -> Iterator[Row]:
    with opened(path, encoding) as stream:
        number = 0
        while line := stream.readline(_LINE):
            number += 1
            if len(line) == _LINE:
                raise _bad(path, number, "it is longer than 256 million characters")
            if line.strip():
                yield _row(path, number, line)


def _row(path: Path, number: int, line: str) -> Row:
    try:
        row = DECODER.decode(line)
        if isinstance(row, dict):
            return flat(row)
    except (ValueError, RecursionError) as error:
        raise _bad(path, number, f"{reason_of(error)} (column {getattr(error, 'colno', 1)})") from error
    raise StudioError(
        "data.not-an-object", "Line {line} of {path} is not a JSON object: {text}",
        'Each line must look like {{"text": "…", "label": "…"}}.',
        where=str(path), path=str(path), line=number, text=line.strip()[:80],
    )  # fmt: skip


def _bad(path: Path, number: int, reason: str) -> StudioError:
    return StudioError(
        "data.bad-json", "Line {line} of {path} is not valid JSON: {reason}.",
        "Correct the line; each line must be one JSON object.",
        where=str(path), path=str(path), line=number, reason=reason,
    )  # fmt: skip

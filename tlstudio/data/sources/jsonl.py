"""JSON Lines: one JSON object a line, its keys are the columns."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from tlstudio.core.errors import StudioError
from tlstudio.core.files import explain_os_errors
from tlstudio.data.scan import Scan, chosen_encoding

if TYPE_CHECKING:
    import pyarrow as pa

_ROWS = 5_000


class Options(BaseModel):
    """How the file is written."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    encoding: str = Field("auto", title="Encoding", description="Text encoding, such as utf-8, cp1252 or gb18030.")


class JsonLinesSource:
    """JSON Lines files; a nested value is kept as its JSON text, a missing one is empty."""

    NAME = "jsonl"
    TITLE = "JSON Lines"
    SUMMARY = "One JSON object a line; its keys are the columns."
    SUFFIXES = (".jsonl", ".ndjson", ".json")
    Config = Options

    def recognises(self, head: str) -> bool:
        return head.lstrip("\ufeff \r\n").startswith("{")

    def settle(self, found: Scan, config: Options) -> Options:
        return Options(encoding=chosen_encoding(found, config.encoding))

    def batches(self, path: Path, config: Options) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        # two passes: a key may appear for the first time in the last line
        columns = list(dict.fromkeys(key for row in _objects(path, config.encoding) for key in row))
        schema = pa.schema([(name, pa.string()) for name in columns])
        buffer: list[dict[str, str]] = []
        for row in _objects(path, config.encoding):
            buffer.append({name: _text(row.get(name)) for name in columns})
            if len(buffer) == _ROWS:
                yield pa.RecordBatch.from_pylist(buffer, schema)
                buffer = []
        if buffer:
            yield pa.RecordBatch.from_pylist(buffer, schema)


PLUGIN = JsonLinesSource()


def _objects(path: Path, encoding: str) -> Iterator[dict[str, Any]]:
    with explain_os_errors(path), open(path, encoding=encoding, newline="\n") as stream:
        try:
            for number, line in enumerate(stream, 1):
                if line.strip():
                    yield _object(path, number, line)
        except UnicodeError as error:
            raise StudioError(
                "data.bad-encoding-choice", "{path} is not {encoding} text.", "Choose another encoding.",
                where="data.encoding", path=str(path), encoding=encoding,
            ) from error  # fmt: skip


def _object(path: Path, number: int, line: str) -> dict[str, Any]:
    try:
        row = json.loads(line, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        reason = str(error) if isinstance(error, ValueError) else "it is nested too deeply"
        raise StudioError(
            "data.bad-json", "Line {line} of {path} is not valid JSON: {reason}.",
            "Correct the line; each line must be one JSON object.",
            where=str(path), path=str(path), line=number, reason=reason,
        ) from error  # fmt: skip
    if isinstance(row, dict):
        return row
    raise StudioError(
        "data.not-an-object", "Line {line} of {path} is not a JSON object: {text}",
        'Each line must look like {{"text": "…", "label": "…"}}.',
        where=str(path), path=str(path), line=number, text=line.strip()[:80],
    )  # fmt: skip


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    row = {_sound(name): value for name, value in pairs}
    if len(row) < len(pairs):
        raise ValueError("a key occurs twice")
    return row


def _text(value: Any) -> str:
    if value is None:
        return ""
    return _sound(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _sound(text: str) -> str:
    """JSON can spell half a surrogate pair, which is no character and cannot be stored."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")

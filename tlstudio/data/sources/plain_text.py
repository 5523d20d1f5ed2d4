"""One file of running text, for language modelling and for labelling by hand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field

from tlstudio.core.errors import StudioError
from tlstudio.core.plugins import find
from tlstudio.data.scan import Scan, chosen_encoding
from tlstudio.data.sources.flatten import opened
from tlstudio.data.sources.typed import text_batches

if TYPE_CHECKING:
    import pyarrow as pa

_LONGEST = 64 << 20  # characters of a line, a paragraph or a document


class Options(BaseModel):
    """What counts as one text."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    unit: Literal["line", "paragraph", "document"] = Field(
        "line", title="One text is", description="A line, a paragraph (between empty lines), or the whole document."
    )
    encoding: str = Field("auto", title="Encoding", description="Text encoding, such as utf-8, cp1252 or gb18030.")


class PlainTextSource:
    """A text file that is no table; empty lines are no texts."""

    NAME = "text"
    TITLE = "Plain text"
    SUMMARY = "Running text without labels, by line, paragraph or as a whole."
    SUFFIXES = (".txt", ".text", ".md", ".rst", ".log", "")
    Config = Options

    def recognises(self, found: Scan) -> bool:
        """The last resort: any other source that knows what to do with a text file goes first."""
        if found.kind != "text" or found.path.suffix.lower() not in self.SUFFIXES:
            return False
        others = (source for source in find(__package__).values() if source.NAME != self.NAME)
        return not any(source.recognises(found) for source in others)

    def settle(self, found: Scan, config: Options) -> Options:
        return Options(unit=config.unit, encoding=chosen_encoding(found, config.encoding))

    def batches(self, found: Scan, config: Options) -> Iterator[pa.RecordBatch]:
        with opened(found.path, config.encoding) as stream:
            texts = {"line": _lines, "paragraph": _paragraphs, "document": _document}[config.unit](stream, found)
            yield from text_batches(["text"], ([text] for text in texts))


PLUGIN = PlainTextSource()


def _numbered(stream: IO[str], found: Scan) -> Iterator[tuple[int, str]]:
    number = 0
    while line := stream.readline(_LONGEST):
        number += 1
        if len(line) == _LONGEST:
            raise _too_long(found, number)
        yield number, line


def _lines(stream: IO[str], found: Scan) -> Iterator[str]:
    return (line.rstrip("\n") for _, line in _numbered(stream, found) if line.strip())


def _paragraphs(stream: IO[str], found: Scan) -> Iterator[str]:
    lines, size = list[str](), 0
    for number, line in _numbered(stream, found):
        size += len(line)
        if line.strip():
            lines.append(line)
        elif lines:
            yield "".join(lines).rstrip("\n")
            lines, size = [], 0
        if size > _LONGEST:
            raise _too_long(found, number)
    if lines:
        yield "".join(lines).rstrip("\n")


def _document(stream: IO[str], found: Scan) -> Iterator[str]:
    text = stream.read(_LONGEST)
    if len(text) == _LONGEST:
        raise _too_long(found, text.count("\n") + 1)
    if text.strip():
        yield text.rstrip("\n")


def _too_long(found: Scan, line: int) -> StudioError:
    return StudioError(
        "data.long-unit", "At line {line} of {path} one text would be longer than {limit} million characters.",
        "Choose a smaller unit: paragraph or line.", where="data.unit", line=line, path=found.name,
        limit=_LONGEST >> 20,
    )  # fmt: skip

"""A folder of text files: a sub-folder a class, or no classes at all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field

from tlstudio.core.errors import StudioError
from tlstudio.core.files import explain_os_errors
from tlstudio.data.scan import Scan, chosen_encoding, scan
from tlstudio.data.sources.typed import text_batches

if TYPE_CHECKING:
    import pyarrow as pa

_ENDING = ".txt"
_LARGEST = 256 << 20  # bytes of one file
_SPLITS = {"train", "training", "validation", "valid", "val", "dev", "test", "testing"}


class Options(BaseModel):
    """How the files are written."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    encoding: str = Field(
        "auto", title="Encoding", description="Text encoding of all files; auto looks at each file by itself."
    )


class TextFolderSource:
    """Columns ``text``, ``label`` and ``file``; without sub-folders ``text`` and ``file``.

    An empty file is an empty text, for the data doctor to find by its name.
    """

    NAME = "text-folder"
    TITLE = "Folder of texts"
    SUMMARY = "A sub-folder a class with .txt files in it; files beside the sub-folders are left out."
    SUFFIXES: tuple[str, ...] = ()
    Config = Options

    def recognises(self, found: Scan) -> bool:
        texts = [name for name in found.names if name.lower().endswith(_ENDING)]
        if found.kind != "folder" or 2 * len(texts) <= len(found.names):
            return False
        tops = {name.split("/")[0].lower() for name in texts if "/" in name}
        return not tops or not tops <= _SPLITS

    def settle(self, found: Scan, config: Options) -> Options:
        return config if config.encoding == "auto" else Options(encoding=chosen_encoding(found, config.encoding))

    def batches(self, found: Scan, config: Options) -> Iterator[pa.RecordBatch]:
        texts = [name for name in found.names if name.lower().endswith(_ENDING)]
        classes = [name for name in texts if "/" in name]
        if classes:
            rows = ([_text(found.path / name, config.encoding), _shown(name.split("/")[0]), _shown(name)]
                    for name in classes)  # fmt: skip
            yield from text_batches(["text", "label", "file"], rows)
        else:
            yield from text_batches(["text", "file"], ([_text(found.path / name, config.encoding), _shown(name)]
                                                       for name in texts))  # fmt: skip


PLUGIN = TextFolderSource()


def _shown(name: str) -> str:
    """A file name that is no valid Unicode cannot be stored."""
    return name if name.isascii() else name.encode("utf-8", "replace").decode("utf-8")


def _text(path: Path, encoding: str) -> str:
    with explain_os_errors(path), open(path, "rb") as stream:
        data = stream.read(_LARGEST + 1)
    if len(data) > _LARGEST:
        raise StudioError(
            "data.long-file", "{path} is longer than {limit} MB, too long for one text.",
            "Divide it, or choose the file itself as plain text.", where=str(path), path=str(path),
            limit=_LARGEST >> 20,
        )  # fmt: skip
    if not data.strip():
        return ""
    if encoding == "auto":
        encoding = "utf-8-sig" if _is_utf8(data) else _guessed(path)
    try:
        text = data.decode(encoding)
    except UnicodeError as error:
        raise StudioError(
            "data.bad-encoding-choice", "{path} is not {encoding} text.", "Choose another encoding.",
            where="data.encoding", path=str(path), encoding=encoding,
        ) from error  # fmt: skip
    return text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")


def _is_utf8(data: bytes) -> bool:
    if b"\0" in data:
        return False
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _guessed(path: Path) -> str:
    found = scan(path)
    if found.kind == "text":
        return chosen_encoding(found, "auto")
    raise StudioError(
        "data.not-text", "{path} is no text file.", "Remove it from the folder, or rename it.",
        where=str(path), path=str(path),
    )  # fmt: skip

"""One pass over a file's bytes: hash, size, and which encoding the text has."""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tlstudio.core.errors import StudioError
from tlstudio.core.files import explain_os_errors

_BLOCK = 1 << 20
_SAMPLE = 256 << 10
_MAGIC = {
    b"PK\x03\x04": "a zip archive or an Excel workbook",
    b"\xd0\xcf\x11\xe0": "an old Excel or Word document",
    b"%PDF": "a PDF document",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"\x1f\x8b": "a compressed (gz) file",
    b"PAR1": "a Parquet file",
    b"SQLite format 3": "a database",
}
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
         (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))  # fmt: skip
_GUESSED = ["cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "koi8_r", "gb18030", "big5", "cp932",
            "cp949", "euc_jp"]  # fmt: skip


@dataclass(frozen=True)
class Scan:
    """What one pass tells. ``encoding`` is None where the bytes are no known text; ``bad_line`` is then the first
    line that is not UTF-8 (1-based)."""

    path: Path
    sha256: str
    size: int
    head: bytes
    encoding: str | None
    bad_line: int = 0


def scan(path: Path, tick: Callable[[int], None] | None = None) -> Scan:
    """Reads the whole file once; ``tick`` is called with the bytes of each block and may raise to cancel.

    Raises:
        StudioError: missing, a folder, empty, unreadable, or a binary format.
    """
    if path.is_dir():
        raise StudioError(
            "data.is-folder", "{path} is a folder, not a labelled file.", "Choose a CSV, TSV or JSON Lines file.",
            where="data.path", path=str(path),
        )  # fmt: skip
    digest, decoder = hashlib.sha256(), codecs.getincrementaldecoder("utf-8")()
    size, lines, bad_line, head, binary = 0, 1, 0, b"", False
    with explain_os_errors(path), open(path, "rb") as stream:
        while block := stream.read(_BLOCK):
            head = head or block[:_SAMPLE]
            digest.update(block)
            size += len(block)
            binary = binary or b"\0" in block
            if not bad_line:
                bad_line = _first_bad_line(decoder, block, lines)
                lines += block.count(b"\n")
            if tick:
                tick(len(block))
    if not bad_line:
        bad_line = _first_bad_line(decoder, b"", lines, final=True)
    bom = next((name for mark, name in _BOMS if head.startswith(mark)), None)
    if not head.strip() and size == len(head):
        raise StudioError(
            "data.empty-file", "{path} is empty.", "Choose a file with a header and labelled rows.",
            where="data.path", path=str(path),
        )  # fmt: skip
    _refuse_binary(path, head, binary and bom not in ("utf-16", "utf-32"))
    encoding = bom or ("utf-8" if not bad_line else _guess(head))
    return Scan(path, digest.hexdigest(), size, head, encoding, bad_line)


def _first_bad_line(decoder: codecs.IncrementalDecoder, block: bytes, line: int, final: bool = False) -> int:
    try:
        decoder.decode(block, final)
    except UnicodeDecodeError as error:
        return line + block[: error.start].count(b"\n")
    return 0


def _refuse_binary(path: Path, head: bytes, has_nul: bool) -> None:
    known = next((name for mark, name in _MAGIC.items() if head.startswith(mark)), None)
    if not known and not has_nul:
        return
    raise StudioError(
        "data.binary", "{path} is not a text file: it looks like {kind}.",
        "Save the table as CSV, TSV or JSON Lines in UTF-8, and choose that file.",
        where="data.path", path=str(path), kind=known or "binary data",
    )  # fmt: skip


def _guess(head: bytes) -> str | None:
    """A single-byte or East Asian encoding; None where the file is mostly UTF-8 with broken places in it."""
    from charset_normalizer import from_bytes

    text = head.decode("utf-8", errors="replace")
    broken = text.count("\ufffd")
    if sum(ord(char) > 127 for char in text) - broken > broken:
        return None
    sample = head[: 64 << 10]
    if len(sample) < len(head):
        sample = sample[: sample.rfind(b"\n") + 1] or sample  # a cut inside a character would rule its encoding out
    matches = from_bytes(sample, cp_isolation=_GUESSED)
    best = matches.best()
    if best is None:
        return None
    fitting = {name: match for match in matches for name in (match.encoding, *match.could_be_from_charset)}
    # the Latin code pages differ in a few letters that the detector cannot tell apart: the usual one wins a tie
    if "cp1252" in fitting and fitting["cp1252"].chaos <= best.chaos:
        return "cp1252"
    if "cp932" in fitting and _kana(str(fitting["cp932"])):
        return "cp932"
    return best.encoding


def _kana(text: str) -> bool:
    """Whether a text is full of the syllables that only Japanese has."""
    others = [char for char in text if ord(char) > 127]
    return sum("\u3041" <= char <= "\u30fe" for char in others) > 0.2 * len(others)


def chosen_encoding(found: Scan, wish: str) -> str:
    """The encoding to read with: the user's wish, or what the scan found.

    Raises:
        StudioError: unknown name, or nothing fits and the user has not said.
    """
    if wish != "auto":
        try:
            b"a".decode(wish, "replace")  # refuses codecs such as base64, which are no text encodings
            return codecs.lookup(wish).name
        except (LookupError, ValueError) as error:
            raise StudioError(
                "data.unknown-encoding", "There is no text encoding called {name}.",
                "Use utf-8, cp1252, gb18030 or another name that Python knows.",
                where="data.encoding", name=wish,
            ) from error  # fmt: skip
    if found.encoding:
        return found.encoding
    raise StudioError(
        "data.bad-encoding", "Line {line} of {path} is not valid UTF-8, and no other encoding fits the file.",
        "Save the file as UTF-8, or say which encoding it has (data.encoding).",
        where="data.encoding", path=str(found.path), line=found.bad_line,
    )  # fmt: skip

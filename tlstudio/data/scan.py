"""One pass over a file or folder: what names its content, its size, and which encoding the text has."""

from __future__ import annotations

import codecs
import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tlstudio.core.errors import StudioError
from tlstudio.core.files import explain_os_errors, read_json, write_json
from tlstudio.core.paths import cache_folder

_BLOCK = 1 << 20
_SAMPLE = 256 << 10
_WORTH_A_MEMO = 32 << 20  # bytes; a smaller file is hashed in a blink
_MAGIC = {
    b"PK\x03\x04": "a zip archive",
    b"\xd0\xcf\x11\xe0": "an old Excel or Word document",
    b"%PDF": "a PDF document",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"\x1f\x8b": "a compressed (gz) file",
    b"PAR1": "a Parquet file",
    b"SQLite format 3": "a database",
    b"ARROW1": "an Arrow file",
    b"GIF8": "a picture",
    b"BZh": "a compressed (bz2) file",
    b"\xfd7zXZ": "a compressed (xz) file",
}
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
         (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))  # fmt: skip
_GUESSED = ["cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "koi8_r", "gb18030", "big5", "cp932",
            "cp949", "euc_jp"]  # fmt: skip


@dataclass(frozen=True)
class Scan:
    """What one pass over a place tells.

    Attributes:
        path: the file or folder; the name itself where ``kind`` is ``name``.
        sha256: names the content; of a folder it covers names, sizes and times of the files in it.
        size: bytes.
        head: the first 256 kB of a file; empty otherwise.
        encoding: None where the bytes are no known text.
        bad_line: the first line that is not UTF-8, 1-based; 0 if there is none.
        kind: what the place is.
        names: files of a folder, relative with forward slashes, sorted; hidden ones are left out.
    """

    path: Path
    sha256: str
    size: int
    head: bytes = b""
    encoding: str | None = None
    bad_line: int = 0
    kind: Literal["text", "binary", "folder", "name"] = "text"
    names: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The first characters of a text file; empty for anything else."""
        return self.head[:4096].decode(self.encoding or "utf-8", errors="replace") if self.kind == "text" else ""

    @property
    def name(self) -> str:
        """The place as the user wrote it."""
        return str(self.path)


def scan(path: Path, tick: Callable[[int], None] | None = None) -> Scan:
    """Reads a whole file once, or lists a folder; ``tick`` gets the bytes of each block and may raise to cancel.

    Raises:
        StudioError: missing, empty or unreadable.
    """
    if path.is_dir():
        return _scan_folder(path)
    with explain_os_errors(path):
        state = path.stat()
    memo = _memo(path, state)
    if (known := _recalled(path, memo, state)) is not None:
        if tick:
            tick(known.size)
        return known
    found = _scan_file(path, tick)
    if found.size >= _WORTH_A_MEMO:
        facts = {"sha256": found.sha256, "encoding": found.encoding, "bad_line": found.bad_line, "kind": found.kind}
        write_json(memo, facts)
    return found


def forget(path: Path) -> None:
    """Has the next scan read the whole file again, even if neither its size nor its time has changed."""
    if path.is_file():
        _memo(path, path.stat()).unlink(missing_ok=True)


def _memo(path: Path, state: os.stat_result) -> Path:
    """Where the facts about a large file are kept: under its place, size and time of change."""
    text = f"{path.absolute()}|{state.st_size}|{state.st_mtime_ns}|{state.st_ino}"
    return cache_folder("scans") / f"{hashlib.sha256(text.encode('utf-8', 'surrogateescape')).hexdigest()[:32]}.json"


def _recalled(path: Path, memo: Path, state: os.stat_result) -> Scan | None:
    if state.st_size < _WORTH_A_MEMO or not memo.is_file():
        return None
    try:
        known = read_json(memo)
    except StudioError:
        return None  # damaged: the file is read
    with explain_os_errors(path), open(path, "rb") as stream:
        head = stream.read(_BLOCK)[:_SAMPLE]
    return Scan(path, known["sha256"], state.st_size, head, known["encoding"], known["bad_line"], known["kind"])


def _scan_folder(root: Path) -> Scan:
    # the place counts too: images are remembered by their full paths
    names, digest, total = [], hashlib.sha256(os.fsencode(root.resolve())), 0
    with explain_os_errors(root):
        for folder, folders, files in os.walk(root):
            folders[:] = sorted(name for name in folders if not name.startswith((".", "__MACOSX")))
            names += [(Path(folder) / name).relative_to(root).as_posix() for name in files if not name.startswith(".")]
        for name in sorted(names):
            state = (root / name).stat()
            total += state.st_size
            digest.update(f"{name}\0{state.st_size}\0{state.st_mtime_ns}\0".encode("utf-8", "surrogateescape"))
    if not names:
        raise StudioError(
            "data.empty-folder", "{path} is an empty folder.", "Choose a folder with texts, images or a labelled file.",
            where="data.path", path=str(root),
        )  # fmt: skip
    return Scan(root, digest.hexdigest(), total, kind="folder", names=tuple(sorted(names)))


def _scan_file(path: Path, tick: Callable[[int], None] | None) -> Scan:
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
    if (binary and bom not in ("utf-16", "utf-32")) or known_binary(head):
        return Scan(path, digest.hexdigest(), size, head, kind="binary")
    encoding = bom or ("utf-8" if not bad_line else _guess(head))
    return Scan(path, digest.hexdigest(), size, head, encoding, bad_line)


def known_binary(head: bytes) -> str:
    """What the first bytes of a file say it is, in words; empty if they say nothing."""
    return next((name for mark, name in _MAGIC.items() if head.startswith(mark)), "")


def _first_bad_line(decoder: codecs.IncrementalDecoder, block: bytes, line: int, final: bool = False) -> int:
    try:
        decoder.decode(block, final)
    except UnicodeDecodeError as error:
        return line + block[: error.start].count(b"\n")
    return 0


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
    if found.kind != "text":
        raise StudioError(
            "data.not-text", "{path} is not a text file: it looks like {kind}.",
            "Choose another kind of data, or auto.",
            where="data.source", path=found.name, kind=known_binary(found.head) or found.kind,
        )  # fmt: skip
    raise StudioError(
        "data.bad-encoding", "Line {line} of {path} is not valid UTF-8, and no other encoding fits the file.",
        "Save the file as UTF-8, or say which encoding it has (data.encoding).",
        where="data.encoding", path=str(found.path), line=found.bad_line,
    )  # fmt: skip

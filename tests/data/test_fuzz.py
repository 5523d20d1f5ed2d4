"""Malformed input of every kind: each reader answers with a table or a StudioError, soon, and loses nothing.

The usual suite tries some hundred inputs; ``pytest -m slow tests/data/test_fuzz.py -s`` tries ten thousand and prints
what came of them.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import random
import shutil
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.data.samples import Form, Parts, forms, tarred, zipped
from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.paths import cache_folder
from tlstudio.core.plugins import find
from tlstudio.core.progress import silent
from tlstudio.data.tables import read_table

SECONDS = 20  # for one tiny input; a hang would take for ever
SOURCES = sorted(find("tlstudio.data.sources"))
SUFFIXES = ("", ".csv", ".tsv", ".txt", ".json", ".jsonl", ".parquet", ".arrow", ".xlsx", ".ods", ".db", ".conll",
            ".zip", ".tar", ".gz", ".md", ".xls", ".png")  # fmt: skip
EVIL_NAMES = ("../evil.txt", "/evil", "C:\\evil", "a/../../evil", "con", "nul.csv", "a\0b", "é" * 300, "-rf",
              "a/b/" * 100 + "c", "\\\\host\\share\\x", " ", ".", "..", "a:b", "x\n.csv", "\u202etxt.exe")  # fmt: skip


# --- how inputs are spoilt

TOKENS = (
    b"\0", b"\0" * 600, b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\xff", b"\xed\xa0\x80", b"\\ud800", b'\\ud800"',
    b'"', b"'", b",", b";", b"\t", b"\n", b"\r", b"\n\n\n", b"{", b"}", b"[", b"]", b"{}", b"[]", b"{0}{path}{",
    b"%s%n", b"\x1a", b"9" * 5_000, b"1e999", b"-1e-999", b"NaN", b"Infinity", b"null", b"true", b"[" * 2_000,
    b'{"a":' * 2_000,
    b"\xe2\x80\xa8", b"\xc2\x85", b"\x1b[2J", b"=cmd()", b"<!--", b"]]>", b"&a;", b"\xff\xff\xff\x7f", b"\xff" * 8,
    b"\0\0\0\x80", b'"' * 999, b"-DOCSTART-", b"# text", b"PAR1", b"ARROW1", b"PK\3\4", b"../../x", b"\xf0\x9f\x98",
)  # fmt: skip


def _slice(data: bytes, draw: random.Random) -> tuple[int, int]:
    start = draw.randrange(len(data) + 1)
    return start, min(len(data), start + draw.choice((1, 2, 4, 16, 100, 1000)))


def flip(data: bytes, draw: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(draw.choice((1, 1, 2, 8, 50)) if data else 0):
        changed[draw.randrange(len(changed))] ^= 1 << draw.randrange(8)
    return bytes(changed)


def truncate(data: bytes, draw: random.Random) -> bytes:
    return data[: draw.randrange(len(data) + 1)]


def behead(data: bytes, draw: random.Random) -> bytes:
    return data[draw.randrange(len(data) + 1) :]


def delete(data: bytes, draw: random.Random) -> bytes:
    start, end = _slice(data, draw)
    return data[:start] + data[end:]


def duplicate(data: bytes, draw: random.Random) -> bytes:
    start, end = _slice(data, draw)
    return data[:end] + data[start:end] * draw.choice((1, 2, 50)) + data[end:]


def insert(data: bytes, draw: random.Random) -> bytes:
    start = draw.randrange(len(data) + 1)
    return data[:start] + draw.choice(TOKENS) * draw.choice((1, 1, 3)) + data[start:]


def overwrite(data: bytes, draw: random.Random) -> bytes:
    start, end = _slice(data, draw)
    filling = draw.choice((b"\0", b"\xff", b"\x7f", b"9", b'"', draw.randbytes(end - start) or b"x"))
    return data[:start] + (filling * (end - start))[: end - start] + data[end:]


def move(data: bytes, draw: random.Random) -> bytes:
    (start, end), to = _slice(data, draw), draw.randrange(len(data) + 1)
    rest = data[:start] + data[end:]
    return rest[:to] + data[start:end] + rest[to:]


def huge_number(data: bytes, draw: random.Random) -> bytes:
    """Lengths and offsets of binary formats, and digits of text."""
    start = draw.randrange(max(len(data) - 8, 1))
    number = draw.choice((2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1, 10**6, 2**20, 0)).to_bytes(
        8, draw.choice(("little", "big"))
    )
    return data[:start] + number[: draw.choice((4, 8))] + data[start + 8 :]


def splice(data: bytes, draw: random.Random) -> bytes:
    other = draw.choice([part for form in forms().values() for part in form.parts.values()])
    start, end = _slice(other, draw)
    at = draw.randrange(len(data) + 1)
    return data[:at] + other[start:end] + data[at:]


def reencode(data: bytes, draw: random.Random) -> bytes:
    encoding = draw.choice(("utf-16", "utf-16-le", "utf-32", "utf-8-sig", "cp1252", "gb18030", "cp500", "utf-7"))
    return data.decode("utf-8", "replace").encode(encoding, "replace")


def repeat(data: bytes, draw: random.Random) -> bytes:
    return data[:5_000] * draw.choice((2, 3, 40))


def noise(data: bytes, draw: random.Random) -> bytes:
    return data[: draw.choice((0, 4, 8, 16, 64))] + draw.randbytes(draw.choice((0, 1, 10, 100, 3_000)))


def nothing(_data: bytes, draw: random.Random) -> bytes:
    return draw.choice((b"", b" ", b"\n", b"\0", b"\xef\xbb\xbf", b"{", b"[", b'"'))


WAYS: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    flip, truncate, behead, delete, duplicate, insert, insert, overwrite, move, huge_number, splice, reencode, repeat,
    noise, nothing,
)  # fmt: skip


def spoil_parts(parts: Parts, way: Callable[[bytes, random.Random], bytes], draw: random.Random) -> Parts:
    """One part with other content, or another name, or gone."""
    if not parts:
        return parts
    name = draw.choice(list(parts))
    if name and draw.random() < 0.1:
        return {key: content for key, content in parts.items() if key != name}
    if name and draw.random() < 0.1:
        return {draw.choice(EVIL_NAMES) if key == name else key: content for key, content in parts.items()}
    return {key: way(content, draw) if key == name else content for key, content in parts.items()}


@dataclass(frozen=True)
class Spoilt:
    """An input: a sample, spoilt within or as a whole, under some name, read as some source."""

    title: str
    ways: tuple[int, ...]
    seed: int
    source: str

    def write(self, folder: Path) -> Path:
        form, draw = forms()[self.title], random.Random(self.seed)
        parts = dict(form.parts)
        inside = form.pack is None or draw.random() < 0.5
        for way in self.ways if inside else ():
            parts = spoil_parts(parts, WAYS[way], draw)
        if form.pack is None:
            return self._write_folder(form, parts, folder)
        data = form.pack(parts)
        for way in self.ways if not inside else ():
            data = WAYS[way](data, draw)
        name = form.name if draw.random() < 0.7 else "a" + draw.choice(SUFFIXES)
        (folder / name).write_bytes(data)
        return folder / name

    def _write_folder(self, form: Form, parts: Parts, folder: Path) -> Path:
        (folder / form.name).mkdir()
        for name, content in parts.items():
            # a name that this system cannot have is no input
            with contextlib.suppress(OSError, ValueError):
                path = folder / form.name / name.replace("..", "__").lstrip("/")
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
        return folder / form.name


INPUTS = st.builds(
    Spoilt,
    title=st.sampled_from(list(forms())),
    ways=st.lists(st.integers(0, len(WAYS) - 1), min_size=1, max_size=3).map(tuple),
    seed=st.integers(0, 2**32 - 1),
    source=st.just("auto") | st.just("auto") | st.sampled_from(SOURCES),
)


# --- what must hold for each


class Hang(BaseException):
    """Reading takes too long."""


@contextlib.contextmanager
def in_time() -> Iterator[None]:
    def ring(*_signal: object) -> None:
        raise Hang

    if not hasattr(signal, "setitimer"):  # Windows: pytest's own time limit must do
        yield
        return
    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def state(folder: Path) -> dict[str, str]:
    """Every file below a folder with its hash."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def is_well_told(error: StudioError) -> None:
    for template in (error.template, error.remedy_template):
        assert template.format(**error.params)  # every blank has its value
    json.dumps(error.to_dict())
    error.message.encode("utf-8")
    assert len(error.message) < 5_000


def outcome(place: Path, folder: Path, source: str) -> str:
    """Reads one place and checks all promises; returns what came of it."""
    before = state(folder)
    try:
        with in_time():
            table = read_table(place, source, {}, silent, Control())
            data = table.open()
            data.validate(full=True)
        assert (data.num_rows, list(data.column_names)) == (table.rows, list(table.columns))
        assert all(column.null_count == 0 for column in data.columns)
        result = f"read as {table.source}"
    except StudioError as error:
        is_well_told(error)
        result = f"refused: {error.code}"
    assert state(folder) == before, "the user's files have changed"
    cache = cache_folder("datasets").parent
    left = [path for path in cache.rglob("*") if path.name.endswith(".part")]
    assert not left, f"left in the cache: {left}"
    shutil.rmtree(cache, ignore_errors=True)  # so that the next one finds nothing
    return result


def try_one(spoilt: Spoilt) -> str:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        place = spoilt.write(folder)
        return outcome(place, folder, spoilt.source)


USUAL = settings(
    derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck), print_blob=False
)


@settings(USUAL, max_examples=300)
@example(Spoilt("json with records", (0, 4), 0, "conll"))  # 773 columns
@given(INPUTS)
def test_malformed_input_is_read_or_refused(spoilt):
    try_one(spoilt)


@settings(USUAL, max_examples=60)
@given(st.binary(max_size=400), st.sampled_from(SUFFIXES), st.just("auto") | st.sampled_from(SOURCES))
def test_any_bytes_are_read_or_refused(content, suffix, source):
    with tempfile.TemporaryDirectory() as name:
        place = Path(name) / f"a{suffix}"
        place.write_bytes(content)
        outcome(place, Path(name), source)


@settings(USUAL, max_examples=60)
@given(st.text(st.characters() | st.sampled_from(',;\t\n"{}[]:\\'), max_size=200), st.sampled_from(SUFFIXES))
def test_any_text_is_read_or_refused(content, suffix):
    with tempfile.TemporaryDirectory() as name:
        place = Path(name) / f"a{suffix}"
        place.write_bytes(content.encode("utf-8", "surrogatepass"))
        outcome(place, Path(name), "auto")


@pytest.mark.parametrize("name", EVIL_NAMES)
@pytest.mark.parametrize("pack", [zipped, tarred], ids=["zip", "tar"])
def test_names_in_archives(tmp_path, name, pack):
    place = tmp_path / "here" / "a.bin"
    place.parent.mkdir()
    try:
        place.write_bytes(pack({"train.csv": b"text,label\na,x\n", name: b"evil"}))
    except ValueError:
        pytest.skip("no archive can hold this name")
    outcome(place, tmp_path, "auto")


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_ten_thousand_malformed_inputs(capsys):
    results: dict[str, Counter[str]] = {title: Counter() for title in forms()}
    codes: Counter[str] = Counter()
    slowest = (0.0, "")
    begin = time.monotonic()

    @settings(USUAL, max_examples=10_000)
    @given(INPUTS)
    def check(spoilt: Any) -> None:
        nonlocal slowest
        since = time.monotonic()
        result = try_one(spoilt)
        slowest = max(slowest, (time.monotonic() - since, str(spoilt)))
        results[spoilt.title][result.split()[0].rstrip(":")] += 1
        codes[result] += 1

    check()
    total = sum(codes.values())
    with capsys.disabled():
        print(f"\n{total} malformed inputs in {time.monotonic() - begin:.0f} s; the slowest took {slowest[0]:.2f} s")
        for title, counts in results.items():
            print(
                f"  {title:24} {sum(counts.values()):5} inputs  {counts['read']:5} read  {counts['refused']:5} refused"
            )
        for result, count in codes.most_common():
            print(f"  {count:6}  {result}")
    assert total >= 10_000

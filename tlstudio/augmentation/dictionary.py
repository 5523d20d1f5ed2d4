"""Dictionaries that the user brings: a word, and what may stand in its place."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tlstudio.augmentation.base import Resources
from tlstudio.augmentation.words import folded, longest_by_first, split
from tlstudio.core.errors import StudioError
from tlstudio.core.files import expand, explain_os_errors

WHERE = "data.augment"
_MAX_BYTES = 200 << 20
_MAX_ENTRY = 100  # characters; longer ones are sentences
_MAX_WORDS = 8  # of one entry: each more makes every look-up of a text slower


@dataclass(frozen=True)
class Dictionary:
    """Entries by their folded text; ``longest`` is from :func:`tlstudio.augmentation.words.longest_by_first`."""

    entries: dict[str, tuple[str, ...]]
    longest: dict[str, int]

    def others(self, text: str) -> tuple[str, ...]:
        """What may stand in the place of a folded text."""
        return self.entries.get(text, ())


def read(place: str, resources: Resources) -> Dictionary:
    """The dictionary in a file, read once for a job.

    Text files hold an entry a line: ``word<TAB>one,two``, ``word,one,two`` or, as MUSE writes them (Lample et al.
    2018), ``word one``. JSON holds a mapping of words to a word or a list of words. An entry that comes again adds to
    the first. UTF-8.

    Raises:
        StudioError: no file, not readable as text, or without a usable entry.
    """
    path = expand(place)
    return resources.once(("dictionary", str(path)), lambda: _read(path))


def _read(path: Path) -> Dictionary:
    with explain_os_errors(path):
        if path.stat().st_size > _MAX_BYTES:
            raise _bad(path, "it is larger than 200 MB")
        raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise StudioError(
            "augment.dictionary-encoding",
            "{path} is not UTF-8 text: line {line} has other bytes.",
            "Save the dictionary as UTF-8.",
            where=WHERE,
            path=str(path),
            line=line,
        ) from error
    pairs = _from_json(path, text) if text.lstrip()[:1] in ("{", "[") else _from_lines(text)
    return _gathered(path, pairs)


def _from_json(path: Path, text: str) -> list[tuple[str, list[str]]]:
    try:
        content = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise _bad(path, "it is not valid JSON") from error
    if not isinstance(content, dict):
        raise _bad(path, "its JSON is no mapping of words to words")
    return [(word, _strings(value)) for word, value in content.items()]


def _strings(value: Any) -> list[str]:
    return [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, str)]


def _from_lines(text: str) -> list[tuple[str, list[str]]]:
    lines = [line for line in text.splitlines() if line.strip()]
    first = lines[0] if lines else ""
    if "\t" in first:
        cells = [line.split("\t") for line in lines]
        return [(row[0], [part for cell in row[1:] for part in cell.split(",")]) for row in cells]
    mark = "," if "," in first else ";"
    if mark not in first:
        parts = [line.split() for line in lines]
        return [(row[0], row[1:]) for row in parts if len(row) == 2]
    try:
        rows = list(csv.reader(io.StringIO(text), delimiter=mark))
    except csv.Error:  # a stray quotation mark that never ends
        rows = [line.split(mark) for line in lines]
    return [(row[0], row[1:]) for row in rows if row]


def _gathered(path: Path, pairs: list[tuple[str, list[str]]]) -> Dictionary:
    entries: dict[str, dict[str, None]] = {}
    for word, others in pairs:
        key = folded(word)
        if len(key) > _MAX_ENTRY or not 0 < len(split(key).words) <= _MAX_WORDS:
            continue
        usable = [" ".join(other.split())[:_MAX_ENTRY] for other in others]
        usable = [other for other in usable if other and folded(other) != key]
        if usable:
            entries.setdefault(key, {}).update(dict.fromkeys(usable))
    if not entries:
        raise _bad(path, "no line has a word and another one for it")
    return Dictionary({word: tuple(others) for word, others in entries.items()}, longest_by_first(entries))


def _bad(path: Path, reason: str) -> StudioError:
    return StudioError(
        "augment.bad-dictionary",
        "{path} cannot be used as a dictionary: {reason}.",
        "Write one entry a line: a word, a tab, and its other words with commas between them; or use JSON.",
        where=WHERE,
        path=str(path),
        reason=reason,
    )


def fingerprint(path: Path) -> str:
    """Changes with the content of a dictionary, or with size and time of a large file such as weights."""
    with explain_os_errors(path):
        state = path.stat()
        if state.st_size > _MAX_BYTES >> 4:
            return f"{path.name}:{state.st_size}:{state.st_mtime_ns}"
        return hashlib.sha256(path.read_bytes()).hexdigest()[:16]

"""Every request to the network, one line each, in a file that only grows: what for, whom, how much, what came of it."""

from __future__ import annotations

import contextlib
import json
import os
import time
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

from tlstudio.core import paths

_FILE, _OLDER = "network.jsonl", "network-older.jsonl"
_LARGEST = 8 << 20  # bytes, some ten thousand requests; then the file is set aside, and the one before it goes
_LONGEST = 300  # characters of a field: what a server is called is up to the server

REFUSED, NO_ANSWER = "refused", "no answer"


@dataclass(frozen=True)
class Request:
    """One request.

    Attributes:
        purpose: model, dataset, upload or database; none for one that was refused, because nobody had asked for it.
        subject: what was asked for, such as ``org/name``.
        host: with the port where it is not the usual one.
        what: method and path, without the query, in which stores write their secrets.
        bytes: of the answer (of an upload: of the body), as announced; None where nothing was.
        result: the status of the answer, or a word.
    """

    purpose: str
    subject: str
    host: str
    what: str
    result: str
    bytes: int | None = None
    seconds: float = 0.0
    time: float = field(default_factory=time.time)


def file() -> Path:
    return paths.data_folder() / _FILE


def note(request: Request) -> None:
    """Adds a request; a disk that is full must not end a download that would have fitted."""
    line = {key: value[:_LONGEST] if isinstance(value, str) else value for key, value in asdict(request).items()}
    with contextlib.suppress(OSError):
        path = file()
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_file() and path.stat().st_size > _LARGEST:
            path.replace(path.with_name(_OLDER))
        # one write to a file opened for appending: two processes cannot mix their lines
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(handle, (json.dumps(line, ensure_ascii=False) + "\n").encode("utf-8", "replace"))
        finally:
            os.close(handle)


def read(last: int = 1000) -> list[Request]:
    """The latest requests, the newest first; lines that are no request are passed over."""
    lines: list[str] = []
    for path in (file().with_name(_OLDER), file()):
        with contextlib.suppress(OSError):
            lines += path.read_text(encoding="utf-8", errors="replace").splitlines()
    found = (_request(line) for line in reversed(lines))
    return [request for request in found if request is not None][:last]


def _request(line: str) -> Request | None:
    known = {item.name for item in fields(Request)}
    try:
        data = json.loads(line)
        return Request(**{key: value for key, value in data.items() if key in known})
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None

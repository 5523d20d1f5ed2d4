"""Following a run that another process carries: one that outlived its window, or was begun in a terminal."""

from __future__ import annotations

import contextlib
import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from tlstudio.core import wishes
from tlstudio.core.attending import LOG
from tlstudio.core.errors import StudioError
from tlstudio.core.files import explain_os_errors
from tlstudio.core.locks import Owner, holder
from tlstudio.session.run_summary import LOCK, is_run
from tlstudio.session.runners import Line, explain_exit

_POLL = 0.1  # seconds between two looks at the file of events
_LOOK = 10  # of these looks between two at the lock


class AttachedRunner:
    """Reads the events of a run from its folder, and puts control words there; ends nothing when it is closed."""

    def __init__(self) -> None:
        self._folder = Path()
        self._id = 0
        self._left = threading.Event()

    def start(self, job: str, args: dict[str, Any]) -> int:
        self._folder = Path(args["folder"])
        self._id += 1
        self._left.clear()
        return self._id

    def lines(self) -> Iterator[Line]:
        """What the run has said and says; ends with its end, or with the outcome ``left`` after detach."""
        tail = Tail(self._folder / "events.jsonl")
        looks = 0
        while not self._left.is_set():
            over = looks % _LOOK == 0 and holder(self._folder / LOCK) is None
            for line in tail.read():  # after the look: whatever it has said at last is in the file by then
                yield {**line, "id": self._id}
                if line.get("event") == "finished" and tail.at_end:
                    return
            if over:
                yield self._end("failed", gone(self._folder).to_dict())
                return
            looks += 1
            self._left.wait(_POLL)
        yield self._end("left", None)

    def send(self, control: str) -> None:
        if control == "detach":
            self._left.set()
            return
        with contextlib.suppress(StudioError):  # a run that hears nothing goes on, and the window shows that it does
            wishes.send(self._folder, control)

    def kill(self) -> None:
        """Ends the process of the run, if it is on this computer."""
        owner = holder(self._folder / LOCK)
        if owner is not None and owner.here:
            with contextlib.suppress(psutil.Error):
                psutil.Process(owner.pid).kill()

    def close(self) -> None:
        self._left.set()

    def _end(self, outcome: str, error: dict[str, Any] | None) -> Line:
        return {"event": "finished", "id": self._id, "outcome": outcome, "seconds": 0.0, "error": error}


class Tail:
    """Reads a growing file of JSON lines. Half a line waits for its other half."""

    def __init__(self, path: Path) -> None:
        self._path, self._place, self._rest = path, 0, b""
        self._inode = 0
        self.at_end = False  # whether the line that was given last was the last in the file

    def read(self) -> Iterator[Line]:
        """The lines that are new.

        Raises:
            StudioError: the file cannot be read.
        """
        if not self._path.exists():
            return
        with explain_os_errors(self._path), open(self._path, "rb") as stream:
            about = os.fstat(stream.fileno())
            if about.st_size < self._place or about.st_ino != self._inode:  # written anew, by a run that is resumed
                self._place, self._rest, self._inode = 0, b"", about.st_ino
            stream.seek(self._place)
            data = stream.read()
            self._place += len(data)
        *whole, self._rest = (self._rest + data).split(b"\n")
        for at, text in enumerate(whole):
            self.at_end = at == len(whole) - 1 and not self._rest
            with contextlib.suppress(ValueError):
                if isinstance(line := json.loads(text), dict):
                    yield line


def gone(folder: Path) -> StudioError:
    """Why the process of a run may be gone, from what it printed when there was no window."""
    said = ""
    with contextlib.suppress(OSError):
        said = (folder / LOG).read_text(encoding="utf-8", errors="replace")[-4000:]
    if (found := explain_exit(None, said)).code == "worker.out-of-memory":
        return found
    return StudioError(
        "worker.gone",
        "The process of the run is gone: it was ended from outside, or the computer was switched off.",
        "Resume the run, or start again; what it had saved is kept in its folder.",
        detail=said[-2000:],
    )


def going_on(base: Path) -> list[tuple[Path, Owner]]:
    """The runs in a folder that live processes carry, newest first."""
    found = []
    with contextlib.suppress(OSError):
        for lock in sorted(base.glob(f"*/{LOCK}"), reverse=True):
            if is_run(lock.parent) and (owner := holder(lock)) is not None:
                found.append((lock.parent, owner))
    return found


def broken_off(base: Path) -> list[Path]:
    """The runs whose process is gone though they had not ended, newest first: their locks were left behind."""
    with contextlib.suppress(OSError):
        locks = sorted(base.glob(f"*/{LOCK}"), reverse=True)
        return [lock.parent for lock in locks if is_run(lock.parent) and holder(lock) is None]
    return []

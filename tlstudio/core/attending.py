"""The worker's attention: requests on one thread, work on another, and what happens when the window is gone."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tlstudio import __version__
from tlstudio.core.control import Control
from tlstudio.core.events import PROTOCOL_VERSION
from tlstudio.core.insisting import Insistence

LOG = "worker.log"  # in the run folder: what libraries print once there is no window to print to
ALONE = ("go-on", "stop", "leave", "cancel")

Line = dict[str, Any]
Send = Callable[[Line], None]
Work = Callable[[Line, Send, Control], None]


class Worker:
    """Reads requests on one thread and works on another.

    ``alone`` of a request's arguments says what becomes of the job when the window is gone (its pipe has ended): it
    goes on, stops and keeps the best, leaves off to be resumed, or is cancelled, which is usual.
    """

    def __init__(self, lines: Any, pipe: Any, work: Work, turn_away: Callable[[Path], None] | None = None) -> None:
        self._lines, self._pipe, self._work, self._turn_away = lines, pipe, work, turn_away
        self._requests: queue.Queue[Line | None] = queue.Queue()
        self._open: list[Line] = []  # the request that is worked on and those that wait, each with its control
        self._working: Control | None = None
        self._writing = threading.Lock()
        self._gone = False
        self._insistence = Insistence(lambda: self._working, lambda: not self._writing.locked())

    def send(self, line: Line) -> None:
        text = json.dumps(line, ensure_ascii=False, allow_nan=True) + "\n"
        with self._writing:
            if self._gone:
                return
            try:
                self._pipe.write(text)
                self._pipe.flush()
            except OSError:  # the window has gone; the listening thread hears of it as well
                self._gone = True

    def serve(self) -> None:
        """Works until the input ends or says quit."""
        self.send({"event": "hello", "protocol": PROTOCOL_VERSION, "version": __version__, "pid": os.getpid()})
        signal.signal(signal.SIGINT, lambda *_: self._insistence.heard())
        signal.signal(signal.SIGTERM, self._terminated)
        threading.Thread(target=self._listen, name="control", daemon=True).start()
        while (request := self._requests.get()) is not None:
            self._working = request["control"]
            self._work(request, self.send, request["control"])
            self._working = None
            self._open.remove(request)

    # --- listening

    def _listen(self) -> None:
        word = ""
        try:
            for text in self._lines:
                line = parsed(text)
                word = str(line.get("control") or "")
                if word in ("quit", "detach"):
                    break
                self._obey(line)
        finally:
            self._alone(word)
            self._requests.put(None)

    def _obey(self, line: Line) -> None:
        if "job" in line:
            control = Control()
            control.on_cancel(self._insistence.begin)
            request = {**line, "control": control}
            self._open.append(request)
            self._requests.put(request)
        elif line.get("control") == "ping":
            self.send({"event": "pong"})
        else:
            self._tell(str(line.get("control")))

    def _tell(self, word: str) -> None:
        """To all jobs: one that waits behind a warm-up is meant as well."""
        for request in tuple(self._open):
            request["control"].send(word)

    def _alone(self, word: str) -> None:
        """The window wants us gone (quit), leaves the run to us (detach), or is gone itself."""
        wishes = [(request, "cancel" if word == "quit" else _wish(request, word)) for request in tuple(self._open)]
        stays = next((request["args"] for request, wish in wishes if wish != "cancel"), None)
        if stays is not None:
            for request, _ in wishes:
                self.send({"event": "detached", "id": request.get("id")})
            with self._writing:
                self._gone = True
            if self._turn_away is not None:
                self._turn_away(Path(str(stays.get("folder", ""))) / LOG)
        for request, wish in wishes:
            request["control"].send(wish)  # "go-on" is no control word: nothing happens

    def _terminated(self, *_signal: Any) -> None:
        """SIGTERM: a run leaves off so that it can be resumed; whatever else is done ends at once."""
        if not any(_is_run(request) for request in tuple(self._open)):
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            os.kill(os.getpid(), signal.SIGTERM)
        self._requests.put(None)
        # in a thread: a handler must not wait for a lock that the main thread holds
        threading.Thread(target=self._tell, args=["leave"], name="terminated", daemon=True).start()


def _is_run(request: Line) -> bool:
    return bool(isinstance(request.get("args"), dict) and request["args"].get("folder"))


def _wish(request: Line, word: str) -> str:
    """What is to become of a job without a window: only runs have a folder in which they can be found again."""
    if not _is_run(request):
        return "cancel"
    if word == "detach":
        return "go-on"
    wish = str(request["args"].get("alone", "cancel"))
    return wish if wish in ALONE else "cancel"


def parsed(text: str) -> Line:
    """The JSON object of a line; nothing for any other text, such as half a line of a dying parent."""
    try:
        line = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return line if isinstance(line, dict) else {}


def private_pipe() -> Any:
    """Our copy of standard output; what libraries print goes to standard error from now on."""
    pipe = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8", newline="\n")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    sys.stdout, sys.stderr = Unbreakable(sys.stdout), Unbreakable(sys.stderr)
    return pipe


def turn_away(pipe: Any, log: Path) -> None:
    """Lets go of the window's pipes, so that it sees their end; what is printed goes into a file of the run."""
    with contextlib.suppress(OSError):
        target = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        for stream in (1, 2):
            os.dup2(target, stream)
        os.close(target)
    with contextlib.suppress(OSError):
        pipe.close()


class Unbreakable:
    """A stream whose reader may go: a library that prints a warning must not end the run."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with contextlib.suppress(OSError, ValueError):
            return int(self._stream.write(text))
        return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

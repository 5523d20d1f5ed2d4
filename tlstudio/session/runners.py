"""Runners carry a job: in a worker process (default) or in this process. Both speak the same lines.

``lines()`` blocks and ends after the job's terminal line, whatever happens: a worker that dies yields
a terminal line with a plain error.
"""

from __future__ import annotations

import contextlib
import json
import queue
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator
from typing import IO, Any, Protocol

from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.events import PROTOCOL_VERSION

Line = dict[str, Any]

TERMINAL = ("finished", "reply", "error", "cancelled")
_RUNS = ("run", "resume", "export", "compress", "frontier-choose")  # these jobs end with 'finished'
_TAIL = 200  # lines of the worker's stderr that are kept for a diagnosis
_GRACE = 3.0  # seconds for each of quit and terminate
_IDLE_GRACE = 0.3  # an idle worker (or one that is still importing) has nothing to lose


class Runner(Protocol):
    """Carries one job at a time."""

    def start(self, job: str, args: dict[str, Any]) -> int:
        """Begins a job; returns its id."""

    def lines(self) -> Iterator[Line]:
        """The job's lines; blocks, and ends after the terminal line."""

    def send(self, control: str) -> None:
        """A control word for the current job; callable from any thread.

        pause, resume, stop, cancel; or detach: a run goes on without us, and its lines end with the outcome ``left``.
        """

    def kill(self) -> None:
        """Ends the job at once without waiting; ``lines()`` then gives its terminal line."""

    def close(self) -> None:
        """Ends the runner and frees what it holds; callable more than once and from any thread."""


def command() -> list[str]:
    """How to start a worker: this interpreter, or the frozen program itself."""
    if getattr(sys, "frozen", False):
        return [sys.executable, "--worker"]
    return [sys.executable, "-m", "tlstudio.worker"]


def make(kind: str) -> Runner:
    """The runner of the settings' ``runner`` field."""
    return InlineRunner() if kind == "inline" else WorkerRunner()


class WorkerRunner:
    """A worker process: survives out-of-memory and native crashes, and can always be killed."""

    def __init__(self, program: list[str] | None = None) -> None:
        self._program = program or command()
        self._process: subprocess.Popen[str] | None = None
        self._stderr: threading.Thread | None = None
        self._tail: deque[str] = deque(maxlen=_TAIL)
        self._lock = threading.Lock()
        self._job, self._id = "", 0
        self._closing = self._working = False

    def start_worker(self, warm: bool = True) -> None:
        """Starts the process early; ``warm`` lets it import torch while the user still reads."""
        self._spawn()
        if warm:
            self._id += 1
            self._write({"job": "warm", "id": self._id, "args": {}})

    def start(self, job: str, args: dict[str, Any]) -> int:
        self._spawn()
        self._id += 1
        self._job, self._working = job, True
        self._write({"job": job, "id": self._id, "args": args})
        return self._id

    def lines(self) -> Iterator[Line]:
        process, job = self._process, self._id
        if process is None or process.stdout is None:
            yield self._ended(None)
            return
        for text in _texts(process.stdout):
            line = _parse(text)
            if line is None:
                self._tail.append(text.rstrip())
            elif line.get("event") == "hello" and line.get("protocol") != PROTOCOL_VERSION:
                yield self._failed(_wrong_protocol(line.get("protocol")))
                return
            elif line.get("id") == job and line.get("event") == "detached":
                self._working = False
                self._let_go()
                yield self._line("left", None)
                return
            elif line.get("id") == job:
                self._working = line.get("event") not in TERMINAL
                yield line
                if not self._working:
                    return
        self._working = False
        yield self._ended(process)

    def send(self, control: str) -> None:
        self._write({"control": control})

    def kill(self) -> None:
        self._closing = True
        with self._lock:
            if self._process is not None:
                self._process.kill()

    def close(self) -> None:
        """Quit, wait, terminate, wait, kill; the process is always reaped."""
        self._closing = True
        with self._lock:
            process, self._process = self._process, None
        if process is None:
            return
        if process.poll() is None:
            self._quit(process)
        else:
            process.wait()
        if self._stderr is not None:
            self._stderr.join(_GRACE)
        for stream in (process.stdin, process.stdout, process.stderr):
            _close(stream)

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def tail(self) -> str:
        """The last lines that the worker wrote to stderr."""
        return "\n".join(self._tail)

    # --- inside

    def _spawn(self) -> None:
        with self._lock:
            if self._process is not None and self._process.poll() is None:
                return
            self._reap()
            self._closing = False
            self._tail.clear()
            try:
                self._process = subprocess.Popen(self._program, **_popen_options())
            except OSError as error:
                raise StudioError(
                    "worker.no-start",
                    "The worker process could not be started: {reason}.",
                    "Free some memory, or install TLStudio again.",
                    reason=error.strerror or str(error),
                ) from error
            self._stderr = threading.Thread(
                target=_collect, args=(self._process.stderr, self._tail), name="worker-stderr", daemon=True
            )
            self._stderr.start()

    def _let_go(self) -> None:
        """Leaves a process that goes on without us."""
        with self._lock:
            process, self._process = self._process, None
        if process is not None:
            if self._stderr is not None:
                self._stderr.join(_GRACE)
            for stream in (process.stdin, process.stdout, process.stderr):
                _close(stream)
            process.returncode = 0  # not ours to wait for: the system reaps it when this process has ended

    def _reap(self) -> None:
        """Frees a process that has died; the caller holds the lock."""
        if self._process is None:
            return
        self._process.wait()
        if self._stderr is not None:
            self._stderr.join(_GRACE)
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            _close(stream)

    def _quit(self, process: subprocess.Popen[str]) -> None:
        with contextlib.suppress(OSError, ValueError):  # it may have gone, or its pipe may be full or closed
            if process.stdin is not None:
                process.stdin.write('{"control": "quit"}\n')
                process.stdin.flush()
        for ask in (None, process.terminate, process.kill):
            if ask is not None:
                ask()
            try:
                process.wait(_GRACE if ask or self._working else _IDLE_GRACE)
                break
            except subprocess.TimeoutExpired:
                continue

    def _write(self, line: Line) -> None:
        with self._lock:
            process = self._process
            if process is None or process.stdin is None:
                return
            # a dead worker shows itself in lines(), which explains it
            with contextlib.suppress(OSError, ValueError):
                process.stdin.write(json.dumps(line, ensure_ascii=False) + "\n")
                process.stdin.flush()

    def _ended(self, process: subprocess.Popen[str] | None) -> Line:
        """The terminal line for a worker that ended without one."""
        code = process.wait() if process is not None else None
        if self._stderr is not None:
            self._stderr.join(_GRACE)
        if self._closing:
            return self._line("cancelled", None)
        return self._failed(explain_exit(code, self.tail))

    def _failed(self, error: StudioError) -> Line:
        return self._line("failed", error.to_dict())

    def _line(self, outcome: str, error: dict[str, Any] | None) -> Line:
        if self._job in _RUNS:
            return {"event": "finished", "id": self._id, "outcome": outcome, "seconds": 0.0, "error": error}
        if outcome == "cancelled":
            return {"event": "cancelled", "id": self._id}
        return {"event": "error", "id": self._id, "error": error}


class InlineRunner:
    """The job in this process: for tests, and where a second process cannot be had.

    ``lines()`` lets a helper thread work and passes its events on, so that they arrive while it works.
    """

    def __init__(self) -> None:
        self._id = 0
        self._job, self._args = "", dict[str, Any]()
        self._control = Control()

    def start(self, job: str, args: dict[str, Any]) -> int:
        self._id += 1
        self._job, self._args, self._control = job, args, Control()
        return self._id

    def lines(self) -> Iterator[Line]:
        from tlstudio import worker

        lines: queue.Queue[Line] = queue.Queue()
        request = {"job": self._job, "id": self._id, "args": self._args}
        thread = threading.Thread(target=worker.work, args=(request, lines.put, self._control), name="inline-job")
        thread.start()
        try:
            while True:
                line = lines.get()
                yield line
                if line.get("event") in TERMINAL:
                    return
        finally:
            if thread.is_alive():
                self._control.cancel()
            thread.join()

    def send(self, control: str) -> None:
        # nothing in this process outlives it: a run that is let go leaves off, to be resumed
        self._control.send("leave" if control == "detach" else control)

    def kill(self) -> None:
        self._control.cancel()

    def close(self) -> None:
        self._control.cancel()


def explain_exit(code: int | None, tail: str = "") -> StudioError:
    """Why a worker ended, from its exit code and the end of its stderr."""
    detail = tail[-2000:]
    if _out_of_memory(code, tail):
        return StudioError(
            "worker.out-of-memory",
            "The system ended the worker: most likely the computer ran out of memory.",
            "Close other programs, or lower training.batch_size or task.max_length; then resume or start again.",
            exit=code,
            detail=detail,
        )
    if code is not None and code < 0 and -code in (signal.SIGTERM, signal.SIGINT):
        return StudioError(
            "worker.killed",
            "The worker was ended from outside (exit code {exit}).",
            "Resume the run, or start again; what it had saved is kept in its folder.",
            exit=code,
            detail=detail,
        )
    return StudioError(
        "worker.crashed",
        "The worker stopped unexpectedly (exit code {exit}).",
        "Resume the run, or start again. If it happens again, run 'tlstudio doctor' and report the log.",
        exit=code if code is not None else "?",
        detail=detail,
    )


def _out_of_memory(code: int | None, tail: str) -> bool:
    signs = ("MemoryError", "std::bad_alloc", "out of memory", "not enough memory", "Cannot allocate memory")
    # SIGKILL nearly always comes from the kernel's out-of-memory killer; 0xC0000017 is Windows' STATUS_NO_MEMORY
    return code in (-9, 137, 0xC0000017) or any(sign in tail for sign in signs)


def _wrong_protocol(found: Any) -> StudioError:
    return StudioError(
        "worker.protocol",
        "The worker speaks protocol {found}; this window speaks {known}.",
        "Install TLStudio again, so that both parts have the same version.",
        found=found,
        known=PROTOCOL_VERSION,
    )


def _popen_options() -> dict[str, Any]:
    options: dict[str, Any] = {
        "stdin": subprocess.PIPE,
        "stdout": subprocess.PIPE,
        "stderr": subprocess.PIPE,
        "text": True,
        "encoding": "utf-8",
        "errors": "replace",
        "bufsize": 1,
    }
    # in a session of its own Ctrl+C in the terminal reaches only the window, which then ends the worker in order
    if sys.platform == "win32":
        options["creationflags"] = subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP
    else:
        options["start_new_session"] = True
    return options


def _texts(stream: IO[str]) -> Iterator[str]:
    """The lines of a pipe; ends when it is closed from another thread."""
    with contextlib.suppress(ValueError):
        for text in stream:  # noqa: UP028 - "yield from" would close the pipe together with this generator
            yield text


def _parse(text: str) -> Line | None:
    """The JSON object of a line, or None for a line that is none."""
    try:
        line = json.loads(text)
    except ValueError:
        return None
    return line if isinstance(line, dict) else None


def _collect(stream: IO[str], tail: deque[str]) -> None:
    with contextlib.suppress(ValueError):  # closed by close() while reading
        for text in stream:
            tail.append(text.rstrip()[:2000])


def _close(stream: IO[str] | None) -> None:
    if stream is not None:
        with contextlib.suppress(OSError, ValueError):
            stream.close()

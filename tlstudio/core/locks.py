"""Who works on a folder or file: a lock of the kernel, with its owner written beside it.

The kernel frees its lock when the process dies, however it dies: so a lock that is left behind is known as stale
whatever process got its number since, and wherever the clock was set to. The owner's file says to whom a user has to
turn. On a drive that another computer shares, where the kernel's lock may not be seen, the owner's file must have been
touched lately (see :meth:`Lock.beat`).
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import time
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import filelock
import psutil

from tlstudio.core.errors import StudioError
from tlstudio.core.files import explain_os_errors, write_text

_LOOK = 0.05  # seconds that a look waits, so that two who look at once do not take each other for the owner
_SILENCE = 120.0  # seconds without a sign of life after which the owner on another computer counts as gone


@dataclass(frozen=True)
class Owner:
    """A process that works on something. ``since`` and ``started`` are seconds since the epoch."""

    pid: int
    host: str
    since: float
    started: float
    parent: int
    program: str = ""

    @classmethod
    def me(cls, program: str = "") -> Owner:
        process = psutil.Process()
        return cls(process.pid, socket.gethostname(), time.time(), process.create_time(), os.getppid(), program)

    @property
    def here(self) -> bool:
        return self.host == socket.gethostname()

    @property
    def alive(self) -> bool:
        """Whether the process is still the one that it was; one on another computer cannot be asked."""
        try:
            return self.here and abs(psutil.Process(self.pid).create_time() - self.started) < 2
        except psutil.AccessDenied:
            return True
        except (psutil.Error, ValueError):
            return False

    @property
    def orphan(self) -> bool:
        """Whether the process that started it is gone: its window was closed or killed."""
        if not self.here:
            return False
        with contextlib.suppress(psutil.Error):
            now = psutil.Process(self.pid).ppid()
            # Windows keeps the number of a parent that is gone
            return now != self.parent or not psutil.pid_exists(now) or _younger(now, self.started)
        return True

    def facts(self) -> dict[str, Any]:
        """For the blanks of a message."""
        since = time.strftime("%Y-%m-%d %H:%M", time.localtime(self.since))
        return {"pid": self.pid, "host": self.host, "since": since}


class Lock:
    """Held by one process at a time; ``path`` is the owner's file, which is there while it is held."""

    def __init__(self, path: Path, program: str = "") -> None:
        self.path, self._program = Path(path), program
        # not bound to a thread: a run is closed by another one than that which started it
        self._kernel = filelock.FileLock(_kernel_file(self.path), thread_local=False)

    @property
    def held(self) -> bool:
        return self._kernel.is_locked

    def acquire(self) -> None:
        """Takes it.

        Raises:
            StudioError: another process has it (the message names it), or the folder cannot be written to.
        """
        if (owner := holder(self.path)) is not None:
            raise taken(self.path, owner)
        with explain_os_errors(self.path):
            try:
                self._kernel.acquire(timeout=_LOOK, poll_interval=_LOOK / 4)
            except filelock.Timeout:
                raise taken(self.path, holder(self.path)) from None
        try:
            write_text(self.path, json.dumps(asdict(Owner.me(self._program))) + "\n")
        except StudioError:
            self._free()
            raise

    def beat(self) -> None:
        """A sign of life for those who look from another computer."""
        with contextlib.suppress(OSError):
            os.utime(self.path)

    def release(self) -> None:
        """Frees it; more than once does no harm."""
        if not self.held:
            return
        with contextlib.suppress(OSError):
            self.path.unlink(missing_ok=True)
        self._free()

    def _free(self) -> None:
        kernel = _kernel_file(self.path)
        if os.name == "nt":  # an open file cannot be removed there
            self._kernel.release()
        with contextlib.suppress(OSError):
            kernel.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self._kernel.release()


def holder(path: Path) -> Owner | None:
    """The live owner; None where nobody holds the lock, or one who is gone has left it behind.

    Whoever has no kernel's lock to show (a version before this one) is taken at the word of his process number.
    """
    try:
        text, changed = path.read_text(encoding="utf-8"), path.stat().st_mtime
    except OSError:
        return None
    owner = _parsed(text, changed)
    if owner is None:
        return None
    if _kernel_file(path).exists():
        if _kernel_held(path):
            return owner
        return owner if not owner.here and abs(time.time() - changed) < _SILENCE else None
    return owner if owner.here and _alive(owner, changed) else None


def taken(path: Path, owner: Owner | None) -> StudioError:
    """What is told to whoever comes second."""
    if owner is None:  # gone between two looks
        return StudioError("lock.busy", "{path} is in use.", "Try again in a moment.", where=str(path.parent),
                           path=str(path.parent))  # fmt: skip
    return StudioError(
        "lock.taken",
        "{path} is in use by process {pid} on {host}, since {since}.",
        "Wait until it has ended, or end that process; then try again.",
        where=str(path.parent), path=str(path.parent), **owner.facts(),
    )  # fmt: skip


@contextlib.contextmanager
def guarded(path: Path, seconds: float = 10.0) -> Any:
    """Holds the kernel's lock ``path`` for the moment of a change to a file that several processes write.

    Raises:
        StudioError: another process holds it for longer than ``seconds``.
    """
    with explain_os_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with filelock.FileLock(path, timeout=seconds, thread_local=False):
                yield
        except filelock.Timeout:
            raise taken(path, None) from None


def _kernel_file(path: Path) -> Path:
    return path.with_name(f".{path.name}.held")


def _kernel_held(path: Path) -> bool:
    probe = filelock.FileLock(_kernel_file(path), thread_local=False)
    try:
        with probe.acquire(timeout=_LOOK, poll_interval=_LOOK / 4):
            if not path.exists():  # freed since we looked: the probe has made the file anew
                _kernel_file(path).unlink(missing_ok=True)
            return False
    except filelock.Timeout:
        return True
    except OSError:
        return False  # a folder only for reading: nobody can work in it


def _parsed(text: str, changed: float) -> Owner | None:
    """The owner in a file; of a file that holds only a process number, what can be known of it."""
    try:
        data = json.loads(text)
    except ValueError:
        return None
    if isinstance(data, int):
        data = {"pid": data}
    if not isinstance(data, dict) or not isinstance(data.get("pid"), int):
        return None
    usual = {"host": socket.gethostname(), "since": changed, "started": changed, "parent": 0}
    known = {field.name for field in fields(Owner)}
    try:
        return Owner(**{**usual, **{key: value for key, value in data.items() if key in known}})
    except TypeError:
        return None


def _alive(owner: Owner, changed: float) -> bool:
    """Whether a live process of that number is older than the lock: a number may have been given anew."""
    try:
        return bool(psutil.Process(owner.pid).create_time() <= changed + 2)
    except psutil.AccessDenied:
        return True
    except (psutil.Error, ValueError, OverflowError):
        return False


def _younger(pid: int, started: float) -> bool:
    try:
        return bool(psutil.Process(pid).create_time() > started + 1)
    except psutil.Error:
        return False

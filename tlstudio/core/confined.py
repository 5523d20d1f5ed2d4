"""A process that may do little: no network, no other programs, no file outside of its folder, and limits on memory,
time and the size of what it writes. For what was written by others and must be opened, such as pickled weights.

The limits of the system come first (they hold native code as well); Python's audit hook stands behind them, and is all
that there is on systems without such limits.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tlstudio.core.control import Control
from tlstudio.core.processes import end, module_command

_POLL = 0.05
_LAST = 4000
_SAID = 1 << 20  # bytes of a file in any case: the standard error is one
_CLONE_NEWNET, _CLONE_NEWUSER = 0x40000000, 0x10000000  # linux/sched.h
_NO_NEW_PRIVILEGES = 38  # linux/prctl.h
_SECRET = ("TOKEN", "PASSWORD", "SECRET", "_KEY", "PROXY")
_REFUSED = (
    "socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo", "socket.gethostbyname",
    "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.forkpty", "os.kill",
    "os.putenv", "os.chmod", "os.chown", "os.link", "os.symlink", "pty.spawn", "webbrowser.open", "ctypes.dlopen",
    "urllib.Request", "ftplib.connect", "smtplib.connect", "os.startfile", "winreg.ConnectRegistry",
)  # fmt: skip
_CHANGING = ("os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.truncate", "shutil.rmtree", "shutil.move",
             "shutil.copyfile")  # fmt: skip


@dataclass(frozen=True)
class Ended:
    """How the process ended. ``late``: it was killed because its time was over."""

    code: int
    stderr: str
    late: bool


def run(module: str, arguments: Sequence[str], control: Control, seconds: float) -> Ended:
    """Runs a module of ours, which calls :func:`confine` before it opens anything; kills it after ``seconds``.

    Raises:
        Cancelled: the user has cancelled; the process has been ended.
    """
    environment = {name: value for name, value in os.environ.items() if not any(part in name for part in _SECRET)}
    environment |= {"PYTHONIOENCODING": "utf-8", "OMP_NUM_THREADS": "1", "RUST_BACKTRACE": "0"}
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            module_command(module, *arguments), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors,
            env=environment, creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )  # fmt: skip
        until, late = time.monotonic() + seconds, False
        try:
            while process.poll() is None and not late:
                control.check()
                late = time.monotonic() > until
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(_POLL)
        finally:
            if process.poll() is None and late:
                process.kill()  # it has had its time
            end(process)
        size = errors.seek(0, os.SEEK_END)
        errors.seek(max(0, size - _LAST))
        return Ended(process.wait(), errors.read().decode("utf-8", "replace"), late)


def confine(memory: int, seconds: int, folder: Path | None = None, written: int = 0) -> None:
    """Takes from this process what it does not need; there is no way back.

    Args:
        memory: bytes of address space beyond what is in use now.
        seconds: of the processor.
        folder: the only one in which files may be made or changed; none at all where there is none.
        written: bytes that one file may have.
    """
    _without_network()
    _limited(memory, seconds, written)
    sys.addaudithook(_Watch(folder).heard)


def _without_network() -> None:
    """A network of its own, in which there is nothing; where the system does not let us, the audit hook must do."""
    if sys.platform != "linux":
        return
    import ctypes

    library = ctypes.CDLL(None, use_errno=True)
    if library.unshare(_CLONE_NEWNET) != 0:
        library.unshare(_CLONE_NEWUSER | _CLONE_NEWNET)
    library.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)


def _limited(memory: int, seconds: int, written: int) -> None:
    if sys.platform == "win32":
        return
    import resource

    wanted = {resource.RLIMIT_CPU: seconds, resource.RLIMIT_FSIZE: max(written, _SAID), resource.RLIMIT_CORE: 0}
    if sys.platform == "linux":  # elsewhere the address space says nothing about memory
        wanted[resource.RLIMIT_AS] = _in_use() + memory
    for name, value in wanted.items():
        hard = resource.getrlimit(name)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(name, (value, value))


def _in_use() -> int:
    """Bytes of address space of this process."""
    import resource

    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[0]
    return int(pages) * resource.getpagesize()


class _Watch:
    """Refuses what a process that only reads a file has no reason to do."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = str(folder.resolve()) + os.sep if folder is not None else None

    def heard(self, event: str, args: tuple[Any, ...]) -> None:
        if event in _REFUSED:
            raise PermissionError(f"not allowed here: {event}")
        if event == "open":
            path, mode, flags = args
            changes = any(letter in mode for letter in "wax+") if isinstance(mode, str) else False
            changes = changes or bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC))
            if changes and not self._inside(path):
                raise PermissionError(f"not allowed here: writing to {path!r}")
        elif event in _CHANGING and not all(self._inside(item) for item in args if isinstance(item, (str, bytes))):
            raise PermissionError(f"not allowed here: {event}")

    def _inside(self, path: Any) -> bool:
        if isinstance(path, int):
            return True  # a file that is open already
        if self._folder is None:
            return False
        found = os.path.realpath(os.fsdecode(path)) if isinstance(path, (str, bytes, os.PathLike)) else ""
        return found == "/dev/null" or (found + os.sep).startswith(self._folder)

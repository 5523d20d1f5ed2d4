"""Starts our own modules in a fresh process, from an installation or from a frozen program, and ends them."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO

from tlstudio.core.control import Control

_POLL = 0.1  # seconds between two looks at the user's wishes
_LAST = 2000  # characters of the standard error that are kept
_GRACE = 2.0  # seconds between the request to end and the end


@dataclass(frozen=True)
class Ended:
    """How a process ended. ``code`` is negative where a signal killed it."""

    code: int
    stderr: str

    @property
    def reason(self) -> str:
        """The last line it wrote, or its exit code."""
        lines = [line.strip() for line in self.stderr.splitlines() if line.strip()]
        return lines[-1][:300] if lines else f"exit code {self.code}"


def module_command(module: str, *arguments: str) -> list[str]:
    """The command that runs ``module``; a frozen program has no ``-m`` and offers ``--module`` instead."""
    return [sys.executable, "--module" if getattr(sys, "frozen", False) else "-m", module, *arguments]


def run_module(module: str, arguments: Sequence[str], control: Control) -> Ended:
    """Runs a module to its end; a pause holds only the caller.

    Raises:
        Cancelled: the user has cancelled; the process has been ended.
    """
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            module_command(module, *arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            env={**os.environ, "PYTHONIOENCODING": "utf-8"},
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),  # no console flashes up on Windows
        )
        try:
            _wait(process, control)
        finally:
            end(process)
        return Ended(process.returncode, _tail(errors))


def end(process: subprocess.Popen[bytes]) -> None:
    """Ends a process that still runs: asks first, then kills."""
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(_GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _wait(process: subprocess.Popen[bytes], control: Control) -> None:
    while True:
        try:
            process.wait(_POLL)
            return
        except subprocess.TimeoutExpired:
            control.check()


def _tail(stream: IO[bytes]) -> str:
    size = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, size - _LAST))
    return stream.read().decode("utf-8", errors="replace")

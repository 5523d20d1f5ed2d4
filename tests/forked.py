"""Programs in processes forked from one that has imported the heavy libraries, which takes a fresh one seconds.

Such a process has nothing else in its memory, so what it proves of a file is the same. That programs run in really
fresh interpreters is proved in tests/export and tests/core.
"""

from __future__ import annotations

import contextlib
import io
import multiprocessing
import os
import runpy
import sys
import tempfile
import traceback
from collections.abc import Sequence
from functools import cache
from multiprocessing.context import ForkServerContext
from pathlib import Path
from subprocess import CompletedProcess

import psutil

from tlstudio.core.control import Control
from tlstudio.core.processes import Ended, run_module

POSSIBLE = hasattr(os, "fork") and "forkserver" in multiprocessing.get_all_start_methods()
_PRELOADED = ["torch", "transformers.modeling_utils", "transformers.models.auto.modeling_auto", "onnxruntime",
              "transformers.tokenization_utils_tokenizers", "tlstudio.models.scorers", "tlstudio.models.loading",
              "tlstudio.export.parity", "tests.forked"]  # fmt: skip


@cache
def _context() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_PRELOADED)
    return context


def children() -> list[psutil.Process]:
    """The processes that this one has started, without those that wait here to be forked."""
    waiting = ("multiprocessing.forkserver", "multiprocessing.resource_tracker")
    return [
        child
        for child in psutil.Process().children(recursive=True)
        if not any(name in part for part in _command(child) for name in waiting)
    ]


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:  # ended in the meantime
        return []


def module(name: str, arguments: Sequence[str], control: Control) -> Ended:
    """Like :func:`tlstudio.core.processes.run_module`."""
    if not POSSIBLE:
        return run_module(name, arguments, control)
    ended = _run(["-m", name, *arguments], "", control)
    return Ended(ended.returncode, ended.stderr)


def python(arguments: Sequence[str], lines: str = "") -> CompletedProcess[str]:
    """Like ``python <script or -c code> <arguments>`` with ``lines`` as its standard input."""
    return _run(list(arguments), lines, Control())


def _run(arguments: list[str], lines: str, control: Control) -> CompletedProcess[str]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        process = _context().Process(target=_work, args=(arguments, lines, folder, dict(os.environ), str(Path.cwd())))
        process.start()
        try:
            while process.is_alive():
                process.join(0.05)
                control.check()
        finally:
            if process.is_alive():
                process.kill()
                process.join()
        code = process.exitcode or 0
        process.close()
        texts = [(folder / part).read_text(encoding="utf-8") if (folder / part).is_file() else ""
                 for part in ("out", "err")]  # fmt: skip
    return CompletedProcess(arguments, code, *texts)


def _work(arguments: list[str], lines: str, folder: Path, environment: dict[str, str], place: str) -> None:
    """In the forked process."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(place)
    sys.stdin = io.TextIOWrapper(io.BytesIO(lines.encode("utf-8")), encoding="utf-8")  # scripts reconfigure it
    with contextlib.ExitStack() as stack:
        for part, redirect in (("out", contextlib.redirect_stdout), ("err", contextlib.redirect_stderr)):
            stack.enter_context(redirect(stack.enter_context(open(folder / part, "w", encoding="utf-8"))))
        code = _execute(arguments)
    os._exit(code)


def _execute(arguments: list[str]) -> int:
    try:
        if arguments[0] == "-m":
            sys.argv = arguments[1:]
            runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
        elif arguments[0] == "-c":
            sys.argv = ["-c", *arguments[2:]]
            exec(compile(arguments[1], "<code>", "exec"), {"__name__": "__main__"})
        else:
            sys.argv = arguments
            sys.path.insert(0, str(Path(arguments[0]).parent))
            runpy.run_path(arguments[0], run_name="__main__")
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        return 1
    return 0

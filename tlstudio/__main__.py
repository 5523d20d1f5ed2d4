"""The program: the window, the command line, the worker process, or one of our modules in a process of its own."""

from __future__ import annotations

import multiprocessing
import runpy
import sys


def main() -> int:
    """Console entry point; returns the exit code."""
    multiprocessing.freeze_support()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    arguments = sys.argv[1:]
    _use_places()
    if arguments[:1] == ["--worker"]:
        from tlstudio.worker import main as worker

        return worker()
    # a frozen program has no ``python -m``; only our own modules are run this way
    if arguments[:1] == ["--module"] and len(arguments) > 1 and arguments[1].startswith("tlstudio."):
        sys.argv = [arguments[1], *arguments[2:]]
        runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
        return 0
    if not arguments:
        return window()
    from tlstudio.cli import main as cli

    return cli(arguments)


def window() -> int:
    """Entry point without a console."""
    _use_places()
    from tlstudio.gui.app import main as gui

    return gui([sys.argv[0]])


def _use_places() -> None:
    """What the user has moved to another folder is found there; a move that was interrupted is put in order."""
    from tlstudio.core import paths

    if (paths.config_folder() / paths.JOURNAL).is_file():
        from tlstudio.session import moving

        moving.recover(remove=False)
    paths.use_moved_models()


if __name__ == "__main__":
    sys.exit(main())

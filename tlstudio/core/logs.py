"""Log files: they rotate, and hold no data. Where something went wrong stands in them, but not with which value.

An exception's text often repeats what it stumbled over, such as a cell of a table. So only its kind and the places in
the code are written, and of our own errors the code; unless the user asks for the values as well (a setting, or
``TLSTUDIO_LOG_VALUES=1``).
"""

from __future__ import annotations

import logging
import logging.handlers
import os
import traceback
from pathlib import Path
from types import TracebackType

from tlstudio.core import paths
from tlstudio.core.errors import StudioError
from tlstudio.core.redact import without_secrets

VALUES = "TLSTUDIO_LOG_VALUES"
_BYTES, _KEPT = 1 << 20, 2
_NAME = "tlstudio"

Trouble = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


def folder() -> Path:
    return paths.cache_folder("logs")


def file(name: str) -> Path:
    """The log of the window, the worker or the commands."""
    return folder() / f"{name}.log"


def begin(name: str) -> logging.Handler | None:
    """Our own messages go to a file from now on; None where it cannot be written, which must stop nothing."""
    try:
        folder().mkdir(parents=True, exist_ok=True)
        handler = _File(file(name), maxBytes=_BYTES, backupCount=_KEPT, encoding="utf-8", delay=True)
    except OSError:
        return None
    handler.setFormatter(Discreet("%(asctime)s %(process)d %(levelname)s %(message)s"))
    logger = logging.getLogger(_NAME)
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    return handler


def end(handler: logging.Handler | None) -> None:
    if handler is not None:
        logging.getLogger(_NAME).removeHandler(handler)
        handler.close()


class _File(logging.handlers.RotatingFileHandler):
    def handleError(self, record: logging.LogRecord) -> None:
        """A full disk has been told elsewhere, and a log must not fill the screen with its own troubles."""


class Discreet(logging.Formatter):
    """Writes exceptions without their texts, and nothing secret."""

    def format(self, record: logging.LogRecord) -> str:
        record.exc_text = None  # another handler may have kept it in full
        shown = super().format(record)
        record.exc_text = None
        return without_secrets(shown)

    def formatException(self, ei: Trouble) -> str:
        if os.environ.get(VALUES) == "1" or ei[1] is None:
            return super().formatException(ei)
        return "".join(_discreet(ei[1], set())).rstrip("\n")


def _discreet(error: BaseException, seen: set[int]) -> list[str]:
    """A traceback whose exceptions have no text; those behind it first, as Python writes them."""
    seen.add(id(error))
    behind = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    lines = [*_discreet(behind, seen), "which led to:\n"] if behind is not None and id(behind) not in seen else []
    name = f"{type(error).__name__} {error.code}" if isinstance(error, StudioError) else type(error).__name__
    return [*lines, *traceback.format_tb(error.__traceback__), f"{name}\n"]

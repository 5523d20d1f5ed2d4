"""Opens a hostile case and says what happened."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from tests.hostile import data, models
from tests.hostile.place import Case, Place
from tlstudio.core.errors import StudioError

CASES = (*models.CASES, *data.CASES)


@dataclass(frozen=True)
class Verdict:
    """``code``: of the error, empty where the file was opened. ``said``: its message, or what was done instead."""

    code: str
    said: str
    remedy: str
    seconds: float
    ran: bool


def judged(case: Case, folder: Path, sound: Path) -> Verdict:
    """Any exception that is not ours counts as wrong: ``code`` is its kind."""
    inner = folder / "case"
    inner.mkdir(parents=True)
    place = Place(inner, sound, folder / "canary")
    begin = time.monotonic()
    try:
        code, said, remedy = "", str(case.act(place)), ""
    except StudioError as error:
        code, said, remedy = error.code, error.message, error.remedy
    except BaseException as error:
        code, said, remedy = type(error).__name__, str(error), ""
    return Verdict(code, said, remedy, time.monotonic() - begin, place.canary.exists())

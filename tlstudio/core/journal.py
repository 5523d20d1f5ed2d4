"""``events.jsonl`` of a run that is resumed: half a line is cut off, and what will be said again is taken out."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tlstudio.core.files import atomic_write, explain_os_errors

_OF_CURVES = ("metric", "checkpoint")


def mend(path: Path) -> None:
    """Takes out what a broken process has left half written, and the end of the run, which now goes on.

    Raises:
        StudioError: the file cannot be read or written.
    """
    _kept(path, lambda _stage, event: event.get("event") != "finished")


def rewind(path: Path, stage: str, step: int) -> None:
    """Takes out the points of the curves of a stage that lie beyond a step.

    Raises:
        StudioError: the file cannot be read or written.
    """

    def stays(within: str, event: dict[str, Any]) -> bool:
        return within != stage or event.get("event") not in _OF_CURVES or int(event.get("step") or 0) <= step

    _kept(path, stays)


def finish(path: Path, finished: dict[str, Any]) -> None:
    """Says the end of a complete run whose process was killed before it could say it itself.

    Raises:
        StudioError: the file cannot be read or written.
    """
    with explain_os_errors(path):
        events = [_parsed(line) for line in path.read_bytes().splitlines(keepends=True)]
        if any(event is not None and event.get("event") == "finished" for event in events):
            return
        _kept(path, lambda _stage, _event: True)  # without half a line
        with open(path, "a", encoding="utf-8", newline="\n") as stream:
            stream.write(json.dumps(finished, ensure_ascii=False) + "\n")


def _kept(path: Path, stays: Callable[[str, dict[str, Any]], bool]) -> None:
    """Writes the file anew; it is the old one or the new one at any time."""
    if not path.is_file():
        return
    stage = ""
    with explain_os_errors(path), open(path, "rb") as old, atomic_write(path, "wb") as new:
        for line in old:
            event = _parsed(line)
            if event is None:
                continue
            if event.get("event") == "stage-started":
                stage = str(event.get("stage"))
            if stays(stage, event):
                new.write(line)


def _parsed(line: bytes) -> dict[str, Any] | None:
    if not line.endswith(b"\n"):
        return None
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) else None

"""One run while it works: its folder, its events with the time left, its results so far."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TextIO

from tlstudio.core import journal
from tlstudio.core import recipe as recipes
from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.events import (
    Checkpoint,
    Emit,
    Event,
    Finished,
    Progress,
    Result,
    Rewound,
    RunStarted,
    StageFinished,
    StageStarted,
)
from tlstudio.core.files import explain_os_errors, write_json
from tlstudio.core.locks import Lock
from tlstudio.core.recipe import Recipe
from tlstudio.core.wishes import Wishes

# Seconds that stages take on a small job; training and evaluation are corrected after the rehearsal.
_EXPECTED = {"prepare": 1.0, "adapt": 60.0, "tokenise": 1.0, "rehearse": 6.0, "train": 60.0, "evaluate": 6.0,
             "others": 15.0, "cross_validate": 240.0, "compress": 14.0, "export": 9.0, "report": 0.5}  # fmt: skip
_UNEVEN = ("compress", "export")  # their steps differ so much that the first ones say little about the rest

EVENTS, LOCK = "events.jsonl", "run.lock"  # in a run folder


class Context:
    """The state of a run. All events pass through :meth:`emit`, which writes them to ``events.jsonl``.

    A later export writes to a file of its own: a run has one terminal event. The results of a run that is resumed are
    ``known``; its events go on.
    """

    def __init__(
        self,
        recipe: Recipe,
        folder: Path,
        emit: Emit,
        control: Control,
        stages: tuple[str, ...],
        *,
        events: str = EVENTS,
        known: dict[str, Any] | None = None,
    ) -> None:
        self.recipe, self.folder, self.control, self.stages = recipe, folder, control, stages
        self.results: dict[str, Any] = {"run": folder.name, "created": time.strftime("%Y-%m-%dT%H:%M:%S%z")}
        self.results |= known or {}
        self._resumed = known is not None
        self.before: dict[str, float] = dict(self.results.get("seconds") or {})  # of stages, before a resume
        self.expected = {stage: _EXPECTED[stage] for stage in stages}
        if "export" in stages:
            self.expected["export"] = _EXPECTED["export"] * len(recipe.export)
        self.stage = ""
        self._emit = emit
        self._begin = time.monotonic() - sum(self.before.values())
        self._stage_begin = time.monotonic()
        self._fraction = 0.0
        self._file: TextIO | None = None
        self._lock = Lock(folder / LOCK, "run")
        self._wishes = Wishes(folder, control, self._lock.beat)
        with explain_os_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
            self._events = folder / events
            self._open()

    @property
    def seconds(self) -> float:
        """Working seconds since the start of the run."""
        return time.monotonic() - self._begin - self.control.paused_seconds

    def _open(self) -> None:
        self._file = open(self._events, "a", encoding="utf-8", newline="\n")  # noqa: SIM115 - see close()

    def emit(self, event: Event) -> None:
        """Writes the event and passes it on; progress gets the share and the seconds left of the whole run."""
        if isinstance(event, Progress):
            event = self._with_outlook(event)
        if isinstance(event, Rewound) and self._file is not None:
            self._rewrite(lambda: journal.rewind(self._events, self.stage, event.step))
        if self._file is not None:
            with explain_os_errors(self.folder):
                self._file.write(json.dumps(event.to_dict(), ensure_ascii=False) + "\n")
                self._file.flush()
                if isinstance(event, Checkpoint):  # what it has reached is to be in the curves after a power cut, too
                    os.fsync(self._file.fileno())
        if isinstance(event, Finished):
            self.close()  # whoever hears of the end may delete, move or export the run at once
        self._emit(event)

    def _rewrite(self, change: Callable[[], None]) -> None:
        """Lets the file of events be changed by another hand."""
        if self._file is not None:
            self._file.close()
        try:
            change()
        finally:
            with explain_os_errors(self._events):
                self._open()

    def start(self) -> None:
        self.lock()
        recipes.save(self.recipe, self.folder / "recipe.yaml")
        if self._resumed:
            self._rewrite(lambda: journal.mend(self._events))
        self.emit(RunStarted(run=self.folder.name, folder=str(self.folder), stages=self.stages, resumed=self._resumed))

    def lock(self) -> None:
        """Marks the folder as in use by this process, which from now on also hears wishes that lie in it.

        Raises:
            StudioError: another process works in it.
        """
        if self._lock.held:
            return
        try:
            self._lock.acquire()
        except StudioError:
            self.close()
            raise
        self._wishes.start()

    @contextlib.contextmanager
    def running(self, stage: str) -> Iterator[None]:
        """Marks a stage; its results are on disk when it ends."""
        self.control.check()
        self.stage, self._stage_begin = stage, time.monotonic()
        self.emit(StageStarted(stage=stage, index=self.stages.index(stage), total=len(self.stages)))
        self.control.interruptible = True
        try:
            yield
        finally:
            self.control.interruptible = False
        seconds = time.monotonic() - self._stage_begin + self.before.get(stage, 0.0)
        self.results.setdefault("seconds", {})[stage] = round(seconds, 2)
        write_json(self.folder / "results.json", self.results)
        self.emit(StageFinished(stage=stage, seconds=seconds))

    def result(self, name: str, data: Any) -> None:
        """Stores measured facts and tells them."""
        self.results[name] = data
        self.emit(Result(name=name, data=data))

    def _with_outlook(self, event: Progress) -> Progress:
        left = event.seconds_left
        if event.stage != self.stage or left is None:
            left = self._usual_left()
        elif self.stage in _UNEVEN and event.done < event.total:
            left = max(left, self._usual_left())
        later = self.stages[self.stages.index(self.stage) + 1 :] if self.stage in self.stages else ()
        left += sum(self.expected[stage] for stage in later)
        # never backwards: a bar that shrinks looks like lost work
        self._fraction = max(self._fraction, self.seconds / max(self.seconds + left, 1e-9))
        return dataclasses.replace(event, run_fraction=min(self._fraction, 1.0), run_seconds_left=left)

    def _usual_left(self) -> float:
        """Seconds of the current stage that are left if it takes as long as usual."""
        return max(self.expected.get(self.stage, 0.0) - (time.monotonic() - self._stage_begin), 0.0)

    def close(self) -> None:
        """Frees the folder for others."""
        # a full or read-only disk has been told already, and nothing may follow the terminal event
        with contextlib.suppress(OSError):
            if self._file is not None:
                self._file.close()
        self._file = None
        self._wishes.close()
        self._lock.release()

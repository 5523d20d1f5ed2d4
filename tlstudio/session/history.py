"""What a run has said so far: metric curves in growing arrays, stages, logs; written by one thread, read by others."""

from __future__ import annotations

import json
import math
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tlstudio.core.events import (
    Checkpoint,
    Event,
    Finished,
    Log,
    Metric,
    Progress,
    Rewound,
    RunStarted,
    StageFinished,
    StageStarted,
    from_dict,
)
from tlstudio.core.files import explain_os_errors

Array = NDArray[np.float64]
MAX_LOGS = 5000
PHASE_CODE = "training.phase"  # a Log with this code and the params "phase" and "step" begins a shaded band


class Series:
    """A curve that grows at its end. Rows handed out are never written again, so a view needs no copy."""

    def __init__(self) -> None:
        self._data: Array = np.empty((2, 256))
        self._size = 0

    def append(self, x: float, y: float) -> None:
        """Adds a point; an ``x`` that went back (a resumed run repeats steps) replaces what came after it."""
        if self._size and x <= self._data[0, self._size - 1]:
            self._size = int(np.searchsorted(self._data[0, : self._size], x))
            self._data = self._data.copy()
        if self._size == self._data.shape[1]:
            grown = np.empty((2, self._size * 2))
            grown[:, : self._size] = self._data
            self._data = grown
        self._data[:, self._size] = x, y
        self._size += 1

    def cut(self, after: float) -> None:
        """Takes away the points beyond an ``x``."""
        kept = int(np.searchsorted(self._data[0, : self._size], after, side="right"))
        if kept < self._size:
            self._size = kept
            self._data = self._data.copy()

    def view(self) -> tuple[Array, Array]:
        """Read-only views of shape [points] of x and y."""
        view = self._data[:, : self._size]
        view.flags.writeable = False
        return view[0], view[1]


@dataclass(frozen=True)
class Phase:
    """A part of the training, in steps; ``end`` is None while it lasts."""

    name: str
    start: float
    end: float | None = None


@dataclass(frozen=True)
class Mark:
    """The best checkpoint so far."""

    step: int
    epoch: float
    score: float | None


@dataclass(frozen=True)
class Stage:
    """``state``: waiting, running, done, failed or skipped."""

    name: str
    state: str = "waiting"
    seconds: float | None = None


@dataclass(frozen=True)
class LogLine:
    """A sentence for the user: an English template and what fills its blanks."""

    time: float
    level: str
    code: str
    message: str
    params: dict[str, Any]


@dataclass(frozen=True)
class Latest:
    """The last values of a split."""

    step: int
    epoch: float
    values: dict[str, float]


class RunHistory:
    """Everything that a window shows of one run.

    ``append`` may be called from the run's thread while another thread reads. ``version`` rises with every
    change, ``curves_version`` only with those that change a curve plot.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._series: dict[tuple[str, str], Series] = {}
        self._latest: dict[str, Latest] = {}
        self._stages: dict[str, Stage] = {}
        self._phases: list[Phase] = []
        self._logs: deque[LogLine] = deque(maxlen=MAX_LOGS)
        self._logged = 0
        self._step = 0.0
        self._resumed = False
        self.best: Mark | None = None
        self.progress: Progress | None = None
        self.finished: Finished | None = None
        self.version = 0
        self.curves_version = 0

    @classmethod
    def from_events(cls, path: Path) -> RunHistory:
        """Reads ``events.jsonl``; unknown events and damaged lines (a cut last one) are skipped.

        Raises:
            StudioError: the file cannot be read.
        """
        history = cls()
        history.read(path)
        return history

    def read(self, path: Path) -> None:
        """Takes in the events in a file, as :meth:`from_events` does."""
        for record in _records(Path(path)):
            self.append(record)

    def append(self, event: Event | dict[str, Any]) -> None:
        """Takes in an event or its dict; an unknown one changes nothing."""
        known = from_dict(event) if isinstance(event, dict) else event
        if known is None:
            return
        with self._lock:
            self._take(known)
            self.version += 1

    def snapshot(self, split: str, name: str) -> tuple[Array, Array]:
        """Steps and values of a curve, two float64 arrays of shape [points]; read-only, not copied."""
        with self._lock:
            series = self._series.get((split, name))
            return series.view() if series else (np.empty(0), np.empty(0))

    def names(self, split: str) -> list[str]:
        with self._lock:
            return [name for part, name in self._series if part == split]

    def latest(self, split: str) -> Latest | None:
        with self._lock:
            return self._latest.get(split)

    @property
    def stages(self) -> list[Stage]:
        with self._lock:
            return list(self._stages.values())

    @property
    def phases(self) -> list[Phase]:
        with self._lock:
            return list(self._phases)

    @property
    def logs(self) -> list[LogLine]:
        with self._lock:
            return list(self._logs)

    def logs_since(self, seen: int) -> tuple[int, list[LogLine]]:
        """The number of lines logged so far, and those of them after the first ``seen`` that are still kept."""
        with self._lock:
            new = min(self._logged - seen, len(self._logs))
            return self._logged, list(self._logs)[len(self._logs) - new :] if new > 0 else []

    def _take(self, event: Event) -> None:
        match event:
            case Metric():
                self._take_metric(event)
            case Checkpoint(best=True):
                self.best = Mark(event.step, event.epoch, event.score)
                self.curves_version += 1
            case Progress():
                self.progress = event
                self._begin_phase(event.detail.get("phase"), self._step)
            case Log():
                self._take_log(event)
            case RunStarted():
                self._stages = {name: Stage(name) for name in event.stages}
                self.finished = None
                self._resumed = event.resumed
            case Rewound():
                self._rewind(float(event.step))
            case StageStarted():
                self._stages[event.stage] = Stage(event.stage, "running")
                if event.stage == "train" and not self._resumed:  # then the curves are those of the training
                    self._forget_curves()
            case StageFinished():
                self._stages[event.stage] = Stage(event.stage, "done", event.seconds)
            case Finished():
                self._take_end(event)

    def _forget_curves(self) -> None:
        """The curves of an adaptation of the backbone make way for those of the training."""
        self._series.clear()
        self._latest.clear()
        self._step = 0.0
        self.curves_version += 1

    def _rewind(self, step: float) -> None:
        """A training that was broken off goes on; what had come after its last checkpoint comes again."""
        for series in self._series.values():
            series.cut(step)
        self._latest = {split: last for split, last in self._latest.items() if last.step <= step}
        self._phases = [replace(phase, end=None if phase.end is None or phase.end > step else phase.end)
                        for phase in self._phases if phase.start <= step]  # fmt: skip
        if self.best is not None and self.best.step > step:
            self.best = None
        self._step = step
        self.curves_version += 1

    def _take_metric(self, event: Metric) -> None:
        values = {name: _number(value) for name, value in event.values.items()}
        for name, value in values.items():
            self._series.setdefault((event.split, name), Series()).append(float(event.step), value)
        self._latest[event.split] = Latest(event.step, event.epoch, values)
        self._step = float(event.step)
        self.curves_version += 1

    def _take_log(self, event: Log) -> None:
        self._logs.append(LogLine(event.time, event.level, event.code, event.message, event.params))
        self._logged += 1
        if event.code == PHASE_CODE:
            self._begin_phase(event.params.get("phase"), _number(event.params.get("step", self._step)))

    def _begin_phase(self, name: Any, step: float) -> None:
        if not name or (self._phases and self._phases[-1].name == name):
            return
        self._close_phase(step)
        self._phases.append(Phase(str(name), step))
        self.curves_version += 1

    def _close_phase(self, step: float) -> None:
        if self._phases and self._phases[-1].end is None:
            self._phases[-1] = replace(self._phases[-1], end=step)

    def _take_end(self, event: Finished) -> None:
        self.finished = event
        self._close_phase(self._step)
        self.curves_version += 1
        broken = "failed" if event.outcome == "failed" else "skipped"
        left = {"running": broken, "waiting": "skipped"}
        self._stages = {
            name: replace(stage, state=left.get(stage.state, stage.state)) for name, stage in self._stages.items()
        }


def _number(value: Any) -> float:
    """The value as a float; NaN for what is none (JSON writers turn a NaN into null or a word)."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return math.nan


def _records(path: Path) -> Iterator[dict[str, Any]]:
    with explain_os_errors(path), open(path, "rb") as stream:
        for line in stream:
            try:
                record = json.loads(line)
            except ValueError:  # a cut or damaged line: the rest of the run is still worth showing
                continue
            if isinstance(record, dict):
                yield record

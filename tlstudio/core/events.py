"""What a run says while it works: frozen, JSON-serialisable, one object a line.

A reader ignores fields and event types that it does not know, so an older window can read a newer run.
Exactly one :class:`Finished` ends a run.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar

PROTOCOL_VERSION = 1


@dataclass(frozen=True, kw_only=True)
class Event:
    """Base of all events. ``time`` is seconds since the epoch."""

    kind: ClassVar[str] = "event"
    time: float = field(default_factory=time.time)

    def to_dict(self) -> dict[str, Any]:
        return {"event": self.kind, **dataclasses.asdict(self)}


@dataclass(frozen=True, kw_only=True)
class RunStarted(Event):
    """A run has its folder. ``stages`` lists the stages to come, in order.

    A run that is ``resumed`` says so; what it had said before still counts.
    """

    kind: ClassVar[str] = "run-started"
    run: str
    folder: str
    stages: tuple[str, ...]
    resumed: bool = False


@dataclass(frozen=True, kw_only=True)
class StageStarted(Event):
    kind: ClassVar[str] = "stage-started"
    stage: str
    index: int
    total: int


@dataclass(frozen=True, kw_only=True)
class StageFinished(Event):
    kind: ClassVar[str] = "stage-finished"
    stage: str
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Progress(Event):
    """How far a stage is. ``seconds_left`` is for the stage, ``run_seconds_left`` for everything to come.

    ``run_fraction`` is the share of the whole run that is done, in [0, 1].
    """

    kind: ClassVar[str] = "progress"
    stage: str
    done: float
    total: float
    unit: str = ""
    seconds_left: float | None = None
    run_fraction: float | None = None
    run_seconds_left: float | None = None
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Metric(Event):
    """Values at one optimiser step. ``split`` is ``train`` or ``validation``; ``epoch`` is fractional."""

    kind: ClassVar[str] = "metric"
    split: str
    step: int
    epoch: float
    values: dict[str, float]


@dataclass(frozen=True, kw_only=True)
class Rewound(Event):
    """The training goes on after ``step``: what the curves have later is void, and comes anew."""

    kind: ClassVar[str] = "rewound"
    step: int


@dataclass(frozen=True, kw_only=True)
class Log(Event):
    """A sentence for the user: ``message`` is an English template, ``params`` fill its blanks."""

    kind: ClassVar[str] = "log"
    code: str
    message: str
    params: dict[str, Any] = field(default_factory=dict)
    level: str = "info"


@dataclass(frozen=True, kw_only=True)
class Checkpoint(Event):
    kind: ClassVar[str] = "checkpoint"
    step: int
    epoch: float
    path: str
    best: bool
    score: float | None = None


@dataclass(frozen=True, kw_only=True)
class Artifact(Event):
    """A file or folder that the run leaves. ``path`` is relative to the run folder."""

    kind: ClassVar[str] = "artifact"
    name: str
    path: str
    bytes: int


@dataclass(frozen=True, kw_only=True)
class Result(Event):
    """Measured facts: ``name`` is a key of ``results.json`` (``baseline``, ``test``, ``stages``, ``exports`` …)."""

    kind: ClassVar[str] = "result"
    name: str
    data: Any


@dataclass(frozen=True, kw_only=True)
class Finished(Event):
    """The one terminal event of a run, unless it is resumed.

    ``outcome``: ``completed``, ``stopped`` (best kept), ``cancelled``, ``interrupted`` (can be resumed) or ``failed``.
    """

    kind: ClassVar[str] = "finished"
    outcome: str
    seconds: float
    error: dict[str, Any] | None = None


Emit = Callable[[Event], None]

_KINDS: dict[str, type[Event]] = {cls.kind: cls for cls in Event.__subclasses__()}


def from_dict(data: dict[str, Any]) -> Event | None:
    """Rebuilds an event; unknown fields are dropped, an unknown or incomplete event gives None."""
    cls = _KINDS.get(data.get("event", ""))
    if cls is None:
        return None
    known = {f.name for f in dataclasses.fields(cls)}
    values: dict[str, Any] = {
        key: tuple(value) if key == "stages" else value for key, value in data.items() if key in known
    }
    try:
        return cls(**values)
    except TypeError:
        return None


def log(emit: Emit, code: str, message: str, level: str = "info", **params: Any) -> None:
    """Emits a :class:`Log`; the one-line way to tell the user something."""
    emit(Log(code=code, message=message, params=params, level=level))

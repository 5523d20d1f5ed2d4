"""The one-line summary of a run folder, from its results or, for a run that has none, from its recipe and events."""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import dataclass, fields, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from tlstudio.core.locks import holder
from tlstudio.core.plain_yaml import plain_yaml
from tlstudio.session import run_notes

LOCK = "run.lock"
_MARKS = ("recipe.yaml", "results.json", "events.jsonl")
_TAIL = 8192
_FIRST_METRIC = "accuracy"  # of runs that were made when there was one task
FINAL = ("completed", "stopped", "cancelled", "failed")


@dataclass(frozen=True)
class RunSummary:
    """What a list shows of a run. Sizes in bytes, ``created`` in ISO 8601, the score with its 95 % interval.

    ``title`` is the name of the data, empty if it is not known. ``metric`` is the name of the task's main metric in
    ``tlstudio.metrics.names``, empty for a run without results; scores compare only where it is the same.
    ``outcome`` is completed, stopped, cancelled, failed, running, interrupted (its process is gone) or damaged.
    ``lineage`` are the ids of the runs that led to the model it began with, the first one first. ``tags``, ``note`` and
    ``star`` are the user's.
    """

    id: str
    folder: str
    created: str
    title: str
    model: str = ""
    strategy: str = ""
    task: str = ""
    outcome: str = "interrupted"
    metric: str = ""
    score: float | None = None
    score_low: float | None = None
    score_high: float | None = None
    bytes: int | None = None
    compressed_bytes: int | None = None
    seconds: float | None = None
    lineage: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    note: str = ""
    star: bool = False

    @property
    def final(self) -> bool:
        return self.outcome in FINAL

    @classmethod
    def from_dict(cls, data: dict[str, Any], folder: str) -> RunSummary:
        """Rebuilds a summary; ``folder`` wins, because a folder of runs may have been moved.

        Raises:
            TypeError: a field is missing.
        """
        known = {key: value for key, value in data.items() if key in _FIELDS}
        return cls(**known | {"folder": folder, **{key: tuple(known.get(key) or ()) for key in ("lineage", "tags")}})


_FIELDS = frozenset(field.name for field in fields(RunSummary))


def is_run(folder: Path) -> bool:
    return any((folder / mark).is_file() for mark in _MARKS)


def is_running(folder: Path) -> bool:
    """Whether a live process works in the folder; see :mod:`tlstudio.core.locks`."""
    return holder(folder / LOCK) is not None


def summarise(folder: Path) -> RunSummary:
    """Reads a run folder; a damaged one still gives a summary, so that it can be seen and deleted."""
    own = run_notes.read(folder)
    summary = RunSummary(id=folder.name, folder=str(folder), created=_created(folder), title="", tags=own.tags,
                         note=own.note, star=own.star)  # fmt: skip
    try:
        if (folder / "results.json").is_file():
            summary = _from_results(summary, _mapping(json.loads((folder / "results.json").read_text("utf-8"))))
        else:
            summary = _from_recipe(summary, folder / "recipe.yaml")
    except (OSError, ValueError, TypeError, AttributeError, LookupError, RecursionError, yaml.YAMLError):
        summary = replace(summary, outcome="damaged")
    if is_running(folder):
        return replace(summary, outcome="running")
    return summary if summary.outcome in (*FINAL, "damaged") else _with_end(summary, folder / "events.jsonl")


def _created(folder: Path) -> str:
    """The time in the folder's name, or else the folder's time of change."""
    with contextlib.suppress(ValueError):
        return datetime.strptime(folder.name[:15], "%Y%m%d-%H%M%S").astimezone().isoformat()
    return datetime.fromtimestamp(folder.stat().st_mtime).astimezone().isoformat(timespec="seconds")


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _from_results(summary: RunSummary, results: dict[str, Any]) -> RunSummary:
    metrics = _mapping(_mapping(results.get("test")).get("metrics"))
    metric = str(results.get("headline") or _FIRST_METRIC)
    score = _mapping(metrics.get(metric))
    training = _mapping(results.get("training"))
    stages = [stage for stage in results.get("stages") or [] if isinstance(stage, dict)]
    return replace(
        summary,
        created=str(results.get("created") or summary.created),
        title=_title(str(_mapping(results.get("data")).get("path") or "")),
        model=str(_mapping(results.get("model")).get("name") or ""),
        lineage=_lineage(_mapping(results.get("model")).get("lineage")),
        strategy=str(training.get("strategy_title") or training.get("strategy") or ""),
        task=str(results.get("task") or ""),
        outcome=str(results.get("outcome") or "interrupted"),
        metric=metric,
        score=score.get("value"),
        score_low=score.get("low"),
        score_high=score.get("high"),
        bytes=next((stage.get("bytes") for stage in stages if stage.get("name") == "trained"), None),
        compressed_bytes=min(
            (s["bytes"] for s in stages if s.get("name") != "trained" and s.get("bytes")), default=None
        ),
        seconds=_seconds(results.get("seconds")),
    )


def _seconds(value: Any) -> float | None:
    """The whole time: results hold seconds for each stage."""
    if isinstance(value, dict):
        return float(value["total"] if "total" in value else sum(value.values())) if value else None
    return float(value) if value is not None else None


def _from_recipe(summary: RunSummary, path: Path) -> RunSummary:
    """From the recipe, read leniently: it may be of a newer version."""
    if not path.is_file():
        return summary
    data = _mapping(plain_yaml(path.read_text(encoding="utf-8")))
    model = _mapping(data.get("model"))
    name = str(model.get("name") or "")
    return replace(
        summary,
        title=_title(str(_mapping(data.get("data")).get("path") or "")),
        model=name,
        lineage=(name.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1],)
        if name and model.get("source") == "run"
        else (),
        strategy=str(_mapping(data.get("strategy")).get("name") or ""),
        task=str(_mapping(data.get("task")).get("name") or ""),
    )


def _lineage(steps: Any) -> tuple[str, ...]:
    named = [str(step["run"]) for step in steps or () if isinstance(step, dict) and step.get("run")]
    return tuple(named)


def _title(data_path: str) -> str:
    """The name of the data file without its ending, whatever system wrote the path."""
    return data_path.replace("\\", "/").rsplit("/", 1)[-1].rsplit(".", 1)[0]


def _with_end(summary: RunSummary, path: Path) -> RunSummary:
    """The summary with the outcome of the terminal event, if the run reached one."""
    try:
        with open(path, "rb") as stream:
            stream.seek(max(os.fstat(stream.fileno()).st_size - _TAIL, 0))
            lines = stream.read().splitlines()
    except OSError:
        return summary
    for line in reversed(lines):
        if b'"finished"' not in line:
            continue
        with contextlib.suppress(ValueError, TypeError):
            event = _mapping(json.loads(line))
            return replace(summary, outcome=str(event["outcome"]), seconds=_seconds(event.get("seconds")))
    return summary

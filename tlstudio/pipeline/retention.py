"""What a chain of runs has kept of its earlier tasks: the matrix task × time, and what is read from it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tlstudio.core.errors import StudioError
from tlstudio.core.events import log
from tlstudio.core.files import read_json
from tlstudio.models import earlier
from tlstudio.pipeline.context import Context

Row = list[float | None]


def matrix(context: Context, tasks: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The retention of a run that learns on: each run of the chain tested on each task so far.

    Args:
        context: of the run, with its test.
        tasks: the earlier tasks as this run answers them, see :class:`tlstudio.pipeline.others.Others`.

    Returns:
        ``tasks`` and ``runs`` by name in the order of learning, ``metric``, ``values`` (run × task, None where a task
        was not yet learnt or not tested), ``backward`` transfer, the mean of what later tasks changed at earlier ones
        (Lopez-Paz & Ranzato, 2017, eq. 3; below 0 is forgetting), ``forward``, which is None where it was not
        measured, and ``method``.
    """
    own = context.results["headline"]
    columns = [*(task["name"] for task in tasks), context.folder.name]
    last: Row = [task["metrics"][task["headline"]]["value"] for task in tasks]
    last.append(context.results["test"]["metrics"][own]["value"])
    values = [*(_row(task, columns) for task in tasks), last]
    backward = _backward(values)
    if backward is not None:
        log(context.emit, "retention.backward", "Earlier tasks changed by {points} points on average (backward "
            "transfer).", points=round(100 * backward, 1))  # fmt: skip
    return {
        "tasks": columns,
        "runs": columns,
        "metric": own,
        "values": values,
        "backward": backward,
        "forward": _forward(context, tasks),
        "method": str(context.recipe.strategy.options.get("method") or "replay"),
    }


def _row(task: dict[str, Any], columns: Sequence[str]) -> Row:
    """What an earlier run reached at the tasks that it knew."""
    results = _results(task["place"])
    known = results.get("retention") or {}
    values = dict(zip(known.get("tasks", ()), (known.get("values") or [[]])[-1], strict=False))
    metrics = (results.get("test") or {}).get("metrics") or {}
    values.setdefault(task["name"], (metrics.get(results.get("headline")) or {}).get("value"))
    return [values.get(name) for name in columns]


def _results(place: str) -> dict[str, Any]:
    try:
        path = earlier.model_folder(place).parent / "results.json"
    except StudioError:
        return {}
    found = read_json(path) if path.is_file() else {}
    return found if isinstance(found, dict) else {}


def _backward(values: Sequence[Row]) -> float | None:
    """Mean over earlier tasks of the last value less the one when it had just been learnt."""
    pairs = [(values[-1][at], values[at][at]) for at in range(len(values) - 1)]
    return _mean([last - then for last, then in pairs if last is not None and then is not None])


def _forward(context: Context, tasks: Sequence[dict[str, Any]]) -> float | None:
    """Mean over all tasks but the first of what the runs before had brought to a task before it was learnt."""
    before = [(_results(task["place"]).get("head_start") or {}).get("gain") for task in tasks[1:]]
    return _mean([*before, (context.results.get("head_start") or {}).get("gain")])


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None

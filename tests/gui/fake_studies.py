"""A worker that searches, ablates and weighs forms as slowly as a test wants, with answers like the real jobs'."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from typing import Any

from tests.gui import fake_frontier
from tests.gui.fake import FakeRunner
from tlstudio.core.recipe import from_dict
from tlstudio.pipeline import spaces

_NAMES = {"search": "trial", "ablate": "variant", "frontier": "frontier-point"}
_STATES = ("complete", "complete", "pruned", "complete", "time")


class StudyRunner(FakeRunner):
    """Steps through a study whenever ``go`` says so; hears stop and cancel between two steps."""

    def __init__(self, answers: dict[str, Any], pace: float = 0.0, hold: Callable[[], bool] = lambda: False) -> None:
        super().__init__(answers, pace)
        self._hold = hold

    def lines(self) -> Iterator[dict[str, Any]]:
        job, args = self.asked[-1]
        if job not in _NAMES:
            yield from super().lines()
            return
        if (error := self.answers.get(f"{job}-error")) is not None:
            yield {"event": "error", "id": self._id, "error": error}
            return
        steps, word = _STEPS[job](args), ""
        found: list[dict[str, Any]] = []
        for number, (progress, result) in enumerate(steps):
            while self._hold() and not word:
                time.sleep(0.005)
                word = self._word()
            word = word or self._word()
            if word:
                break
            done, total = progress
            known = {"stage": job, "done": done, "total": total, "unit": "", "seconds_left": total - done}
            detail = {"trial": result.get("number", -1)}
            yield {"event": "progress", **known, "detail": detail, "time": 1.0, "id": self._id}
            yield {"event": "result", "name": _NAMES[job], "data": result, "time": 1.0, "id": self._id}
            found.append(result)
            time.sleep(self.pace * (number > 0))
        if word in ("cancel", "kill"):
            yield {"event": "cancelled", "id": self._id}
            return
        yield {"event": "reply", "id": self._id, "data": _answer(job, args, found, bool(word))}


def _answer(job: str, args: dict[str, Any], found: list[dict[str, Any]], stopped: bool) -> dict[str, Any]:
    if job == "frontier":
        return fake_frontier.answer(found, args["budget"], finished=not stopped)
    return search_answer(args, found) if job == "search" else ablate_answer(found)


# --- a search


def _searched(args: dict[str, Any]) -> Iterator[tuple[tuple[float, float], dict[str, Any]]]:
    recipe = from_dict(args["recipe"])
    space = spaces.parse(args["vary"], recipe)
    count = args.get("trials") or 12
    for number in range(-1, count if args["minutes"] else -1):
        values = {} if number < 0 else {item.field: _drawn(item, number) for item in space}
        state = "complete" if number < 0 else _STATES[number % len(_STATES)]
        value = 0.7 + 0.15 * math.sin(number * 1.7) + 0.006 * number
        entry = {"number": number, "values": values, "value": value if state == "complete" else None, "state": state,
                 "curve": [[1, value - 0.05], [2, value]], "error": None, "seconds": 12.5 + number}  # fmt: skip
        yield (number + 1.0, count + 1.0), entry


def _drawn(item: spaces.Dimension, number: int) -> Any:
    if item.kind == "choice":
        return item.choices[number % len(item.choices)]
    share = (number * 0.37) % 1
    low, high = item.low or 0.0, item.high or 0.0
    value = low * (high / low) ** share if item.log else low + share * (high - low)
    return round(value) if item.kind == "int" else value


def search_answer(args: dict[str, Any], found: list[dict[str, Any]]) -> dict[str, Any]:
    """As :func:`tlstudio.pipeline.searching.search` gives it."""
    done = [entry for entry in found if entry["state"] == "complete"]
    best = max(done, key=lambda entry: entry["value"], default=None)
    space = spaces.parse(args["vary"], from_dict(args["recipe"]))
    return {
        "folder": args.get("folder") or "/searches/one", "metric": "macro_f1", "title": "Macro F1", "lower": False,
        "share": True, "space": [item.to_dict() for item in space], "trials": [e for e in found if e["number"] >= 0],
        "base": next((entry for entry in found if entry["number"] < 0), None), "best": best, "recipe": None,
        "importances": {item.field: 0.8 for item in space[:1]}, "seconds": 60.0,
        "reasons": [{"code": "search.flatters", "message": "The best of {count} flatters itself.",
                     "params": {"count": len(found)}}],
    }  # fmt: skip


# --- an ablation


def _ablated(args: dict[str, Any]) -> Iterator[tuple[tuple[float, float], dict[str, Any]]]:
    changes: list[dict[str, Any]] = [{}, *(dict.fromkeys(text.split("+")) for text in args["without"])]
    for text in args["vary"]:
        path, _separator, values = text.partition("=")
        changes += [{path: spaces.value_of(value)} for value in values.split("|")]
    total = len(changes) * args["seeds"]
    for place in range(total):
        change, seed = changes[place % len(changes)], 7 + place // len(changes)
        title = ", ".join(f"without {path}" if value is None else f"{path}={value}" for path, value in change.items())
        value = 0.9 - 0.02 * (place % len(changes)) + 0.004 * (seed - 7)
        yield (place, total), {"title": title, "changes": change, "seed": seed, "run": f"/runs/{place}", "value": value}


def ablate_answer(found: list[dict[str, Any]]) -> dict[str, Any]:
    """As :func:`tlstudio.pipeline.ablating.ablate` gives it."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for item in found:
        groups.setdefault(item["title"], []).append(item)
    variants = []
    for place, (title, items) in enumerate(groups.items()):
        values = [item["value"] for item in items]
        gap = {"value": -0.02 * place, "low": -0.02 * place - 0.015, "high": -0.02 * place + 0.025}
        variants.append({
            "title": title, "changes": items[0]["changes"], "runs": [item["run"] for item in items], "values": values,
            "mean": sum(values) / len(values), "sd": 0.004 if len(values) > 1 else None,
            "difference": gap if place else None, "only_variant": None, "only_recipe": None, "error": None,
        })  # fmt: skip
    about = {"headline": "accuracy", "title": "Accuracy", "lower": False, "share": True, "rows": 160, "reasons": []}
    return {**about, "seeds": sorted({item["seed"] for item in found}), "variants": variants, "seconds": 9.0}


# --- a search for a trade-off


def _weighed(args: dict[str, Any]) -> Iterator[tuple[tuple[float, float], dict[str, Any]]]:
    points = fake_frontier.points(args["budget"])
    for number, point in enumerate(points):
        yield (number, len(points)), point


_STEPS = {"search": _searched, "ablate": _ablated, "frontier": _weighed}

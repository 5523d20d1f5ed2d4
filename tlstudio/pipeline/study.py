"""What a search over chains of compression steps has found, in the folder ``frontier`` of a run."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tlstudio.core.errors import StudioError
from tlstudio.core.files import read_json, sha256, write_json
from tlstudio.core.reasons import Reason, reason
from tlstudio.core.recipe import Choice
from tlstudio.pipeline import chains
from tlstudio.pipeline.budget import Budget, Point, latency_key
from tlstudio.pipeline.measuring import machine

FOLDER, STUDY, NODES = "frontier", "study.json", "nodes"


def clean(folder: Path) -> None:
    """Deletes the models of a study; what was measured stays, and a model that is chosen later is made again."""
    shutil.rmtree(nodes_of(folder), ignore_errors=True)


def read(folder: Path) -> dict[str, Any] | None:
    """What the study of a run has found so far; None where there is none."""
    path = folder / FOLDER / STUDY
    return read_json(path)["result"] if path.is_file() else None


def point_of(folder: Path, key: str) -> Point:
    """A measured point by its key or a unique beginning of it.

    Raises:
        StudioError: there is none, or several.
    """
    study = read(folder) or {"points": [], "reference": None}
    points = [point for point in study["points"] if point["status"] == "measured"]
    points += [study["reference"]] if study["reference"] else []
    found = [point for point in points if key and str(point["key"]).startswith(key)]
    if len(found) != 1:
        raise StudioError(
            "frontier.no-point", "The run {run} has no measured point '{key}'.",
            "Explore the frontier first; 'tlstudio frontier' lists its points.", run=folder.name, key=key,
        )  # fmt: skip
    return found[0]


def nodes_of(folder: Path) -> Path:
    return folder / FOLDER / NODES


def hash_of(model: Path) -> str:
    """Hash of the weights of a model folder."""
    return "-".join(sha256(path) for path in sorted(model.glob("*.safetensors")))


def note_choice(folder: Path, key: str) -> None:
    """Notes which point has become the result of its run."""
    path = folder / FOLDER / STUDY
    known = read_json(path)
    known["result"]["chosen"] = key
    write_json(path, known)


@dataclass
class Study:
    """What is known of the chains of a run, on disk after each of them.

    Attributes:
        folder: of the run.
        budget: of the user.
        weights: hash of the trained model.
    """

    folder: Path
    budget: Budget
    weights: str

    def __post_init__(self) -> None:
        self.machine = machine()
        self.reference: Point | None = None
        self.points: dict[str, Point] = {}
        self.seconds, self.chosen = 0.0, None
        self.facts: dict[str, Any] = {}
        self._path = self.folder / FOLDER / STUDY
        last = _read(self._path)
        if last and last["about"].get("weights") != self.weights:
            clean(self.folder)  # they are of another training
        same = [known for known in (last, _read(self._aside(self._about()))) if known.get("about") == self._about()]
        if same:
            result = same[0]["result"]
            self.reference, self.seconds, self.chosen = result["reference"], result["seconds"], result["chosen"]
            self.points = {point["key"]: point for point in result["points"] if point["status"] == "measured"}

    def _about(self) -> dict[str, Any]:
        """What measurements may be compared within: another machine takes other times."""
        same = {name: self.machine[name] for name in ("processor", "cores", "threads")}
        return {"weights": self.weights, "length": self.budget.length, **same}

    def measured(self) -> list[Point]:
        return [point for point in self.points.values() if point["status"] == "measured"]

    def result(self, finished: bool, seconds: float) -> dict[str, Any]:
        assert self.reference is not None
        lower = self.facts["lower"]
        mark_pareto([self.reference, *self.measured()], lower)
        for point in (self.reference, *self.measured()):
            point["within_budget"] = self.budget.holds(point)
        best = best_of(self.measured(), latency_key(self.budget.batch, self.budget.threads))
        return {
            "machine": self.machine, **self.facts, "reference": self.reference, "points": list(self.points.values()),
            "best": best, "chosen": self.chosen, "budget": self.budget.model_dump(), "finished": finished,
            "reasons": self._reasons(best), "seconds": round(self.seconds + seconds, 1),
        }  # fmt: skip

    def _reasons(self, best: str | None) -> list[Reason]:
        assert self.reference is not None
        rows = reason("frontier.rows", "Measured on {rows} validation rows; the chosen form is then tested on the test "
                      "rows.", rows=self.facts["rows"])  # fmt: skip
        if best is None:
            return [reason("frontier.none", "No form of the model is within the budget."), rows]
        point = self.points[best]
        times = point["latency"][latency_key(self.budget.batch, self.budget.threads)]
        return [reason(
            "frontier.best", "{title}: {percent:.1f} % of the size and {time:.1f} % of the time of the trained model, "
            "{lost:+.2f} % of its score lost.", title=point["title"],
            percent=100 * point["bytes"] / self.reference["bytes"], time=100 * times["ratio"],
            lost=100 * point["lost"]), rows]  # fmt: skip

    def save(self, result: dict[str, Any]) -> None:
        """Writes it; one of the same model at another length or on another machine is put aside, to be gone on with."""
        about, last = self._about(), _read(self._path)
        if last and last["about"] != about and last["about"].get("weights") == self.weights:
            write_json(self._aside(last["about"]), last)
        write_json(self._path, {"about": about, "result": result})

    def _aside(self, about: dict[str, Any]) -> Path:
        """Where a study lies that is not the last one."""
        text = json.dumps(about, sort_keys=True)
        return self._path.with_name(f"study-{hashlib.sha256(text.encode()).hexdigest()[:12]}.json")

    def tidy(self) -> None:
        """Deletes models that no point of the frontier needs."""
        kept = set()
        for point in self.measured():
            if point["pareto"] or point["within_budget"]:
                steps = [Choice.model_validate(step) for step in point["steps"]]
                kept |= {chains.key_of(self.weights, steps[: count + 1]) for count in range(len(steps))}
        for node in nodes_of(self.folder).glob("*"):
            if node.name not in kept:
                shutil.rmtree(node, ignore_errors=True)


def _read(path: Path) -> dict[str, Any]:
    """A stored study; empty where there is none."""
    return read_json(path) if path.is_file() else {}


def mark_pareto(points: Sequence[Point], lower: bool) -> None:
    """Marks the points that no other beats or equals in score, size and time, and beats in one of them."""
    costs = [(point["score"] if lower else -point["score"], point["bytes"], point["latency"]["1"]["ratio"])
             for point in points]  # fmt: skip
    for point, own in zip(points, costs, strict=True):
        point["pareto"] = not any(
            other != own and all(one <= two for one, two in zip(other, own, strict=True)) for other in costs
        )


def best_of(points: Sequence[Point], time: str) -> str | None:
    """The key of the point within the budget with the smallest product of size and time; None where there is none.

    Args:
        points: measured ones.
        time: which of their latencies counts.
    """
    within = [point for point in points if point["within_budget"]]

    def cost(point: Point) -> float:
        return float(point["bytes"] * point["latency"][time]["ratio"])

    return min(within, key=cost)["key"] if within else None

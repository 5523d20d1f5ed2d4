"""What earlier runs have left: the model of one, and from which runs it came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tlstudio.core.errors import StudioError
from tlstudio.core.files import expand, read_json
from tlstudio.core.paths import runs_folder

_MODEL, _RESULTS, _RECIPE = "model", "results.json", "recipe.yaml"
_MARKS = (_RECIPE, _RESULTS, "events.jsonl")  # of a run folder


def model_folder(place: str, where: str = "model.name") -> Path:
    """The folder of the model that a run has trained.

    Args:
        place: name of a run in the usual folder, folder of a run, or folder of a model.
        where: the field of the recipe that names it.

    Raises:
        StudioError: there is no such run, or it has no model.
    """
    path = expand(place)
    if path.name == place and not path.is_dir():
        path = runs_folder() / place
    if (path / "config.json").is_file():
        return path
    if (path / _MODEL / "config.json").is_file():
        return path / _MODEL
    if any((path / mark).is_file() for mark in _MARKS):
        raise StudioError(
            "model.run-without-model", "The run {run} has no trained model: it was cancelled, failed, or goes on.",
            "Choose a run that was completed.", where=where, run=path.name,
        )  # fmt: skip
    raise StudioError(
        "model.no-run", "There is no run {run}.", "Choose one of the list that 'tlstudio runs list' prints, or the "
        "folder of a run.", where=where, run=place,
    )  # fmt: skip


def recipe_file(place: str, where: str = "strategy.others") -> Path:
    """The recipe that a place names: a recipe file, or that of a run by name or folder.

    Raises:
        StudioError: there is none.
    """
    path = expand(place)
    if path.suffix not in (".yaml", ".yml"):
        folder = path if path.name != place or path.is_dir() else runs_folder() / place
        path = folder / _RECIPE
    if path.is_file():
        return path
    raise StudioError(
        "model.no-other", "There is no run or recipe {place}.", "Choose one of the list that 'tlstudio runs list' "
        "prints, the folder of a run, or a recipe file.", where=where, place=place,
    )  # fmt: skip


def name_of(folder: Path) -> str:
    """What the model in a folder is called: as its run, where it lies in one."""
    return folder.parent.name if _run_of(folder) else folder.name


def facts_of(folder: Path) -> dict[str, Any]:
    """``results["model"]`` of the run that has trained the model in a folder; empty where none is known."""
    found = _results(folder).get("model")
    return found if isinstance(found, dict) else {}


def lineage(folder: Path) -> list[dict[str, str]]:
    """The runs that led to the model in a folder, the first one first: ``[{"run", "task", "backbone"}]``.

    ``data_licence`` is that of the data that a run has learnt from, where it is known.
    """
    results, facts = _results(folder), facts_of(folder)
    if not facts:
        return []
    own = {"run": name_of(folder), "task": str(results.get("task") or ""), "backbone": str(facts.get("name") or "")}
    if licence := str((results.get("data") or {}).get("licence") or ""):
        own["data_licence"] = licence
    return [*(facts.get("lineage") or []), own]


def places(folder: Path, steps: Sequence[Mapping[str, str]]) -> tuple[str, ...]:
    """Where the runs of the lineage of the model in a folder are: beside its own run, or else by their names."""
    beside = folder.parent.parent
    return tuple(str(beside / step["run"]) if (beside / step["run"]).is_dir() else step["run"] for step in steps)


def _run_of(folder: Path) -> bool:
    return folder.name == _MODEL and any((folder.parent / mark).is_file() for mark in _MARKS)


def _results(folder: Path) -> dict[str, Any]:
    path = folder.parent / _RESULTS
    found = read_json(path) if folder.name == _MODEL and path.is_file() else {}
    return found if isinstance(found, dict) else {}


def told(steps: Any) -> str:
    """A lineage on one line: the backbone, then what it learnt in which run."""
    if not steps:
        return ""
    learnt = [f"{step['task']} (run {step['run']}{_terms(step)})" for step in steps]
    return " → ".join([steps[0]["backbone"], *learnt])


def _terms(step: Mapping[str, str]) -> str:
    licence = step.get("data_licence")
    return f", data under {licence}" if licence else ""

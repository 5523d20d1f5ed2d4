"""Any number of runs side by side: where their recipes differ, their metrics, and which differences are real."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from tlstudio.core.errors import StudioError
from tlstudio.core.files import explain_os_errors, read_json
from tlstudio.core.plain_yaml import plain_yaml
from tlstudio.evaluation import paired
from tlstudio.metrics import names

Check = Callable[[], None]
LEVEL = 0.05
_RECIPE, _RESULTS = "recipe.yaml", "results.json"
_SHOWN = 200  # characters of a value


@dataclass(frozen=True)
class Difference:
    """How a run differs from the reference on the test rows that both have.

    ``low`` to ``high`` is the 95 % interval of the paired bootstrap; ``p`` is raised for the number of comparisons
    (Holm). ``verdict`` is better or worse where both the interval and the test say so, else chance; unknown where
    nothing can be compared, which ``reason`` says.
    """

    run: str
    rows: int = 0
    value: float | None = None
    low: float | None = None
    high: float | None = None
    only_reference: int = 0
    only_run: int = 0
    p: float | None = None
    test: str = ""
    verdict: str = "unknown"
    reason: StudioError | None = field(default=None, compare=False)

    def to_dict(self) -> dict[str, Any]:
        own = {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "reason"}
        return own | {"reason": self.reason.to_dict() if self.reason else None}


@dataclass(frozen=True)
class Comparison:
    """Runs beside each other, the first one is the reference.

    Attributes:
        runs: their ids.
        parameters: the fields of the recipes that differ, each with a text for each run (empty where it has none).
        same: how many fields are the same in all.
        metrics: each with its value and interval in each run, None where it was not measured; main metrics first.
        differences: of every other run to the reference.
    """

    runs: tuple[str, ...]
    parameters: tuple[tuple[str, tuple[str, ...]], ...]
    same: int
    metrics: tuple[tuple[str, tuple[dict[str, Any] | None, ...]], ...]
    differences: tuple[Difference, ...]

    def to_dict(self) -> dict[str, Any]:
        return {
            "runs": list(self.runs),
            "parameters": {name: list(values) for name, values in self.parameters},
            "same": self.same,
            "metrics": {name: list(values) for name, values in self.metrics},
            "differences": [item.to_dict() for item in self.differences],
        }


def compare(folders: Sequence[Path], check: Check | None = None) -> Comparison:
    """Compares runs with the first of them.

    Raises:
        StudioError: fewer than two runs are given.
        Cancelled: ``check`` says so.
    """
    if len(set(folders)) < 2:
        raise StudioError("runs.too-few", "There is nothing to compare with.", "Choose two runs or more.")
    folders = list(dict.fromkeys(folders))
    recipes = [flat(_recipe(folder)) for folder in folders]
    fields = list(dict.fromkeys(name for recipe in recipes for name in recipe))
    rows = [(name, tuple(recipe.get(name, "") for recipe in recipes)) for name in fields]
    parameters = tuple((name, values) for name, values in rows if len(set(values)) > 1)
    return Comparison(
        tuple(folder.name for folder in folders),
        parameters,
        len(fields) - len(parameters),
        _metrics([_results(folder) for folder in folders]),
        _differences(folders, check),
    )


def flat(values: Any, before: str = "") -> dict[str, str]:
    """A recipe as dotted fields with texts; steps of a list are numbered from 1 and named."""
    if isinstance(values, Mapping):
        found: dict[str, str] = {}
        for key, value in values.items():
            found |= flat(value, f"{before}.{key}" if before else str(key))
        return found
    if isinstance(values, list) and any(isinstance(value, Mapping) for value in values):
        found = {}
        for number, value in enumerate(values, 1):
            found |= flat(value, f"{before}.{number}")
        return found
    text = ", ".join(map(_text, values)) if isinstance(values, list) else _text(values)
    return {before: text[:_SHOWN]}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and math.isfinite(value):
        return f"{value:g}"
    return "" if value is None else str(value)


def _recipe(folder: Path) -> dict[str, Any]:
    """The recipe of a run, leniently: it may be of another version, damaged, or not there."""
    try:
        with explain_os_errors(folder):
            found = plain_yaml((folder / _RECIPE).read_text(encoding="utf-8"))
    except (StudioError, yaml.YAMLError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _results(folder: Path) -> dict[str, Any]:
    try:
        found = read_json(folder / _RESULTS)
    except StudioError:
        return {}
    return found if isinstance(found, dict) else {}


def _metrics(results: Sequence[dict[str, Any]]) -> tuple[tuple[str, tuple[dict[str, Any] | None, ...]], ...]:
    measured = [_measured(one) for one in results]
    leading = [name for one in results if one.get("test") for name in names.leading(one)]
    order = dict.fromkeys([*leading, *(name for one in measured for name in one)])
    rows = [(name, tuple(one.get(name) for one in measured)) for name in order]
    return tuple((name, values) for name, values in rows if any(values))


def _measured(results: dict[str, Any]) -> dict[str, dict[str, Any]]:
    test = results.get("test")
    found = test.get("metrics") if isinstance(test, dict) else None
    return {name: value for name, value in (found or {}).items() if isinstance(value, dict)}


def _differences(folders: Sequence[Path], check: Check | None) -> tuple[Difference, ...]:
    reference = _tested(folders[0])
    raw = [_difference(reference, folder, check) for folder in folders[1:]]
    known = [item.p for item in raw if item.p is not None]
    raised = iter(paired.holm(known))
    return tuple(item if item.p is None else _judged(item, next(raised)) for item in raw)


def _tested(folder: Path) -> paired.Tested | StudioError:
    try:
        return paired.read_tested(folder)
    except StudioError as error:
        return error


def _difference(reference: paired.Tested | StudioError, folder: Path, check: Check | None) -> Difference:
    other = _tested(folder)
    for side in (reference, other):
        if isinstance(side, StudioError):
            return Difference(folder.name, reason=side)
    assert isinstance(reference, paired.Tested) and isinstance(other, paired.Tested)
    found = paired.compare_tested(reference, other, check)
    if not found["rows"]:
        return Difference(folder.name, reason=StudioError(
            "compare.other-rows", "The runs {first} and {second} were tested on different rows.",
            "Compare runs with the same data and the same split.", first=reference.run, second=other.run,
        ))  # fmt: skip
    gap = found["difference"]
    return Difference(folder.name, found["rows"], gap["value"], gap["low"], gap["high"], found["only_first"],
                      found["only_second"], found["p"], found["test"])  # fmt: skip


def _judged(item: Difference, p: float) -> Difference:
    """With the raised p-value, and what follows."""
    assert item.low is not None and item.high is not None
    real = p < LEVEL and (item.low > 0 or item.high < 0)
    verdict = "chance" if not real else "better" if item.low > 0 else "worse"
    return replace(item, p=p, verdict=verdict)

"""``tlstudio ablate``: the same recipe without and with something, on the same test rows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tlstudio.cli import show
from tlstudio.core.errors import StudioError
from tlstudio.core.recipe import Recipe
from tlstudio.evaluation.paired import compare_runs

AUGMENTATION = ("data.augment", "data.balance")


def ablate(recipe: Recipe, fields: list[str], run: Callable[[Recipe], Path]) -> dict[str, Any]:
    """Runs the recipe with ``fields`` at their defaults, then as it is.

    Returns:
        What :func:`tlstudio.evaluation.paired.compare_runs` finds, with the folders of the runs.

    Raises:
        StudioError: the recipe has nothing in these fields, or a run fails.
    """
    without = recipe
    for field in fields:
        without = without.changed(field, None)
    if without == recipe:
        raise StudioError(
            "ablate.nothing", "The recipe has nothing in {fields} that could be left out.",
            "Add it to the recipe, or name another field with --without.", fields=", ".join(fields),
        )  # fmt: skip
    first, second = run(without), run(recipe)
    return {"without": str(first), "with": str(second), "left_out": fields, **compare_runs(first, second)}


def show_ablation(found: dict[str, Any]) -> None:
    gain = {name: 100 * value for name, value in found["difference"].items()}
    show.out.print(
        f"With {', '.join(found['left_out'])}: {gain['value']:+.1f} points "
        f"(95 % interval {gain['low']:+.1f} to {gain['high']:+.1f}) on {found['rows']} test rows; "
        f"{found['only_second']} rows are better with it, {found['only_first']} without.",
        highlight=False,
    )
    if gain["low"] <= 0 <= gain["high"]:
        show.out.print("The interval holds zero: the difference may be chance.", highlight=False)

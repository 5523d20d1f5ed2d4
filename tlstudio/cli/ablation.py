"""A recipe without and with something, on the same test rows; ``tlstudio ablate`` does it for several things."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tlstudio.core.errors import StudioError
from tlstudio.core.recipe import Recipe
from tlstudio.evaluation.paired import compare_runs
from tlstudio.pipeline.ablating import AUGMENTATION

__all__ = ["AUGMENTATION", "ablate"]


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

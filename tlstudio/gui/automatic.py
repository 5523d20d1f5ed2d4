"""The numbers that 'auto' in the recipe stands for, as far as they are known before the run."""

from __future__ import annotations

from dataclasses import asdict
from itertools import product
from typing import Any

from tlstudio.core import plugins
from tlstudio.core.errors import StudioError
from tlstudio.core.recipe import Recipe
from tlstudio.gui.facts import Facts
from tlstudio.models.scorers import usable_cores

# what is the same for the extremes depends neither on the data nor on the model
_ROWS, _WIDTHS = (1, 10**9), (1, 10**6)


def training(recipe: Recipe, facts: Facts) -> dict[str, Any]:
    """Values for the recipe's training section by field; what depends on data that is not read yet is left out."""
    known: dict[str, Any] = {"threads": usable_cores()}
    try:
        plugin = plugins.get("tlstudio.strategies", recipe.strategy.name, "strategy.name")
        config = plugins.configure(plugin, recipe.strategy.options, "strategy")
    except StudioError:
        return known  # the problem is shown by the step itself
    found = facts.data.data or {}
    rows = (found.get("split_rows") or {}).get("train") or sum((found.get("splits") or {}).get("train", {}).values())
    width = (facts.model.data or {}).get("hidden_size")
    cases = product([rows] if rows else _ROWS, [width] if width else _WIDTHS)
    first, *others = [asdict(plugin.defaults(config, *case)) for case in cases]
    return known | {name: value for name, value in first.items() if all(other[name] == value for other in others)}

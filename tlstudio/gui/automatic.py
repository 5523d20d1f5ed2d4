"""The numbers that 'auto' in the recipe stands for, as far as they are known before the run."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from tlstudio.core import plugins
from tlstudio.core.errors import StudioError
from tlstudio.core.recipe import Recipe
from tlstudio.gui.facts import Facts
from tlstudio.models.scorers import usable_cores

_FEW, _MANY = 1, 10**9  # rows: what is the same for both does not depend on the data


def training(recipe: Recipe, facts: Facts) -> dict[str, Any]:
    """Values for the recipe's training section by field; what depends on data that is not read yet is left out."""
    known: dict[str, Any] = {"threads": usable_cores()}
    try:
        plugin = plugins.get("tlstudio.strategies", recipe.strategy.name, "strategy.name")
        config = plugins.configure(plugin, recipe.strategy.options, "strategy")
    except StudioError:
        return known  # the problem is shown by the step itself
    rows = sum(((facts.data.data or {}).get("splits") or {}).get("train", {}).values())
    if rows:
        return known | asdict(plugin.defaults(config, rows))
    few, many = (asdict(plugin.defaults(config, number)) for number in (_FEW, _MANY))
    return known | {name: value for name, value in few.items() if many[name] == value}

"""``tlstudio init``: a recipe that suits the data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.files import read_json
from tlstudio.core.plugins import find, get
from tlstudio.core.progress import silent
from tlstudio.core.recipe import Recipe
from tlstudio.data.inspection import inspect
from tlstudio.models import loading
from tlstudio.tasks.suggest import suggest


def suited(recipe: Recipe, task: str, control: Control) -> tuple[Recipe, list[str]]:
    """The recipe with the task that the data is made for, and without what makes no sense for it.

    Args:
        recipe: with the data.
        task: name of the task; empty finds it.
        control: a cancel ends the reading.

    Returns:
        The recipe; and what the user should know, such as that no backbone has been found for it.

    Raises:
        StudioError: the data cannot be read, or there is no such task.
    """
    name = task or suggest(inspect(recipe.data, silent, control)["roles"])
    plugin = get("tlstudio.tasks", name, "task.name")
    changed = recipe.changed("task", {"name": name})
    for section, package in (("compress", "compression"), ("export", "export")):
        kept = [choice for choice in getattr(recipe, section)
                if find(f"tlstudio.{package}")[choice.name].fits(plugin) is None]  # fmt: skip
        changed = changed.changed(section, [choice.model_dump() for choice in kept])
    if find("tlstudio.strategies")[recipe.strategy.name].fits(plugin) is not None:
        changed = changed.changed("strategy", {"name": "full-fine-tuning"})
    if _fits(recipe, plugin):
        return changed, []
    note = f"{plugin.TITLE} needs another backbone than {recipe.model.name}: set model.name ('tlstudio models')."
    return changed.changed("model", {"source": "hub", "name": ""}), [note]


def _fits(recipe: Recipe, plugin: Any) -> bool:
    try:
        folder: Path = loading.resolve(recipe.model).path
    except StudioError:
        return bool(plugin.LEARNS == "text")  # it is not here yet: the run will say more
    return plugin.fits(read_json(folder / "config.json")) is None

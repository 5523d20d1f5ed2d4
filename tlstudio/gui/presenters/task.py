"""The task: the user's choice, or the one that the data is made for."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from tlstudio.core import plugins
from tlstudio.core.recipe import Choice, Recipe
from tlstudio.gui import fit, i18n, words
from tlstudio.gui.context import Context
from tlstudio.gui.panes.data import DataPane
from tlstudio.gui.presenters.base import Presenter, listing

Changes = dict[str, Any]


class TaskPresenter(Presenter):
    """A task that nobody has chosen follows the data; one that the user has chosen stays, and another is offered."""

    def __init__(self, context: Context, pane: DataPane) -> None:
        super().__init__(context, pane)
        self._followed: Any = None  # the data that has set the task by itself: an undo of that stays undone
        self._set_for = ""  # the task that was set so
        pane.task.set_tasks(listing("tasks"))
        pane.task.chosen.connect(self.choose)
        pane.offer.taken.connect(self.choose)
        self.refresh()

    def choose(self, name: str) -> None:
        self.context.facts.task_chosen = True
        self._change(name)

    def on_fact(self, subject: str) -> None:
        if subject == "data":
            self._follow()
            self.refresh()

    def refresh(self) -> None:
        name = self.context.project.recipe.task.name
        self.pane.task.set_task(name)
        fitting = self._fitting()
        if self._set_for == name and fitting == name:
            text = self.tr("The task was chosen from the data: {task}. Another one can be chosen above.")
            self.pane.offer.offer(text.format(task=_title(name)))
        elif fitting and fitting != name:
            text = self.tr("This data is made for another task: {task}.")
            self.pane.offer.offer(text.format(task=_title(fitting)), fitting, self.tr("Use this task"))
        elif others := self._others(name):
            text = self.tr("The labels are numbers. If they have an order, such as stars or marks, this makes more of "
                           "them: {tasks}.")  # fmt: skip
            action = self.tr("Use {task}").format(task=_title(others[0]))
            self.pane.offer.offer(text.format(tasks=words.listing(map(_title, others))), others[0], action)
        else:
            self.pane.offer.offer("")

    def _follow(self) -> None:
        """Takes the task of newly opened data, once, where the user has never chosen one."""
        recipe, facts = self.context.project.recipe, self.context.facts
        fitting, places = self._fitting(), recipe.data.files
        free = not facts.task_chosen and recipe.task.name in (Recipe().task.name, self._set_for)
        if not fitting or not free or self._followed == places:
            return
        self._followed = places
        if fitting != recipe.task.name:
            self._set_for = fitting
            self._change(fitting)

    def _fitting(self) -> str:
        """The task that the data is made for; empty where that is not known."""
        from tlstudio.tasks.suggest import suggest

        roles = (self.context.facts.data.data or {}).get("roles") or {}
        if not roles:
            return ""
        current = fit.task_of(self.context.project.recipe.task.name)
        wanted = self.context.facts.task_chosen and current is not None and not current.lacks(roles)
        found = current if wanted else fit.task_of(suggest(roles))
        return str(found.NAME) if found is not None and not found.lacks(roles) else ""

    def _others(self, name: str) -> list[str]:
        """Tasks that make more of the labels, as long as the user has not chosen this one."""
        from tlstudio.tasks.suggest import in_order

        known, task = self.context.facts.data.data or {}, fit.task_of(name)
        if self.context.facts.task_chosen or task is None or task.ORDERS:
            return []
        return in_order(known.get("roles") or {}, [label for label, _count in known.get("labels") or []])

    def _change(self, name: str) -> None:
        changes = with_task(self.context.project.recipe, name)
        if changes:
            self.context.edit_many(changes)


def with_task(recipe: Recipe, name: str) -> Changes:
    """The edits that make another task: options that it knows too are kept, the others belonged to the old one."""
    if name == recipe.task.name:
        return {}
    plugin = plugins.find("tlstudio.tasks")[name]
    kept = {option: value for option, value in recipe.task.options.items() if _allowed(plugin, option, value)}
    changes: Changes = {"task": {"name": name, **kept}, "training.best_metric": "auto"}
    exports = _exports(recipe, fit.task_of(recipe.task.name), plugin)
    if exports != recipe.export:
        changes["export"] = [{"name": choice.name, **choice.options} for choice in exports]
    return changes


def _exports(recipe: Recipe, before: Any, after: Any) -> tuple[Choice, ...]:
    """The formats that the new task has: without those that it cannot have, and the usual ones where nobody chose."""
    usual = Recipe().export
    untouched = recipe.export == tuple(choice for choice in usual if _has(before, choice))
    kept = tuple(choice for choice in recipe.export if _has(after, choice))
    if untouched or (recipe.export and not kept):
        return tuple(choice for choice in usual if _has(after, choice))
    return kept


def _has(task: Any, choice: Choice) -> bool:
    plugin = plugins.find("tlstudio.export").get(choice.name)
    return plugin is None or fit.refusal(plugin, task) is None


def _allowed(plugin: Any, option: str, value: Any) -> bool:
    try:
        plugin.Config.model_validate({option: value})
    except ValidationError:
        return False
    return True


def _title(name: str) -> str:
    task = fit.task_of(name)
    return i18n.engine(task.TITLE) if task is not None else name

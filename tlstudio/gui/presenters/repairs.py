"""The repairs in a recipe: steps and settings that the data doctor has put there, taken in and taken back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject

from tlstudio.core import plugins
from tlstudio.core.errors import StudioError
from tlstudio.core.options import describe
from tlstudio.core.recipe import DataSection, SplitSection
from tlstudio.gui import formats, i18n, plan, words
from tlstudio.gui.context import Context
from tlstudio.gui.presenters.data_edits import title as role_title
from tlstudio.gui.widgets.finding_list import ShownFix
from tlstudio.gui.widgets.repair_list import ShownRepair

_STEPS = "data.steps"


@dataclass(frozen=True)
class Setting:
    """A repair that set fields of the recipe, so that it can be taken back."""

    title: str
    before: dict[str, Any]
    after: dict[str, Any]


class Repairs(QObject):
    """Every change is one step of undo, never merged with another."""

    def __init__(self, context: Context, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._settings: list[Setting] = []

    @property
    def _data(self) -> DataSection:
        return self._context.project.recipe.data

    def steps(self) -> list[dict[str, Any]]:
        return as_dicts(self._data)

    def settings(self) -> list[Setting]:
        """Settings that are still as a repair made them."""
        return [
            setting
            for setting in self._settings
            if all(self.value(path) == value for path, value in setting.after.items())
        ]

    def value(self, path: str) -> Any:
        """A field that a repair changes, as the recipe writes it; None where it is not given."""
        place: Any = self._context.project.recipe.to_dict()
        for part in field_of(path).split("."):
            place = place.get(part) if isinstance(place, dict) else None
        return place

    def add(self, fix: ShownFix) -> None:
        """Takes a repair into the recipe."""
        wanted = {field_of(path): value for path, value in fix.changes.items()}
        if fix.step is not None:
            wanted["data.steps"] = [*self.steps(), fix.step]
        before = {path: self.value(path) for path in fix.changes}
        old = self._settings
        if fix.changes:  # noted first, because all is shown anew as soon as the recipe is another
            self._settings = [*old, Setting(fix.title, before, fix.changes)]
        if not self._become(wanted):
            self._settings = old

    def remove(self, number: int) -> None:
        """Takes back a repair by its place in :meth:`shown`: the recipe's steps, then the settings."""
        steps = self.steps()
        if number < len(steps):
            self._become({"data.steps": [*steps[:number], *steps[number + 1 :]]})
            return
        setting = self.settings()[number - len(steps)]
        self._become({field_of(path): value for path, value in setting.before.items()})

    def remove_fix(self, fix: ShownFix) -> None:
        """Takes back the repair of a finding, if it is in the recipe."""
        steps = self.steps()
        if fix.step in steps:
            self.remove(len(steps) - 1 - steps[::-1].index(fix.step))
            return
        after = [setting.after for setting in self.settings()]
        if fix.changes in after:
            self.remove(len(steps) + after.index(fix.changes))

    def applied(self, fix: dict[str, Any], since: DataSection) -> bool:
        """Whether the recipe has a repair that it did not have in the section ``since``."""
        step, wanted = fix.get("step"), fix.get("changes")
        if step:
            return step in self.steps() and step not in as_dicts(since)
        of_task = all(path.startswith("task.") for path in wanted or {"": None})
        return (of_task or since != self._data) and any(setting.after == wanted for setting in self.settings())

    def shown(self) -> list[ShownRepair]:
        """All of them in the user's language, with the rows that they leave out."""
        dropped = (self._context.facts.data.data or {}).get("dropped") or {}
        result = []
        for choice in self._data.steps:
            parts = [_options(choice.name, choice.options)]
            if number := dropped.get(choice.name):
                parts.append(i18n.filled(self.tr("{n} rows left out"), n=formats.count(number)))
            result.append(ShownRepair(plan.title(_STEPS, choice.name), "  ·  ".join(part for part in parts if part)))
        return result + [ShownRepair(setting.title, self.tr("a setting")) for setting in self.settings()]

    def settings_of(self, fix: ShownFix) -> tuple[tuple[str, str, str], ...]:
        """(name, value now, value then) of the fields that a repair would change."""
        return tuple((_field(path), plain(self.value(path)), plain(value)) for path, value in fix.changes.items())

    def _become(self, wanted: dict[str, Any]) -> bool:
        recipe = self._context.project.recipe
        try:
            for path, value in wanted.items():
                recipe = recipe.changed(path, value)
        except StudioError as error:
            self._context.tell(error)
            return False
        self._context.project.replace(recipe)
        return True


def field_of(path: str) -> str:
    """The field of the recipe that a repair means: of the data section, or of the task where it says so."""
    return path if path.startswith("task.") else f"data.{path}"


def as_dicts(data: DataSection) -> list[dict[str, Any]]:
    """The steps of a section as a finding's fix writes them."""
    return [choice.model_dump(mode="json") for choice in data.steps]


def plain(value: Any) -> str:
    """A value of the recipe as people read it."""
    if isinstance(value, (list, tuple)):
        return words.listing(str(item) for item in value) or formats.NONE
    if isinstance(value, dict):
        return words.clauses(f"{key} → {item}" for key, item in value.items())
    return formats.NONE if value in (None, "") else words.choice(str(value))


def _options(name: str, options: dict[str, Any]) -> str:
    plugin = plugins.find(f"tlstudio.{_STEPS}").get(name)
    titles = {item.name: i18n.engine(item.title) for item in describe(plugin.Config)} if plugin else {}
    return words.clauses(f"{titles.get(key, key)}: {plain(value)}" for key, value in options.items())


def _field(path: str) -> str:
    """The title of a field of the data section, with what stands behind its dot."""
    if path.startswith("split."):
        field, rest = SplitSection.model_fields.get(path.removeprefix("split.")), ""
    else:
        name, _, rest = path.partition(".")
        field = DataSection.model_fields.get(name)
    title = i18n.engine(field.title) if field is not None and field.title else path
    return f"{title} ({i18n.engine(role_title(rest))})" if rest and field is not None else title

"""The earlier runs and recipes that an option of a plug-in names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject

from tlstudio.core import plugins
from tlstudio.core.errors import StudioError
from tlstudio.core.files import expand
from tlstudio.core.paths import runs_folder
from tlstudio.gui import i18n, words
from tlstudio.gui.context import Context
from tlstudio.gui.widgets.run_list import ListedRun, RunList
from tlstudio.session.runs import RunSummary

_RECIPES = (".yaml", ".yml")
_USABLE = ("completed", "stopped")
_MOST = 40  # runs in a menu


class ChosenRuns(QObject):
    """Shows the option of a plug-in that is a list of runs; hides it where there is none.

    Args:
        context: with the runs and the recipe.
        view: the editor.
        path: of the plug-in in the recipe.
        suggest: takes place and title of the runs, for options that name a single one.
    """

    def __init__(
        self, context: Context, view: RunList, path: str, suggest: Callable[[list[tuple[str, str]]], None]
    ) -> None:
        super().__init__(view)
        self._suggest, self._single = suggest, False
        self._context, self._view, self._path = context, view, path
        self._name = ""  # of the option
        self._chosen: list[str] = []
        self._runs: list[RunSummary] | None = None
        view.hide()
        view.changed.connect(self._edit)
        view.browse_requested.connect(self._browse)
        context.session.ended.connect(self._on_ended)

    def refresh(self, plugin: Any, values: dict[str, Any]) -> None:
        """Shows what the recipe says for a plug-in."""
        found, self._single = _option(plugin, "runs"), _option(plugin, "run") is not None
        self._view.setVisible(found is not None)
        if self._single:
            self._read() if self._runs is None else self._offer()
        if found is None:
            self._name = ""
            return
        name, field = found
        if name != self._name or self._runs is None:
            self._read()
        self._name = name
        self._chosen = [str(place) for place in values.get(name) or ()]
        self._view.set_texts(i18n.engine(field.title or name), i18n.engine(field.description or ""))
        self._show()

    def _edit(self, places: list[str]) -> None:
        self._context.edit(f"{self._path}.{self._name}", places)

    def _browse(self) -> None:
        self._view.add(self._context.dialogs.open_recipes())

    def _read(self) -> None:
        self._context.background.run(self._context.index.list, self._on_runs, self._on_error)

    def _on_ended(self, _line: dict[str, Any]) -> None:
        self._runs = None
        if self._name or self._single:
            self._read()

    def _on_runs(self, runs: list[RunSummary]) -> None:
        self._runs = runs
        self._show()
        self._offer()

    def _offer(self) -> None:
        if self._single:
            usable = [run for run in self._runs or () if run.outcome in _USABLE][:_MOST]
            self._suggest([(self._place(run.id), f"{run.id}  ·  {_about(run)}") for run in usable])

    def _on_error(self, error: StudioError) -> None:
        self._runs = []
        self._context.tell(error)

    def _show(self) -> None:
        known = {run.id: run for run in self._runs or ()}
        self._view.set_chosen([self._listed(place, known) for place in self._chosen])
        taken = {expand(place).name for place in self._chosen}
        offered = [run for run in self._runs or () if run.outcome in _USABLE and run.id not in taken][:_MOST]
        self._view.set_offered([ListedRun(self._place(run.id), run.id, _about(run)) for run in offered])

    def _place(self, run: str) -> str:
        """A name is enough where runs usually lie; the recipe then means the same on another computer."""
        base = self._context.settings.runs_path
        return run if base == runs_folder() else str(base / run)

    def _listed(self, place: str, known: dict[str, RunSummary]) -> ListedRun:
        path = expand(place)
        if path.suffix in _RECIPES:
            return ListedRun(place, path.name, self.tr("recipe"), not path.is_file())
        run = known.get(path.name)
        folder = path if path.name != place else runs_folder() / place
        missing = self._runs is not None and not (folder / "recipe.yaml").is_file() and run is None
        return ListedRun(place, path.name, "" if run is None else _about(run), missing)


def _option(plugin: Any, kind: str) -> tuple[str, Any] | None:
    """Name and field of the first option that is a list of ``runs``, or names a ``run``."""
    for name, field in plugin.Config.model_fields.items() if plugin is not None else ():
        extra = field.json_schema_extra
        if isinstance(extra, dict) and extra.get(kind):
            return name, field
    return None


def _about(run: RunSummary) -> str:
    """What a run has learnt: its task, and the name of its data."""
    task = plugins.find("tlstudio.tasks").get(run.task)
    return words.listing(filter(None, (i18n.engine(task.TITLE) if task is not None else "", Path(run.title).name)))

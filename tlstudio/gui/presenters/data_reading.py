"""The tab about reading: the kind of data with its options, and what is done to the rows."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject

from tlstudio.core import plugins
from tlstudio.core.options import describe
from tlstudio.core.recipe import Choice, DataSection
from tlstudio.data.licences import licence_of
from tlstudio.gui import words
from tlstudio.gui.context import Context
from tlstudio.gui.panes.data import DataPane
from tlstudio.gui.presenters import data_edits as edits
from tlstudio.gui.presenters.base import listing
from tlstudio.gui.widgets.steps_view import ShownStep


class ReadingPresenter(QObject):
    """Part of the Data step; ``show`` is called with the facts of the data."""

    def __init__(self, context: Context, pane: DataPane) -> None:
        super().__init__(pane)
        self.context, self.pane = context, pane
        pane.reading.source_wished.connect(self.set_source)
        pane.steps.add_requested.connect(self.add_step)
        pane.steps.remove_requested.connect(self.remove_step)
        pane.steps.move_requested.connect(self.move_step)
        pane.steps.option_changed.connect(self.set_step_option)

    @property
    def _data(self) -> DataSection:
        return self.context.project.recipe.data

    # --- what the user wants

    def set_source(self, source: str) -> None:
        self.context.edit_many(edits.other_source(self._data, source))

    def add_step(self, name: str) -> None:
        self.context.edit_many(edits.with_step(self._data, name))

    def remove_step(self, index: int) -> None:
        self.context.edit_many(edits.without_step(self._data, index))

    def move_step(self, index: int, by: int) -> None:
        self.context.edit_many(edits.moved_step(self._data, index, by))

    def set_step_option(self, index: int, name: str, value: object) -> None:
        self.context.edit_many(edits.step_option(self._data, index, name, value))

    # --- what is known

    def show(self, facts: dict[str, Any]) -> None:
        self._show_source(str(facts.get("source") or ""))
        stated, known = self._data.licence, licence_of(self._data.model_copy(update={"licence": ""}))[0]
        self.pane.licence.set_licence(stated, known)
        self.pane.steps.set_available([item for item in listing("data.steps") if item[0] != edits.RENAME])
        dropped = facts.get("dropped") or {}
        self.pane.steps.set_steps([self._step(choice, dropped.get(choice.name)) for choice in self._data.steps])

    def _show_source(self, found: str) -> None:
        section = self._data
        self.pane.reading.set_sources(listing("data.sources"), section.source, found)
        name = section.source if section.source != "auto" else found
        plugin = plugins.find("tlstudio.data.sources").get(name)
        self.pane.reading.set_options(name, describe(plugin.Config) if plugin is not None else [], section.options)

    def _step(self, choice: Choice, dropped: int | None) -> ShownStep:
        plugin = plugins.find("tlstudio.data.steps").get(choice.name)
        detail = self._renamings() if choice.name == edits.RENAME else ""
        if plugin is None:  # what is wrong with it, the reading of the data says
            return ShownStep(choice.name, choice.name, "", detail, dropped)
        options = tuple(describe(plugin.Config))
        return ShownStep(choice.name, plugin.TITLE, plugin.SUMMARY, detail, dropped, options, choice.options)

    def _renamings(self) -> str:
        changes = edits.renamed_labels(self._data)
        gone = self.tr("left out")
        return words.clauses(f"{old} → {new or gone}" for old, new in changes.items())

"""Data step."""

from __future__ import annotations

from typing import Any

from tlstudio.core import plugins
from tlstudio.core.errors import StudioError
from tlstudio.core.options import describe
from tlstudio.gui import words
from tlstudio.gui.context import Context
from tlstudio.gui.facts import Known
from tlstudio.gui.panes.data import DataPane
from tlstudio.gui.presenters.base import Presenter, as_problem
from tlstudio.gui.widgets.problems import Problem, Remedy
from tlstudio.session import sample


class DataPresenter(Presenter):
    def __init__(self, context: Context, pane: DataPane) -> None:
        super().__init__(context, pane)
        self._shown: Any = None
        self._preview = ""
        pane.file_requested.connect(self.choose)
        pane.sample_requested.connect(self.use_sample)
        pane.again_requested.connect(self.read_again)
        pane.inspection_cancelled.connect(self.cancel)
        self.refresh()

    # --- what the user wants

    def choose(self, split: str) -> None:
        if path := self.context.dialogs.open_data():
            self.context.set_data_file(split, path)

    def use_sample(self) -> None:
        try:
            self.context.edit("data", sample.recipe().data.model_dump(mode="json", exclude_none=True))
        except StudioError as error:
            self.context.tell(error)

    def read_again(self) -> None:
        self.context.facts.inspect_again("data")

    def cancel(self) -> None:
        self.context.facts.cancel("data")

    # --- what is known

    def on_fact(self, subject: str) -> None:
        if subject == "data":
            self.refresh()

    def refresh(self) -> None:
        section = self.context.project.recipe.data
        known = self.context.facts.data
        self.pane.set_section(section)
        self._show_busy(known)
        facts = known.data or {}
        if known.data is not self._shown:
            self._shown = known.data
            self.pane.set_facts(known.data)
        self.pane.set_columns(
            facts.get("columns", []), {**facts.get("roles", {}), **section.roles}, facts.get("reasons", {})
        )
        self._show_source(facts)
        self._show_preview((facts.get("tables") or {}).get("train", ""))
        self.pane.problems.set_problems(self._problems(known))

    def _show_busy(self, known: Known) -> None:
        progress = known.progress or {}
        total = progress.get("total") or 0
        fraction = progress["done"] / total if total else None
        stage = words.stage(progress.get("stage") or "inspect")
        self.pane.set_busy(known.state == "busy", stage, fraction)

    def _show_source(self, facts: dict[str, Any]) -> None:
        section = self.context.project.recipe.data
        name = facts.get("source") or section.source
        plugin = plugins.find("tlstudio.data.sources").get(name)
        options = describe(plugin.Config) if plugin is not None else []
        self.pane.set_source(name, options, section.options)

    def _show_preview(self, path: str) -> None:
        if path == self._preview:
            return
        self._preview = path
        try:
            self.pane.set_preview(path)
        except StudioError as error:
            self.context.tell(error)

    def _problems(self, known: Known) -> list[Problem]:
        found = list((known.data or {}).get("problems", []))
        if known.error is not None:
            found.insert(0, known.error)
        problems = [as_problem(error) for error in found]
        return [Problem(item.error, item.severity, self._remedies(item.error)) for item in problems]

    def _remedies(self, error: dict[str, Any]) -> tuple[Remedy, ...]:
        """The ways out that the recipe offers for a problem."""
        return {
            "data.empty-rows": (Remedy(self.tr("Leave them out"), "data.empty_rows", "drop"),),
            "data.similar-labels": (
                Remedy(self.tr("Make them one"), "data.similar_labels", "merge"),
                Remedy(self.tr("Keep them"), "data.similar_labels", "keep"),
            ),
            "data.rare-classes": (Remedy(self.tr("Leave them out"), "data.rare_classes", "drop"),),
        }.get(error.get("code", ""), ())

"""Export step."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

from tlstudio.gui import fit
from tlstudio.gui.context import Context
from tlstudio.gui.panes.export import ExportPane
from tlstudio.gui.presenters.afterwards import show_again
from tlstudio.gui.presenters.base import Presenter, as_problem


class ExportPresenter(Presenter):
    def __init__(self, context: Context, pane: ExportPane) -> None:
        super().__init__(context, pane)
        pane.choices_changed.connect(self.choose)
        pane.export_requested.connect(self.export)
        pane.open_folder_requested.connect(self.open_folder)
        context.session.state_changed.connect(self.on_state)
        context.session.ended.connect(self.on_ended)
        self.refresh()
        self.on_state("")

    def choose(self, choices: list[dict[str, Any]]) -> None:
        self.context.edit("export", choices)

    def export(self, choices: list[dict[str, Any]]) -> None:
        run = self.context.project.run
        if run is not None and not self.context.session.active:
            self.context.session.start("export", {"folder": str(run), "export": choices}, run)

    def open_folder(self, path: str) -> None:
        place, run = Path(path), self.context.project.run
        target = place if place.is_absolute() or run is None else run / place
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(target)))

    def on_state(self, _state: str) -> None:
        self.pane.set_busy(self.context.session.active)

    def on_ended(self, line: dict[str, Any]) -> None:
        self.pane.set_busy(False)
        if self.context.session.job == "export":
            show_again(self.context, line)

    def refresh(self) -> None:
        project = self.context.project
        self.pane.set_recipe(project.recipe)
        self.pane.set_run(project.run, project.results)
        unreadable = fit.unreadable_export(project.recipe, self.context.facts)
        self.pane.problems.set_problems([as_problem(unreadable)] if unreadable else [])

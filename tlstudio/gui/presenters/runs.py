"""Earlier runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tlstudio.core.errors import StudioError
from tlstudio.gui.context import Context
from tlstudio.gui.panes.runs import RunsPane
from tlstudio.gui.presenters.base import Presenter
from tlstudio.session.runs import RunSummary


class RunsPresenter(Presenter):
    def __init__(self, context: Context, pane: RunsPane) -> None:
        super().__init__(context, pane)
        self._runs: list[RunSummary] = []
        pane.open_requested.connect(self.open)
        pane.delete_requested.connect(self.delete)
        pane.compare_requested.connect(context.compare_requested)
        pane.refresh_requested.connect(self.read)
        context.session.ended.connect(self.on_ended)
        self.read()

    def read(self) -> None:
        self.context.background.run(self.context.index.list, self._on_runs, self.context.tell)

    def open(self, run: str) -> None:
        """Shows a run's results; the recipe that is being edited stays."""
        found = next((item for item in self._runs if item.id == run), None)
        folder = Path(found.folder) if found else self.context.settings.runs_path / run
        try:
            self.context.show_run(folder)
        except StudioError as error:
            self.context.tell(error)
            return
        self.context.step_requested.emit("results")

    def delete(self, runs: list[str]) -> None:
        """Deletes runs; the pane has asked before."""
        index = self.context.index
        if self.context.project.run is not None and self.context.project.run.name in runs:
            self.context.project.set_run(None, None)
        self.context.background.run(lambda: _delete(index, runs), self._on_runs, self._on_failed)

    def on_ended(self, _line: dict[str, Any]) -> None:
        self.read()

    def _on_failed(self, error: StudioError) -> None:
        self.context.tell(error)
        self.read()

    def _on_runs(self, runs: list[RunSummary]) -> None:
        self._runs = runs
        self.pane.set_runs(runs)


def _delete(index: Any, runs: list[str]) -> list[RunSummary]:
    for run in runs:
        index.delete(run)
    return list(index.list())

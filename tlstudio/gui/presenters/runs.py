"""Earlier runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tlstudio.core.errors import StudioError
from tlstudio.core.paths import runs_folder
from tlstudio.gui.context import Context
from tlstudio.gui.panes.runs import RunsPane
from tlstudio.gui.presenters.base import Presenter
from tlstudio.gui.presenters.resuming import Resuming
from tlstudio.session.runs import RunSummary


class RunsPresenter(Presenter):
    def __init__(self, context: Context, pane: RunsPane) -> None:
        super().__init__(context, pane)
        self._runs: list[RunSummary] = []
        pane.open_requested.connect(self.open)
        pane.delete_requested.connect(self.delete)
        pane.compare_requested.connect(context.compare_requested)
        pane.refresh_requested.connect(self.read)
        pane.start_requested.connect(self.start_from)
        pane.teacher_requested.connect(self.learn_from)
        context.session.ended.connect(self.on_ended)
        context.studies.changed.connect(self.on_study)
        self.resuming = Resuming(context, pane)
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

    def start_from(self, run: str) -> None:
        """The next run begins with the model of this one."""
        if self._has_model(run):
            self.context.edit("model", {"source": "run", "name": self._named(run)})
            self.context.step_requested.emit("model")

    def learn_from(self, run: str) -> None:
        """The next run distils the model of this one into a smaller student."""
        if self._has_model(run):
            self.context.edit("strategy", {"name": "distillation", "teacher": self._named(run)})
            self.context.step_requested.emit("strategy")

    def _named(self, run: str) -> str:
        """A name is enough where runs usually lie; the recipe then means the same on another computer."""
        base = self.context.settings.runs_path
        return run if base == runs_folder() else str(base / run)

    def _has_model(self, run: str) -> bool:
        if (self.context.settings.runs_path / run / "model" / "config.json").is_file():
            return True
        self.context.tell(
            StudioError(
                "runs.no-model", "The run {run} has no trained model.", "Choose a run that was completed.", run=run
            )
        )
        return False

    def delete(self, runs: list[str]) -> None:
        """Deletes runs; the pane has asked before."""
        index = self.context.index
        if self.context.project.run is not None and self.context.project.run.name in runs:
            self.context.project.set_run(None, None)
        self.context.background.run(lambda: _delete(index, runs), self._on_runs, self._on_failed)

    def on_ended(self, _line: dict[str, Any]) -> None:
        self.read()

    def on_study(self, job: str) -> None:
        """An ablation has ended, which leaves runs."""
        if job == "ablate" and not self.context.studies.get(job).going_on:
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

"""Earlier runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tlstudio.core.errors import StudioError
from tlstudio.core.paths import runs_folder
from tlstudio.gui.background import Latest
from tlstudio.gui.context import Context
from tlstudio.gui.panes.runs import RunsPane
from tlstudio.gui.presenters.base import Presenter
from tlstudio.gui.presenters.resuming import Resuming
from tlstudio.gui.presenters.run_files import RunFiles
from tlstudio.session import run_disk
from tlstudio.session.run_notes import RunNotes
from tlstudio.session.runs import RunSummary


class RunsPresenter(Presenter):
    def __init__(self, context: Context, pane: RunsPane) -> None:
        super().__init__(context, pane)
        self._runs: list[RunSummary] = []
        self._sizes = Latest(self)
        self._sizes.done.connect(pane.set_usage)
        self.files = RunFiles(context, pane, self._on_runs, self.find)
        pane.open_requested.connect(self.open)
        pane.delete_requested.connect(self.delete)
        pane.compare_requested.connect(context.compare_requested)
        pane.refresh_requested.connect(self.read)
        pane.start_requested.connect(self.start_from)
        pane.teacher_requested.connect(self.learn_from)
        pane.notes_edited.connect(self.annotate)
        pane.chosen_changed.connect(self.measure)
        context.session.ended.connect(self.on_ended)
        context.studies.changed.connect(self.on_study)
        pane.set_reading()
        self.resuming = Resuming(context, pane)
        self.read()

    def read(self) -> None:
        self.context.background.run(self.context.index.list, self._on_runs, self._on_unread)

    def find(self, run: str) -> RunSummary | None:
        return next((item for item in self._runs if item.id == run), None)

    def open(self, run: str) -> None:
        """Shows a run's results; the recipe that is being edited stays."""
        found = self.find(run)
        folder = Path(found.folder) if found else self.context.settings.runs_path / run
        try:
            self.context.show_run(folder)
        except StudioError as error:
            self.context.tell(error)
            return
        self.context.step_requested.emit("results")

    def annotate(self, run: str, notes: RunNotes) -> None:
        """Writes tags, note and star, and reads the list again."""
        index = self.context.index

        def work() -> list[RunSummary]:
            index.annotate(run, notes)
            return list(index.list())

        self.context.background.run(work, self._on_runs, self._on_failed)

    def measure(self, run: str) -> None:
        """How much disk a run takes, in the background."""
        if (found := self.find(run)) is not None:
            folder = Path(found.folder)
            self._sizes.start(run, lambda: run_disk.usage(folder))

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

    def delete(self, runs: list[str], for_good: bool = False) -> None:
        """Deletes runs, or moves them to the trash; the pane has asked before."""
        index = self.context.index
        if self.context.project.run is not None and self.context.project.run.name in runs:
            self.context.project.set_run(None, None)
        self.context.background.run(lambda: _delete(index, runs, for_good), self._on_runs, self._on_failed)

    def on_ended(self, _line: dict[str, Any]) -> None:
        self.read()

    def on_study(self, job: str) -> None:
        """An ablation has ended, which leaves runs."""
        if job == "ablate" and not self.context.studies.get(job).going_on:
            self.read()

    def _on_failed(self, error: StudioError) -> None:
        self.context.tell(error)
        self.read()

    def _on_unread(self, error: StudioError) -> None:
        self.context.tell(error)
        self.pane.set_runs(self._runs)

    def _on_runs(self, runs: list[RunSummary]) -> None:
        self._runs = runs
        self.pane.set_runs(runs)


def _delete(index: Any, runs: list[str], for_good: bool) -> list[RunSummary]:
    for run in runs:
        if for_good:
            index.delete(run)
        else:
            index.discard(run)
    return list(index.list())

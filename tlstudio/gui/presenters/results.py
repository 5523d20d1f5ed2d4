"""Results step."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

from tlstudio.core.errors import StudioError
from tlstudio.gui import i18n
from tlstudio.gui.context import Context
from tlstudio.gui.panes.results import ResultsPane, whole_run
from tlstudio.gui.presenters.base import Presenter
from tlstudio.gui.read_runs import ReadRun


class ResultsPresenter(Presenter):
    def __init__(self, context: Context, pane: ResultsPane) -> None:
        super().__init__(context, pane)
        self._shown: Any = self
        pane.try_requested.connect(self.try_row)
        pane.compare_requested.connect(self.choose_other)
        pane.open_report_requested.connect(self.open_report)
        pane.task_requested.connect(self.open_task)
        pane.whole_run_requested.connect(self.open_whole)
        self.refresh()

    def try_row(self, values: dict[str, str]) -> None:
        """Asks the model about what the user has given, a value for each role."""
        run = self.context.project.run
        if run is not None:
            args = {"target": str(run), "rows": [values]}
            self.context.queries.ask("predict", args, self._on_reply, on_error=self._on_error)

    def choose_other(self) -> None:
        """The other run is ticked in the list of runs."""
        self.context.step_requested.emit("runs")

    def open_report(self) -> None:
        if (run := self.context.project.run) is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(run / "report.html")))

    def open_task(self, path: str) -> None:
        """Shows a further task as a run of its own; ``path`` comes from a file and names no place outside."""
        if (run := self.context.project.run) is not None:
            self._open(run / "tasks" / Path(path).name)
            self.pane.open(self.pane.summary)

    def open_whole(self) -> None:
        """From a further task back to its run."""
        run = self.context.project.run
        if run is not None and (whole := whole_run(run)) is not None:
            self._open(whole)
            self.pane.open(self.pane.several)

    def _open(self, folder: Path) -> None:
        if not (folder / "results.json").is_file():
            self.context.tell(
                StudioError("runs.no-task", "The results of {name} are not there any more.", "Train the run again.",
                            where=str(folder), name=folder.name)
            )  # fmt: skip
            return
        try:
            self.context.show_run(folder)
        except StudioError as error:
            self.context.tell(error)

    def compare(self, runs: list[ReadRun]) -> None:
        first = next((run for run in runs if run.results is not None), None)
        if first is not None:
            self.pane.set_comparison(first.name, first.results)

    def refresh(self) -> None:
        results = self.context.project.results
        if results is self._shown:
            return
        self._shown = results
        self.pane.set_run(self.context.project.run, results)

    def _on_reply(self, reply: list[dict[str, Any]]) -> None:
        self.pane.set_try_reply(reply, None)

    def _on_error(self, error: dict[str, Any]) -> None:
        self.pane.set_try_reply(None, i18n.both(error))

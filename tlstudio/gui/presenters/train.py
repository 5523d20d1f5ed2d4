"""Train step: the run that is going on, or the one that is shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tlstudio.gui import fit, i18n, metric_names
from tlstudio.gui.context import Context
from tlstudio.gui.panes.train import TrainPane
from tlstudio.gui.presenters.base import Presenter
from tlstudio.gui.presenters.outcome import outcome
from tlstudio.gui.read_runs import ReadRun
from tlstudio.gui.run_session import ACTIVE, AFTERWARDS
from tlstudio.session.history import RunHistory


class TrainPresenter(Presenter):
    """The start itself is the controller's: the plan panel starts as well."""

    def __init__(self, context: Context, pane: TrainPane) -> None:
        super().__init__(context, pane)
        self._history: RunHistory | None = None
        self._logged = 0
        self._folder: Path | None = None
        session = context.session
        pane.pause_requested.connect(self.pause)
        pane.resume_requested.connect(self.resume)
        pane.stop_requested.connect(self.stop)
        pane.cancel_requested.connect(self.cancel)
        session.state_changed.connect(self.on_state)
        session.drained.connect(self.on_drained)
        session.ended.connect(self.on_ended)
        queue, view = context.queue, pane.queue
        view.start_requested.connect(queue.start)
        view.hold_requested.connect(queue.hold)
        view.clear_requested.connect(queue.clear)
        view.move_requested.connect(queue.move)
        view.remove_requested.connect(queue.remove)
        view.again_requested.connect(queue.again)
        queue.changed.connect(self.on_queue)
        self.on_queue()
        if session.history is not None and session.job == "run":
            self._attach(session.history)
        self.on_state(session.state)
        self.refresh()

    def pause(self) -> None:
        self.context.session.send("pause")

    def resume(self) -> None:
        self.context.session.send("resume")

    def stop(self) -> None:
        self.context.session.send("stop")

    def cancel(self) -> None:
        self.context.session.send("cancel")

    def on_queue(self) -> None:
        self.pane.queue.set_items(self.context.queue.items, self.context.queue.going)

    def refresh(self) -> None:
        problems = self.context.project.problems()
        self.pane.set_ready(not problems, i18n.message(problems[0]) if problems else "")
        run = self.context.project.run
        if run != self._folder and not self.context.session.active:
            self._folder = run
            self._show_run(run)

    def on_state(self, state: str) -> None:
        if self.context.session.job in AFTERWARDS:
            return
        self.pane.set_state(state)
        history = self.context.session.history
        if state in ACTIVE and history is not None and history is not self._history:
            self._folder = self.context.session.folder
            self._attach(history)

    def on_drained(self, _lines: list[Any]) -> None:
        if self._history is None or self._history is not self.context.session.history:
            return
        self._write_log()
        self.pane.refresh()

    def on_ended(self, line: dict[str, Any]) -> None:
        if self.context.session.job in AFTERWARDS:
            return
        if line.get("error"):
            self.pane.add_log("error", i18n.both(line["error"]))
        self._write_log()
        self.pane.refresh()
        self.pane.set_outcome(outcome(line))

    def compare(self, runs: list[ReadRun]) -> None:
        self.pane.set_earlier([(run.name, run.history) for run in runs])

    def _show_run(self, folder: Path | None) -> None:
        """The curves of an earlier run that was opened; a run without events shows none."""
        if folder is None or not (folder / "events.jsonl").is_file():
            self._attach(None)
            return
        self.context.background.run(
            lambda: RunHistory.from_events(folder / "events.jsonl"), self._attach, self.context.tell
        )

    def _attach(self, history: RunHistory | None) -> None:
        self._history, self._logged = history, 0
        self.pane.set_headline(self._headline())
        self.pane.attach(history)
        self._write_log()
        if history is not None and history.finished is not None:
            self.pane.set_outcome(outcome(history.finished.to_dict()))

    def _headline(self) -> str:
        """The main metric of the run that is shown: as its results say, or the task of its recipe."""
        project, session = self.context.project, self.context.session
        if not session.active and project.results is not None:
            return metric_names.headline(project.results)
        task = fit.task_of((session.recipe or project.recipe).task.name)
        return str(getattr(task, "METRIC", metric_names.DEFAULT))

    def _write_log(self) -> None:
        if self._history is None:
            return
        self._logged, lines = self._history.logs_since(self._logged)
        for line in lines:
            self.pane.add_log(line.level, i18n.engine(line.message, **line.params))

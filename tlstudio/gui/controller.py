"""Wires the window to the project, the worker and the panes' presenters."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QApplication, QDialog, QMessageBox, QWidget

import tlstudio
from tlstudio.core.errors import StudioError
from tlstudio.core.recipe import Recipe
from tlstudio.gui import fit, i18n, plan, theme
from tlstudio.gui.builder import build
from tlstudio.gui.closing import Closing
from tlstudio.gui.context import Context
from tlstudio.gui.drops import Drop, sort_out
from tlstudio.gui.finding_again import FindingAgain
from tlstudio.gui.main_window import MainWindow
from tlstudio.gui.presenters.base import Presenter
from tlstudio.gui.project_actions import ProjectActions
from tlstudio.gui.read_runs import ReadRun, read_runs
from tlstudio.gui.readiness import Readiness
from tlstudio.gui.run_status import RunStatus
from tlstudio.gui.trust import Trust
from tlstudio.gui.widgets.welcome import Welcome
from tlstudio.session.project import step_of
from tlstudio.session.runs import new_folder

_WARM_AFTER = 300  # ms: first the window, then the worker


class Controller(QObject):
    """One for the program. ``closed`` when the window is gone and nothing is left running."""

    closed = Signal()

    def __init__(self, context: Context, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.context = context
        self.window: MainWindow = None  # type: ignore[assignment] # made by _make_window, before anything else
        self.welcome: Welcome | None = None
        self.trust = Trust(context, self)
        self._presenters: dict[str, Presenter] = {}
        self.project = ProjectActions(context, self)
        self.project.recent_changed.connect(self._show_recent)
        self.closing = Closing(context, self.project.may_leave, self)
        # queued: a window cannot be closed from inside its own close event
        self.closing.ready.connect(self.finish, Qt.ConnectionType.QueuedConnection)
        context.told.connect(self._on_told)
        context.step_requested.connect(self._on_step)
        context.project_changed.connect(self.refresh)
        context.facts.changed.connect(self._on_fact)
        context.compare_requested.connect(self.compare)
        context.storage_requested.connect(self.storage)
        context.session.ended.connect(self._on_ended)
        self._warm = QTimer(self)
        self._warm.setSingleShot(True)
        self._warm.setInterval(_WARM_AFTER)
        self._warm.timeout.connect(self._warm_up)
        self.finding_again = FindingAgain(self)
        self._make_window()

    # --- the window

    def _make_window(self) -> None:
        self._presenters.clear()
        window = MainWindow(self._make_pane)
        self.window = window
        self.context.dialogs.window = window
        window.asked.connect(self._on_asked)
        window.recent_asked.connect(self.project.open_named)
        window.language_asked.connect(self.set_language)
        window.dropped.connect(self.drop)
        window.close_asked.connect(self.closing.ask)
        window.plan.start_requested.connect(self.start)
        window.plan.estimate_requested.connect(self.context.facts.ask_estimate)
        window.restore(self.context.settings.geometry)
        window.set_language(i18n.resolve(self.context.settings.language))
        self._show_recent()
        self._run_status = RunStatus(self.context, window)
        self._readiness = Readiness(self.context, window)
        self.refresh()

    def _show_recent(self) -> None:
        self.window.set_recent(self.context.settings.recent_files)

    def show(self, path: Path | None = None) -> None:
        """Shows the window, with a project if one is given, else with the welcome."""
        if path is not None:
            self.project.open(path)
        if self.context.project.recipe == Recipe() and self.context.project.path is None:
            self.show_welcome()
        else:
            self.window.go("model")
        self.window.show()
        self._warm.start()

    def show_welcome(self) -> None:
        self.welcome = Welcome(self.window)
        self.welcome.set_recent(self.context.settings.recent_files)
        self.welcome.sample_requested.connect(self.project.open_sample)
        self.welcome.data_requested.connect(self.choose_data)
        self.welcome.project_requested.connect(self.project.open_asking)
        self.welcome.recent_requested.connect(self.project.open_named)
        self.welcome.skipped.connect(self._skip)
        self.window.show_widget(self.welcome)
        self.welcome.set_focus()

    def set_language(self, code: str) -> None:
        """Another language makes a new window over the same project and run."""
        app = QApplication.instance()
        place, old = self.window.steps.current(), self.window
        self.context.change_settings(language=code, geometry=old.geometry_text())
        if app is not None:
            i18n.install(app, code)
        self._make_window()
        self.window.go(place)
        self.window.show()
        old.may_close = True
        old.close()
        old.deleteLater()

    def toggle_theme(self) -> None:
        self.set_scheme("light" if theme.colours().dark else "dark")

    def set_scheme(self, scheme: str) -> None:
        app = QApplication.instance()
        self.context.change_settings(colour_scheme=scheme)
        if isinstance(app, QApplication):
            theme.apply(app, scheme)
        self.refresh()

    def on_system_scheme(self) -> None:
        if self.context.settings.colour_scheme == "system":
            self.set_scheme("system")

    def _make_pane(self, place: str) -> QWidget:
        pane, presenter = build(place, self.context, self.window)
        self._presenters[place] = presenter
        if hasattr(pane, "start_requested"):
            pane.start_requested.connect(self.start)
        if hasattr(pane, "enqueue_requested"):
            pane.enqueue_requested.connect(self.enqueue)
        return pane

    # --- files that come in

    def choose_data(self) -> None:
        if files := self.context.dialogs.open_data():
            self.drop([Path(file) for file in files])

    def drop(self, paths: list[Path]) -> None:
        """Files dropped on the window: a project, a model folder, or labelled data."""
        drop: Drop = sort_out(paths)
        if drop.problem is not None:
            self.context.tell(drop.problem)
        elif drop.project is not None:
            self.project.open(drop.project)
        elif drop.model is not None:
            self.context.edit("model", {"source": "folder", "name": str(drop.model)})
            self.window.go("model")
        elif drop.data:
            self.context.set_data({split: tuple(map(str, paths)) for split, paths in drop.data.items()})
            self.window.go("data")

    # --- the run

    def start(self) -> None:
        """Starts training, or goes to the step where the first problem is mended."""
        reason, step = self._readiness.reason()
        if reason:
            self.context.told.emit(reason)
            if step:
                self.window.go(step)
            return
        recipe = self.context.project.recipe
        try:
            folder = new_folder(recipe, self.context.settings.runs_path)
        except StudioError as error:
            self.context.dialogs.tell(error)
            return
        args = {"recipe": recipe.to_dict(), "folder": str(folder), "alone": self.context.settings.without_window}
        self.context.session.start("run", args, folder, recipe)
        self.window.go("train")
        self.window.steps.setFocus()  # the start button is disabled now: Qt would pass the focus to Undo

    def enqueue(self) -> None:
        """Puts the recipe at the end of the queue, or goes to the step where its first problem is mended."""
        if problems := self.context.project.problems():
            self.context.tell(problems[0])
            self.window.go(step_of(problems[0]))
            return
        self.context.queue.add(self.context.project.recipe)
        self.context.told.emit(self.tr("Added to the queue."))
        self.window.go("train")

    def compare(self, runs: list[str]) -> None:
        """Puts earlier runs beside the one that is shown: numbers in Results, curves as pale lines in Train."""
        base, project = self.context.settings.runs_path, self.context.project
        if runs and project.results is None:
            self.context.show_run(base / runs[0])
        others = [run for run in runs if project.run is None or run != project.run.name]
        self.context.background.run(lambda: read_runs(base, others), self._on_compared, self.context.tell)

    def _on_compared(self, runs: list[ReadRun]) -> None:
        for place in ("train", "results"):
            self.window.pane(place)
            self._presenters[place].compare(runs)
        self.window.go("results" if any(run.results for run in runs) else "train")

    def _on_ended(self, line: dict[str, Any]) -> None:
        session = self.context.session
        if session.job == "run" and session.folder is not None and (session.folder / "results.json").is_file():
            try:
                self.context.show_run(session.folder)
            except StudioError as error:
                self.context.tell(error)
        if session.job == "run" and line.get("outcome") == "failed" and line.get("error"):
            self.context.tell(line["error"])

    # --- what changed

    def refresh(self) -> None:
        project = self.context.project
        project.set_found("fit", fit.misfits(project.recipe, self.context.facts))
        self.window.set_project(project.name, project.dirty, project.can_undo, project.can_redo)
        self.window.plan.set_items(plan.items(project.recipe, self.context.facts))
        self._readiness.show()

    def _on_fact(self, subject: str) -> None:
        known = self.context.facts.get(subject)
        if subject in ("model", "data"):
            errors = [known.error] if known.error else []
            found = (known.data or {}).get("problems", []) if subject == "data" else []
            errors += [item for item in found if item.get("severity", "error") == "error"]
            self.context.project.set_found(subject, [StudioError.from_dict(item) for item in errors])
        if subject != "download" and not (known.state == "busy" and known.progress):
            self.refresh()
        if subject == "estimate" and known.error:
            self.context.tell(known.error)

    def _on_told(self, text: str) -> None:
        self.window.status.say(text)

    def _on_step(self, step: str) -> None:
        self.window.go(step)

    def _skip(self) -> None:
        self.window.go("model")

    def _warm_up(self) -> None:
        self.project.find_unsaved()
        self.finding_again.start()
        self.context.queue.open()
        self.context.queries.start()
        self.context.facts.ask_catalogue()

    def _on_asked(self, name: str) -> None:
        session = self.context.session
        actions = {
            "new": self.project.new,
            "open": self.project.open_asking,
            "save": self.project.save,
            "save-as": self.project.save_as,
            "settings": self.settings,
            "storage": self.storage,
            "undo": self.context.project.undo,
            "redo": self.context.project.redo,
            "start": self.start,
            "queue": self.enqueue,
            "refresh": self.context.facts.ask_again,
            "theme": self.toggle_theme,
            "sample": self.project.open_sample,
            "doctor": self.doctor,
            "network": self.trust.network,
            "diagnostics": self.trust.diagnostics,
            "about": self.about,
        }
        if name in actions:
            actions[name]()
        elif name == "pause":
            session.send("resume" if session.state == "paused" else "pause")
        elif name in ("stop", "cancel"):
            session.send(name)

    # --- dialogs

    def settings(self) -> None:
        from tlstudio.gui.settings_dialog import SettingsDialog

        dialog = SettingsDialog(self.context.settings, self.window)
        if dialog.exec() == QDialog.DialogCode.Accepted:
            values = dialog.values()
            self.set_scheme(values.pop("colour_scheme"))
            self.context.change_settings(**values)
            self.trust.apply(dialog.token.text().strip(), dialog.forget.isChecked())
        dialog.deleteLater()

    def storage(self) -> None:
        from tlstudio.gui.presenters.storage import open_storage

        open_storage(self.context, self.window, self._read_runs)

    def _read_runs(self) -> None:
        if (runs := self._presenters.get("runs")) is not None:
            runs.read()  # type: ignore[attr-defined]

    def doctor(self) -> None:
        from tlstudio.gui.doctor_dialog import DoctorDialog

        dialog = DoctorDialog(self.window)
        dialog.exec()
        dialog.deleteLater()

    def about(self) -> None:
        text = self.tr(
            "TLStudio {version}\n\nTransfer learning with pretrained transformers, without code.\n"
            "Apache License 2.0. Nothing leaves this computer unless you ask for a download."
        )
        QMessageBox.about(self.window, self.tr("About TLStudio"), text.format(version=tlstudio.__version__))

    # --- the end

    def finish(self) -> None:
        """Nothing is going on any more: remembers the window, ends the worker, closes."""
        self._warm.stop()
        self.context.change_settings(geometry=self.window.geometry_text(), welcomed=True)
        self.window.may_close = True
        self.window.close()
        self.project.close()
        self.context.close()
        self.closed.emit()

"""Whether training can start, and the one thing that is missing: in the plan, the step list and the menu."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QObject

from tlstudio.gui import i18n, plan
from tlstudio.gui.context import Context
from tlstudio.gui.main_window import MainWindow
from tlstudio.session.project import step_of

translate = QCoreApplication.translate  # under this name lupdate finds the strings


def obstacle(context: Context) -> tuple[str, str]:
    """(why training cannot start, the step where it is mended); empty texts if it can."""
    if context.session.active:
        return translate("Readiness", "A run is going on."), ""
    if problems := context.project.problems():
        return i18n.message(problems[0]), step_of(problems[0])
    if context.facts.data.state == "busy":
        return translate("Readiness", "The data is still being read."), ""
    return "", ""


class Readiness(QObject):
    def __init__(self, context: Context, window: MainWindow) -> None:
        super().__init__(window)
        self._context, self._window = context, window
        context.session.state_changed.connect(self.show)
        context.facts.changed.connect(self._on_fact)

    def reason(self) -> tuple[str, str]:
        """Why training cannot start: see :func:`obstacle`."""
        return obstacle(self._context)

    def show(self, _state: str = "") -> None:
        reason, step = self.reason()
        running = self._context.session.active
        self._window.plan.set_ready(not reason, "" if running else reason, "" if running else step)
        self._window.plan.set_start_title(self.tr("Training…") if running else self.tr("Start training"))
        self._window.actions_by_name["start"].setEnabled(not reason)
        self._window.set_running(running)
        self._show_steps(running)
        self._show_estimate()
        if not reason:
            self._context.session.prepare()

    def _show_steps(self, running: bool) -> None:
        for state in self._context.project.states():
            status: str = state.status
            detail = ""
            if state.missing is not None:
                detail = i18n.message(state.missing)
            if running and state.step == "train":
                status, detail = "running", ""
            self._window.steps.set_state(state.step, status, detail)

    def _show_estimate(self) -> None:
        known = self._context.facts.estimate
        text = plan.estimate(known.data) if known.data else ""
        possible = not self._context.project.problems() and not self._context.session.active
        self._window.plan.set_estimate(text, known.state == "busy", possible)

    def _on_fact(self, subject: str) -> None:
        if subject == "estimate":
            self._show_estimate()

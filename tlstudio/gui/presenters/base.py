"""What all presenters share."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject

from tlstudio.core import plugins
from tlstudio.core.errors import StudioError
from tlstudio.gui.context import Context
from tlstudio.gui.read_runs import ReadRun
from tlstudio.gui.widgets.problems import Problem


class Presenter(QObject):
    """Owned by its pane. ``refresh`` shows what is known; ``on_fact`` hears of new facts."""

    def __init__(self, context: Context, pane: Any) -> None:
        super().__init__(pane)
        self.context, self.pane = context, pane
        if hasattr(pane, "edited"):
            pane.edited.connect(context.edit)
        if hasattr(pane, "step_requested"):
            pane.step_requested.connect(context.step_requested)
        context.project_changed.connect(self.refresh)
        context.facts.changed.connect(self.on_fact)

    def refresh(self) -> None:
        """Shows the recipe and what is known about it."""

    def on_fact(self, subject: str) -> None:
        """Something new is known about ``subject``."""

    def compare(self, runs: list[ReadRun]) -> None:
        """Puts earlier runs beside the one that is shown."""

    def step_problems(self, step: str) -> list[Problem]:
        """The project's problems that are mended in ``step``."""
        states = {state.step: state for state in self.context.project.states()}
        missing = states[step].missing
        return [Problem(missing.to_dict())] if missing is not None else []


def listing(package: str) -> list[tuple[str, str, str]]:
    """(name, title, summary) of a package's plug-ins."""
    found = plugins.find(f"tlstudio.{package}")
    return [(name, plugin.TITLE, plugin.SUMMARY) for name, plugin in found.items()]


def as_problem(error: dict[str, Any] | StudioError, severity: str = "error") -> Problem:
    data = error.to_dict() if isinstance(error, StudioError) else error
    return Problem(data, data.get("severity", severity))

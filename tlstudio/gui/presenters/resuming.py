"""The button of the Runs pane with which a run goes on that was broken off."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Slot

from tlstudio.core import recipe as recipes
from tlstudio.core.errors import StudioError
from tlstudio.gui.context import Context
from tlstudio.gui.widgets.common import button
from tlstudio.session.resumable import can_resume
from tlstudio.session.runs import RunSummary


class Resuming(QObject):
    """Puts the button beside the others of a pane and follows the chosen run.

    Args:
        context: of the window.
        pane: with ``tools``, a layout, and ``table``, whose chosen record is a run.
    """

    def __init__(self, context: Context, pane: Any) -> None:
        super().__init__(pane)
        self._context = context
        self._run: RunSummary | None = None
        help_ = self.tr("Go on with the chosen run from its last checkpoint, as if it had never been broken off")
        self.button = button(self.tr("Resume"), "play", help=help_)
        self.button.clicked.connect(self.resume)
        self.button.setObjectName("resume")
        pane.tools.insertWidget(0, self.button)
        pane.table.record_chosen.connect(self.show_run)
        context.session.state_changed.connect(self._on_state)
        self.show_run(pane.table.current())

    @Slot(object)
    def show_run(self, run: RunSummary | None) -> None:
        """Another run is chosen."""
        self._run = run
        possible = run is not None and can_resume(run)
        self.button.setEnabled(possible and not self._context.session.active)

    @Slot()
    def resume(self) -> None:
        """The chosen run goes on; Train shows it."""
        session = self._context.session
        if self._run is None or session.active:
            return
        folder = Path(self._run.folder)
        try:
            recipe = recipes.load(folder / "recipe.yaml")
        except StudioError as error:
            self._context.tell(error)
            return
        args = {"folder": str(folder), "alone": self._context.settings.without_window}
        session.start("resume", args, folder, recipe)
        self._context.step_requested.emit("train")

    def _on_state(self, _state: str) -> None:
        self.show_run(self._run)

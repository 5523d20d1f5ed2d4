"""What all panes share: signals out, setters in, no logic."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from tlstudio.gui.widgets.common import Page
from tlstudio.gui.widgets.problems import ProblemList


class Pane(Page):
    """A step's pane. ``edited(path, value)`` is the user's wish to change a field of the recipe."""

    edited = Signal(str, object)
    step_requested = Signal(str)

    def __init__(self, heading: str, explanation: str = "", parent: QWidget | None = None) -> None:
        super().__init__(heading, explanation, parent)
        self.problems = ProblemList(self)
        self.problems.remedy_chosen.connect(self.edited)
        self.body.addWidget(self.problems)

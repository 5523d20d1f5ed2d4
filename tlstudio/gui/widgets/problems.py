"""Problems with what to do about them, one frame each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from tlstudio.gui import i18n, theme
from tlstudio.gui.widgets.common import Sign, button, clear, label


@dataclass(frozen=True)
class Remedy:
    """A way out that is one click: sets the recipe field ``path`` to ``value``."""

    title: str
    path: str
    value: Any


@dataclass(frozen=True)
class Problem:
    """``error`` is a StudioError's dict; ``severity``: error or warning."""

    error: dict[str, Any]
    severity: str = "error"
    remedies: tuple[Remedy, ...] = field(default=())


class ProblemList(QWidget):
    """Shows problems; ``remedy_chosen(path, value)`` when the user takes an offered way out."""

    remedy_chosen = Signal(str, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: list[Problem] = []
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(8)
        self.hide()

    def set_problems(self, problems: list[Problem]) -> None:
        """Shows problems; unchanged ones stay as they are, so that a pressed button lives through its own click."""
        if problems == self._shown:
            return
        self._shown = list(problems)
        clear(self._layout)
        for problem in problems:
            self._layout.addWidget(self._frame(problem))
        self.setVisible(bool(problems))

    def messages(self) -> list[str]:
        return [item.text() for item in self.findChildren(QLabel) if item.objectName() == "message"]

    def _frame(self, problem: Problem) -> QFrame:
        frame = QFrame(self)
        theme.set_role(frame, f"problem-{problem.severity}")
        outer = QHBoxLayout(frame)
        outer.setContentsMargins(12, 8, 12, 8)
        outer.setSpacing(10)
        tint = "error" if problem.severity == "error" else "warn"
        sign = Sign(problem.severity, tint, 20, frame)
        sign.setAccessibleName(self.tr("Error") if problem.severity == "error" else self.tr("Warning"))
        outer.addWidget(sign, 0, Qt.AlignmentFlag.AlignTop)
        outer.addLayout(self._texts(problem, frame), 1)
        for remedy in problem.remedies:
            action = button(remedy.title, parent=frame)
            action.clicked.connect(lambda _=False, r=remedy: self.remedy_chosen.emit(r.path, r.value))
            outer.addWidget(action, 0, Qt.AlignmentFlag.AlignVCenter)
        return frame

    def _texts(self, problem: Problem, frame: QFrame) -> QVBoxLayout:
        texts = QVBoxLayout()
        texts.setSpacing(2)
        message = label(i18n.message(problem.error), wrap=True, parent=frame)
        message.setObjectName("message")
        message.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        texts.addWidget(message)
        if remedy := i18n.remedy(problem.error):
            texts.addWidget(label(remedy, "muted", wrap=True, parent=frame))
        return texts

"""The stages of a run, with their states as signs and words."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from tlstudio.gui import formats, theme, words
from tlstudio.gui.widgets.common import label
from tlstudio.gui.widgets.flow import FlowLayout
from tlstudio.session.history import Stage

_SIGNS = {"waiting": "○", "running": "▶", "done": "✓", "failed": "✕", "skipped": "–"}
_ROLES = {"running": "title", "failed": "error", "done": "", "waiting": "muted", "skipped": "muted"}


class StageList(QWidget):
    """The stages side by side, wrapped where there is no room; each with its state and time."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._flow = FlowLayout(self, gap=6)
        self._chips: dict[str, _Chip] = {}

    def set_stages(self, stages: list[Stage]) -> None:
        if [stage.name for stage in stages] != list(self._chips):
            for chip in self._chips.values():
                self._flow.removeWidget(chip)
                chip.hide()
                chip.deleteLater()
            self._chips = {stage.name: _Chip(self) for stage in stages}
            for chip in self._chips.values():
                self._flow.addWidget(chip)
        for stage in stages:
            self._chips[stage.name].show_stage(stage)

    def texts(self) -> list[str]:
        """What is said of each stage, for tests and screen readers."""
        return [chip.accessibleName() for chip in self._chips.values()]


class _Chip(QFrame):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._name = label(parent=self)
        self._state = label(role="caption", parent=self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 2, 8, 2)
        layout.setSpacing(0)
        layout.addWidget(self._name)
        layout.addWidget(self._state)

    def show_stage(self, stage: Stage) -> None:
        title = words.stage(stage.name)
        state = self._words(stage)
        self._name.setText(f"{_SIGNS.get(stage.state, '')} {title}")
        self._state.setText(state)
        theme.set_role(self._name, _ROLES.get(stage.state, ""))
        self.setAccessibleName(f"{title}: {state}")

    def _words(self, stage: Stage) -> str:
        if stage.state == "done" and stage.seconds is not None:
            return self.tr("done in {time}").format(time=formats.duration(stage.seconds))
        return {
            "waiting": self.tr("waiting"),
            "running": self.tr("going on"),
            "done": self.tr("done"),
            "failed": self.tr("failed"),
            "skipped": self.tr("left out"),
        }.get(stage.state, stage.state)

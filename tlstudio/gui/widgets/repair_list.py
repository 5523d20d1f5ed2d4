"""The repairs that the recipe makes, in their order, each of which can be taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from tlstudio.gui.widgets.common import button, clear, label


@dataclass(frozen=True)
class ShownRepair:
    """A repair in the user's language; ``detail`` is what it has done, or with what options."""

    title: str
    detail: str = ""


class RepairList(QWidget):
    """``undo_requested(number)`` when the user takes one back."""

    undo_requested = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: list[ShownRepair] = []
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(4, 0, 0, 0)
        self._layout.setSpacing(2)

    def set_repairs(self, repairs: Sequence[ShownRepair]) -> None:
        if list(repairs) == self._shown:
            return
        self._shown = list(repairs)
        clear(self._layout)
        for number, repair in enumerate(repairs):
            self._layout.addLayout(self._line(number, repair))

    def repairs(self) -> list[ShownRepair]:
        return list(self._shown)

    def _line(self, number: int, repair: ShownRepair) -> QHBoxLayout:
        line = QHBoxLayout()
        line.setSpacing(10)
        line.addWidget(label(f"✓ {repair.title}", "ok", parent=self))
        detail = label(repair.detail, "muted", wrap=True, parent=self)
        line.addWidget(detail, 1)
        undo = button(self.tr("Undo this"), "undo", "quiet", parent=self)
        undo.setAccessibleName(self.tr("Undo: {title}").format(title=repair.title))
        undo.setProperty("number", number)
        undo.clicked.connect(self._undo)
        line.addWidget(undo)
        return line

    @Slot()
    def _undo(self) -> None:
        self.undo_requested.emit(int(self.sender().property("number")))

"""Things found in images."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Slot
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QVBoxLayout, QWidget

from tlstudio.gui import formats
from tlstudio.gui.widgets.box_canvas import Box, BoxCanvas
from tlstudio.gui.widgets.common import button, label

Item = dict[str, Any]


class View(QWidget):
    """{row, image, truth, predicted}: one image at a time, with the next and the one before."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._items: list[Item] = []
        self._at = 0
        self.canvas = BoxCanvas()
        self.before = button(self.tr("Previous"), "up", help=self.tr("Alt+Left"))
        self.next = button(self.tr("Next"), "down", help=self.tr("Alt+Right"))
        self.truth = QCheckBox(self.tr("True (dashed)"))
        self.predicted = QCheckBox(self.tr("Predicted (solid)"))
        for tick in (self.truth, self.predicted):
            tick.setChecked(True)
            tick.toggled.connect(self._show)
        self.before.clicked.connect(self.go_back)
        self.next.clicked.connect(self.go_on)
        for keys, slot in (("Alt+Left", self.go_back), ("Alt+Right", self.go_on)):
            QShortcut(QKeySequence(keys), self, slot)
        self.caption = label("", "muted", wrap=True)
        top = QHBoxLayout()
        for widget in (self.before, self.next):
            top.addWidget(widget)
        top.addStretch(1)
        for tick in (self.truth, self.predicted):
            top.addWidget(tick)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 12, 0, 0)
        layout.addLayout(top)
        layout.addWidget(self.caption)
        layout.addWidget(self.canvas, 1)

    def set_items(self, items: Sequence[Item], unit: str) -> None:
        self._items, self._at = list(items), 0
        self._show()

    @Slot()
    def go_back(self) -> None:
        self._at = max(self._at - 1, 0)
        self._show()

    @Slot()
    def go_on(self) -> None:
        self._at = min(self._at + 1, len(self._items) - 1)
        self._show()

    @Slot()
    def _show(self) -> None:
        self.before.setEnabled(self._at > 0)
        self.next.setEnabled(self._at < len(self._items) - 1)
        if not self._items:
            self.caption.setText("")
            return
        item = self._items[self._at]
        text = self.tr("{at} of {n}: row {row}, {name} · {true} true and {predicted} predicted boxes")
        self.caption.setText(
            text.format(
                at=formats.count(self._at + 1),
                n=formats.count(len(self._items)),
                row=formats.count(item.get("row")),
                name=Path(item["image"]).name,
                true=len(item["truth"]),
                predicted=len(item["predicted"]),
            )
        )
        truth = [Box.of(box) for box in item["truth"]] if self.truth.isChecked() else []
        predicted = [Box.of(box) for box in item["predicted"]] if self.predicted.isChecked() else []
        self.canvas.show_image(item["image"], predicted, truth)

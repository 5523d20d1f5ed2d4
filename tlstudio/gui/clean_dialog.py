"""Cleaning up runs: which parts, of which runs, and how much that frees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QCheckBox, QDialog, QHBoxLayout, QVBoxLayout, QWidget

from tlstudio.gui import formats
from tlstudio.gui.background import Latest
from tlstudio.gui.widgets.common import button, label
from tlstudio.session.run_disk import PARTS, Removal, removals
from tlstudio.session.runs import RunSummary


class CleanDialog(QDialog):
    """``chosen()`` is what the user wants removed, ``for_good`` whether the trash is left out."""

    def __init__(self, runs: Sequence[RunSummary], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Clean up runs"))
        self.setMinimumWidth(560)
        self._found: list[Removal] | None = None
        one = self.tr("Of the run {name}:").format(name=runs[0].id) if runs else ""
        several = self.tr("Of {n} runs:").format(n=formats.count(len(runs)))
        self.boxes = {name: QCheckBox(self) for name in PARTS}
        self.boxes["checkpoints"].setChecked(True)
        self.for_good_box = QCheckBox(self.tr("Remove at once, not by way of the trash"), self)
        self.about = label(self.tr("Measuring…"), "muted", wrap=True, parent=self)
        self.clean_button = button(self.tr("Clean up"), "remove", "danger", parent=self)
        self.cancel_button = button(self.tr("Cancel"), parent=self)
        self.clean_button.clicked.connect(self.accept)
        self.cancel_button.clicked.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(label(one if len(runs) == 1 else several, "title", wrap=True, parent=self))
        for box in self.boxes.values():
            layout.addWidget(box)
            box.toggled.connect(self._show)
        layout.addWidget(self.for_good_box)
        layout.addWidget(self.about)
        line = QHBoxLayout()
        line.addStretch(1)
        line.addWidget(self.cancel_button)
        line.addWidget(self.clean_button)
        layout.addLayout(line)
        self._show()
        self._background = Latest(self)
        self._background.done.connect(self._on_measured)
        self._background.start("sizes", lambda: removals(runs, list(PARTS)))

    @property
    def for_good(self) -> bool:
        return self.for_good_box.isChecked()

    def chosen(self) -> list[Removal]:
        return [item for item in self._found or () if self.boxes[item.part].isChecked()]

    @Slot(object, object)
    def _on_measured(self, _key: Any, found: list[Removal]) -> None:
        self._found = found
        self._show()

    @Slot()
    def _show(self) -> None:
        sizes = {name: sum(item.bytes for item in self._found or () if item.part == name) for name in PARTS}
        texts = {
            "checkpoints": self.tr("Checkpoints of finished runs: only needed to go on training"),
            "compressed": self.tr("Compressed forms: can be made again"),
            "exports": self.tr("Exports: can be made again from the model"),
        }
        for name, box in self.boxes.items():
            size = formats.size(sizes[name]) if self._found is not None else "…"
            box.setText(f"{texts[name]} ({size})")
        wanted = self.chosen()
        self.clean_button.setEnabled(bool(wanted))
        if self._found is not None:
            text = self.tr("{size} in {n} runs. Models, results, curves and reports stay.")
            runs = len({item.run.id for item in wanted})
            self.about.setText(
                text.format(size=formats.size(sum(item.bytes for item in wanted)), n=formats.count(runs))
            )

"""The confusion matrix with the samples of the chosen cell, and the worst errors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication, Qt, Slot
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QVBoxLayout, QWidget

from tlstudio.gui import formats, i18n, theme
from tlstudio.gui.background import Latest
from tlstudio.gui.widgets.common import label
from tlstudio.gui.widgets.confusion import ConfusionView
from tlstudio.gui.widgets.record_table import Column, RecordTable
from tlstudio.gui.widgets.splitter import splitter
from tlstudio.session.predictions import Sample, samples

translate = QCoreApplication.translate  # under this name lupdate finds the strings
_LIMIT = 5000


class SampleTable(RecordTable):
    """Texts with their labels; a long text is shown whole in a tool tip and, chosen, below the table."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(_columns(), name, parent=parent)
        self.setMinimumHeight(150)


class ConfusionSection(QWidget):
    """Choose a cell and read its texts: the file is read in the background, and only these rows."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._folder: Path | None = None
        self._wanted: tuple[str, str] | None = None
        self._background = Latest(self)
        self._background.done.connect(self._show)
        self._background.failed.connect(self._fail)
        self.matrix = ConfusionView()
        self.matrix.cell_activated.connect(self.open_cell)
        self.shares = QCheckBox(self.tr("Shares of each row"))
        self.shares.toggled.connect(self.matrix.set_shares)
        self.caption = label("", wrap=True)
        self.samples = SampleTable(self.tr("Samples of the chosen cell"))
        self.text = label("", wrap=True)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.samples.record_chosen.connect(self._show_text)
        hint = label(self.tr("Rows: true label · columns: predicted label. Choose a cell to read its texts."), "muted")
        top = QHBoxLayout()
        top.addWidget(hint, 1)
        top.addWidget(self.shares)
        above, below = QWidget(), QWidget()
        for box, widgets in ((above, [self.matrix]), (below, [self.caption, self.samples, self.text])):
            inner = QVBoxLayout(box)
            inner.setContentsMargins(0, 0, 0, 0)
            for widget in widgets:
                inner.addWidget(widget)
        self.matrix.setMinimumHeight(360)
        split = splitter(Qt.Orientation.Vertical)
        split.addWidget(above)
        split.addWidget(below)
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 2)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 12, 0, 0)
        layout.addLayout(top)
        layout.addWidget(split, 1)

    def set_results(self, folder: Path, labels: list[str], counts: list[list[int]]) -> None:
        self._folder, self._wanted = folder, None
        self.matrix.set_matrix(labels, counts)
        self.samples.set_records([])
        self.text.setText("")
        self.caption.setText(self.tr("No cell is chosen."))
        theme.set_role(self.caption, "muted")

    @Slot(str, str)
    def open_cell(self, true: str, predicted: str) -> None:
        """Reads and shows the samples of a cell."""
        if self._folder is None:
            return
        folder, self._wanted = self._folder, (true, predicted)
        self.caption.setText(self.tr("Reading…"))
        self._background.start((folder, true, predicted), lambda: samples(folder, true, predicted, _LIMIT))

    @Slot(object, object)
    def _show(self, key: tuple[Path, str, str], found: list[Sample]) -> None:
        if (self._folder, self._wanted) != (key[0], key[1:]):
            return
        true, predicted = key[1:]
        text = self.tr("{n} texts with the true label {true}, predicted as {predicted}")
        if len(found) >= _LIMIT:
            text = self.tr("The first {n} texts with the true label {true}, predicted as {predicted}")
        self.caption.setText(text.format(n=formats.count(len(found)), true=true, predicted=predicted))
        theme.set_role(self.caption, "title")
        self.samples.set_records(found)

    @Slot(object, dict)
    def _fail(self, _key: object, error: dict[str, Any]) -> None:
        self.samples.set_records([])
        self.caption.setText(i18n.both(error))
        theme.set_role(self.caption, "error")

    @Slot(object)
    def _show_text(self, sample: Sample | None) -> None:
        self.text.setText(sample.text[:2000] if sample else "")


def _columns() -> list[Column]:
    return [
        Column(translate("samples", "Row"), lambda s: formats.count(s.row), lambda s: s.row, numeric=True),
        Column(translate("samples", "Text"), lambda s: " ".join(s.text[:500].split()), stretch=True),
        Column(translate("samples", "True"), lambda s: s.label),
        Column(
            translate("samples", "Predicted"),
            lambda s: s.predicted if s.predicted == s.label else f"✕ {s.predicted}",
            colour=lambda s: "" if s.predicted == s.label else "error",
        ),
        Column(
            translate("samples", "Confidence"),
            lambda s: formats.percent(s.confidence),
            lambda s: s.confidence,
            numeric=True,
        ),
    ]


def error_samples(results: dict[str, Any]) -> list[Sample]:
    """The most confident errors of ``results.json``."""
    return [
        Sample(item["row"], item["text"], item["label"], item["predicted"], item["confidence"])
        for item in (results.get("test") or {}).get("errors") or []
    ]

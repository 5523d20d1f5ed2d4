"""The confusion matrix with the samples of the chosen cell, and the worst errors."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication, Qt, Slot
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QVBoxLayout, QWidget

from tlstudio.gui import formats, i18n, theme, words
from tlstudio.gui.background import Latest
from tlstudio.gui.widgets.common import label
from tlstudio.gui.widgets.confusion import ConfusionView
from tlstudio.gui.widgets.pictures import PictureDelegate, Pictures
from tlstudio.gui.widgets.record_table import Column, RecordTable
from tlstudio.gui.widgets.splitter import splitter
from tlstudio.session.predictions import CONTENT, Sample, samples

translate = QCoreApplication.translate  # under this name lupdate finds the strings
_LIMIT = 5000
_HIGHEST = 360  # pixels that a matrix of many classes takes at least
_PICTURES = ("image", "audio")  # kinds of samples that are shown as pictures
_THUMBNAIL = 72  # pixels, the height of a row with an image


class SampleTable(RecordTable):
    """Rows with their labels: a long text is shown whole in a tool tip, an image as a thumbnail."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(_columns(), name, parent=parent)
        self.setMinimumHeight(150)
        self._low = self.verticalHeader().defaultSectionSize()
        self.pictures = Pictures(_THUMBNAIL * 2, self)  # device pixels, for screens of twice the density
        self.pictures.ready.connect(self.viewport().update)
        self.setItemDelegateForColumn(1, PictureDelegate(self.pictures, self))

    def set_samples(self, samples: Sequence[Sample]) -> None:
        pictures = any(sample.kind in _PICTURES for sample in samples)
        if samples:
            self.set_kind(samples[0].kind)
        self.verticalHeader().setDefaultSectionSize(_THUMBNAIL if pictures else self._low)
        self.pictures.forget()
        self.set_records(samples)

    def set_kind(self, kind: str) -> None:
        """What the samples are: text, image, audio, or the name of another role."""
        self.retitle(1, _content_title(kind))


class ConfusionSection(QWidget):
    """Choose a cell and see its rows: the file is read in the background, and only these rows."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._folder: Path | None = None
        self._wanted: tuple[str, str] | None = None
        self._unit = "texts"
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
        hint = label(
            self.tr("Rows: true label · columns: predicted label. Choose a cell to see what is in it."), "muted"
        )
        top = QHBoxLayout()
        top.addWidget(hint, 1)
        top.addWidget(self.shares)
        above, below = QWidget(), QWidget()
        for box, widgets in ((above, [self.matrix]), (below, [self.caption, self.samples, self.text])):
            inner = QVBoxLayout(box)
            inner.setContentsMargins(0, 0, 0, 0)
            for widget in widgets:
                inner.addWidget(widget)
        split = splitter(Qt.Orientation.Vertical)
        split.addWidget(above)
        split.addWidget(below)
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 2)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 12, 0, 0)
        layout.addLayout(top)
        layout.addWidget(split, 1)

    def set_results(self, folder: Path, labels: list[str], counts: list[list[int]], unit: str = "texts") -> None:
        self._folder, self._wanted, self._unit = folder, None, unit
        self.matrix.set_matrix(labels, counts)
        self.matrix.setMinimumHeight(min(self.matrix.sizeHint().height(), _HIGHEST))
        self.samples.set_samples([])
        self.samples.set_kind({"images": "image", "recordings": "audio"}.get(unit, "text"))
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
        text = self.tr("{n} {unit} with the true label {true}, predicted as {predicted}")
        if len(found) >= _LIMIT:
            text = self.tr("The first {n} {unit} with the true label {true}, predicted as {predicted}")
        unit = words.unit_name(self._unit)
        self.caption.setText(text.format(n=formats.count(len(found)), unit=unit, true=true, predicted=predicted))
        theme.set_role(self.caption, "title")
        self.samples.set_samples(found)

    @Slot(object, dict)
    def _fail(self, _key: object, error: dict[str, Any]) -> None:
        self.samples.set_samples([])
        self.caption.setText(i18n.both(error))
        theme.set_role(self.caption, "error")

    @Slot(object)
    def _show_text(self, sample: Sample | None) -> None:
        self.text.setText(sample.text[:2000] if sample and sample.kind not in _PICTURES else "")


def _content_title(kind: str) -> str:
    return {
        "image": translate("samples", "Image"),
        "audio": translate("samples", "Recording"),
        "question": translate("samples", "Question"),
        "prompt": translate("samples", "Prompt"),
    }.get(kind, translate("samples", "Text"))


def _content(sample: Sample) -> str:
    return Path(sample.text).name if sample.kind in _PICTURES else " ".join(sample.text[:500].split())


def _columns() -> list[Column]:
    return [
        Column(translate("samples", "Row"), lambda s: formats.count(s.row), lambda s: s.row, numeric=True),
        Column(
            translate("samples", "Text"),
            _content,
            stretch=True,
            picture=lambda s: s.text if s.kind in _PICTURES else "",
        ),
        Column(translate("samples", "True"), lambda s: s.label or formats.NONE),
        Column(
            translate("samples", "Predicted"),
            lambda s: s.predicted if s.predicted == s.label else f"✕ {s.predicted or formats.NONE}",
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
    return [_error(item) for item in (results.get("test") or {}).get("errors") or []]


def _error(item: dict[str, Any]) -> Sample:
    content = next((name for name in CONTENT if name in item), "text")
    text = str(item.get(content, ""))
    return Sample(item["row"], text, item["label"], item["predicted"], item["confidence"], content)

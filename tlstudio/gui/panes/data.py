"""Step 2: the labelled data. Places, rows, columns, labels, splits, what is wrong with it, and what changes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QMenu, QScrollArea, QSizePolicy, QTabWidget, QVBoxLayout, QWidget

from tlstudio.core.recipe import DataSection
from tlstudio.gui.panes.base import Pane
from tlstudio.gui.widgets.augment_view import AugmentView
from tlstudio.gui.widgets.busy_line import BusyLine
from tlstudio.gui.widgets.columns_view import ColumnFacts, ColumnsView
from tlstudio.gui.widgets.common import button, scrolled
from tlstudio.gui.widgets.data_places import SPLITS, PlacesCard
from tlstudio.gui.widgets.data_start import DataStart
from tlstudio.gui.widgets.doctor_view import DoctorView
from tlstudio.gui.widgets.hub_card import HubCard
from tlstudio.gui.widgets.labels_view import LabelsView
from tlstudio.gui.widgets.licence_view import LicenceView
from tlstudio.gui.widgets.preview_view import PreviewView
from tlstudio.gui.widgets.reading_view import ReadingView
from tlstudio.gui.widgets.split_view import SplitView
from tlstudio.gui.widgets.steps_view import StepsView
from tlstudio.gui.widgets.task_bar import TaskChoice, TaskOffer


class DataPane(Pane):
    """Signals: what the user wants. Setters: what is known. The tabs have signals and setters of their own."""

    files_requested = Signal(str, bool)  # split; True: beside those that are there
    folder_requested = Signal(str)
    name_entered = Signal(str, str)
    place_removed = Signal(str, str)  # split, place or empty for all
    sample_requested = Signal(str)  # text or digits
    again_requested = Signal()
    inspection_cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", "", parent)
        self.heading.setText(self.tr("Data"))
        self._make_tools()
        self.start = DataStart(self)
        self.start.files_requested.connect(self._ask_train)
        self.start.folder_requested.connect(self._ask_folder)
        self.start.name_entered.connect(self._enter_train)
        self.start.sample_requested.connect(self.sample_requested)
        self.empty = self.start.empty
        self.body.insertWidget(1, self.start, 1)
        self.hub = HubCard(self)
        self.body.insertWidget(1, self.hub)
        self.offer = TaskOffer(self)
        self.body.insertWidget(1, self.offer)
        self.content = QWidget(self)
        inner = QVBoxLayout(self.content)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(10)
        self.places = PlacesCard(self.content)
        self.places.files_requested.connect(self.files_requested)
        self.places.folder_requested.connect(self.folder_requested)
        self.places.name_entered.connect(self.name_entered)
        self.places.removed.connect(self.place_removed)
        self.busy = BusyLine(self.tr("Reading the data"), self.content)
        self.busy.cancelled.connect(self.inspection_cancelled)
        self.busy.again_requested.connect(self.again_requested)
        inner.addWidget(self.places)
        inner.addWidget(self.busy)
        inner.addWidget(self._make_tabs(), 1)
        self.body.addWidget(self.content, 10)
        self.content.hide()

    # --- parts

    def _make_tools(self) -> None:
        self.task = TaskChoice(self)
        self.again_button = button(self.tr("Read again"), "refresh", "quiet", self.tr("The data has changed"), self)
        self.again_button.clicked.connect(self.again_requested)
        self.sample_button = button(self.tr("Samples"), "sample", parent=self)
        self.samples = QMenu(self.sample_button)
        for name, title in (
            ("text", self.tr("Support messages (texts in 8 classes)")),
            ("digits", self.tr("Handwritten digits (images in 10 classes)")),
        ):
            action = self.samples.addAction(title)
            action.setData(name)
            action.triggered.connect(self._on_sample)
        self.sample_button.setMenu(self.samples)
        self.tools.addWidget(self.task)
        self.tools.addWidget(self.again_button)
        self.tools.addWidget(self.sample_button)

    def _make_tabs(self) -> QTabWidget:
        self.tabs = QTabWidget(self)
        self.tabs.setDocumentMode(True)
        self.tabs.setUsesScrollButtons(True)
        # as high as there is room: else the page would be as high as the highest tab would like to be
        self.tabs.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        self.tabs.setMinimumHeight(330)
        self.rows = PreviewView(self)
        self.preview, self.table = self.rows.model, self.rows.table
        self.columns = ColumnsView(self)
        self.columns.template.committed.connect(self._on_template)
        self.columns.separator_wished.connect(self._on_separator)
        self.labels = LabelsView(self)
        self.split = SplitView(self)
        self.split.edited.connect(self._on_split)
        self.doctor = DoctorView(self)
        self.doctor.badge_changed.connect(self._show_badge)
        self.augment = AugmentView(self)
        for widget, title in (
            (self.rows, self.tr("Preview")),
            (self.columns, self.tr("Columns")),
            (self.labels, self.tr("Labels")),
            (scrolled(self.split), self.tr("Split")),
            (scrolled(self.doctor), self.tr("Doctor")),
            (scrolled(self.augment), self.tr("Augmentation")),
            (self._make_reading(), self.tr("Reading")),
        ):
            self.tabs.addTab(widget, title)
        return self.tabs

    def _make_reading(self) -> QScrollArea:
        page = QWidget(self)
        self.reading = ReadingView(page)
        self.reading.option_wished.connect(self._on_option)
        self.steps = StepsView(page)
        layout = QHBoxLayout(page)
        layout.setContentsMargins(0, 8, 0, 0)
        layout.setSpacing(12)
        self.licence = LicenceView(page)
        self.licence.wished.connect(self._on_licence)
        left = QVBoxLayout()
        left.setSpacing(12)
        left.addWidget(self.reading, 1)
        left.addWidget(self.licence)
        layout.addLayout(left, 1)
        layout.addWidget(self.steps, 1)
        return scrolled(page)

    # --- setters

    def set_section(self, section: DataSection) -> None:
        """Shows the recipe's choices; emits nothing."""
        files = section.files
        self.start.setVisible(not files)
        self.content.setVisible(bool(files))
        self.again_button.setVisible(bool(files))
        self.split.set_section(section.split, [split for split in SPLITS[1:] if split in files])
        self.columns.template.set_template(section.template)

    def set_template_wanted(self, on: bool) -> None:
        """Whether a template could make anything for the task."""
        self.columns.template.setVisible(on)

    def set_places(
        self, files: Mapping[str, Sequence[str]], parts: Mapping[str, Sequence[dict[str, Any]]], reading: str
    ) -> None:
        """``parts``: what was read from each place of a split, once that is known; ``reading``: how, in words."""
        for split, line in self.places.rows.items():
            rows = [int(part["rows"]) for part in parts.get(split, ())]
            line.set_places(files.get(split, ()), rows)
        self.places.set_reading(reading)

    def set_columns(self, columns: Sequence[ColumnFacts], roles: Mapping[str, Any], separator: str) -> None:
        """What is in each column, and roles as the preview shows them."""
        self.columns.set_columns(columns)
        holders = [item for item in columns if item.role == "labels"]
        self.columns.set_separator(separator, len(holders) == 1 and holders[0].kind == "text")
        self.rows.set_roles(roles)

    def set_facts(self, facts: Mapping[str, Any], renamed: Mapping[str, str | None]) -> None:
        """Labels, lengths and splits of the data that was read; nothing where ``facts`` is empty."""
        self.columns.set_rows((facts.get("rows") or {}).get("train", 0))
        roles, labels = facts.get("roles") or {}, _pairs(facts.get("labels"))
        if "tags" in roles:
            self.labels.set_tags(labels)
        elif "box_labels" in roles:
            self.labels.set_boxes(labels)
        else:
            rows = sum((facts.get("split_rows") or {}).values())
            self.labels.set_labels(_pairs(facts.get("labels_raw")), renamed, labels, rows)
        lengths = facts.get("lengths") or {}
        unit = {"characters": self.tr("characters"), "tokens": self.tr("tokens"), "messages": self.tr("messages")}
        name = str(lengths.get("unit", ""))
        title = self.tr("Lengths of the questions") if "question" in roles else ""
        self.labels.set_lengths(lengths.get("edges", []), lengths.get("counts", []), unit.get(name, name), title)
        self.split.set_splits(facts.get("splits") or {}, facts.get("split_rows") or {})

    def set_preview(self, path: str, splits: Sequence[str], current: str) -> None:
        """Shows the rows of an Arrow file.

        Raises:
            StudioError: it cannot be read.
        """
        self.rows.set_splits(splits, current)
        self.rows.open(path)

    def first_rows(self, count: int) -> list[dict[str, Any]]:
        """The first rows in full: column to text or list of texts."""
        return [self.preview.record(row) for row in range(min(count, self.preview.rowCount()))]

    # --- inside

    def _show_badge(self, errors: int, warnings: int) -> None:
        """The doctor's tab says how much was found, whichever tab is open."""
        number = errors + warnings
        title = self.tr("Doctor ({n})").format(n=number) if number else self.tr("Doctor")
        self.tabs.setTabText(4, title)

    def _ask_train(self) -> None:
        self.files_requested.emit("train", False)

    def _ask_folder(self) -> None:
        self.folder_requested.emit("train")

    def _enter_train(self, name: str) -> None:
        self.name_entered.emit("train", name)

    def _on_sample(self) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            self.sample_requested.emit(str(action.data()))

    def _on_template(self, template: str) -> None:
        self.edited.emit("data.template", template)

    def _on_separator(self, text: str) -> None:
        self.edited.emit("data.separator", text)

    def _on_licence(self, text: str) -> None:
        self.edited.emit("data.licence", text)

    def _on_split(self, name: str, value: object) -> None:
        self.edited.emit(f"data.split.{name}", value)

    def _on_option(self, name: str, value: object) -> None:
        self.edited.emit(f"data.{name}", value)


def _pairs(counts: Any) -> list[tuple[str, int]]:
    return [(str(name), int(count)) for name, count in counts or ()]

"""Step 2: the labelled data. Files, columns, preview, counts, splits, and what is wrong with it."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QProgressBar,
    QTableView,
    QTableWidget,
    QTableWidgetItem,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from tlstudio.core.options import Option, describe
from tlstudio.core.recipe import DataSection, SplitSection
from tlstudio.gui import formats, words
from tlstudio.gui.forms import ChoiceBox, Form
from tlstudio.gui.i18n import engine
from tlstudio.gui.panes.base import Pane
from tlstudio.gui.widgets.arrow_model import ArrowModel
from tlstudio.gui.widgets.charts import BarChart, Histogram
from tlstudio.gui.widgets.common import Card, EmptyState, button, clear, label
from tlstudio.gui.widgets.file_row import FileRow

_CLEANING = ("empty_rows", "similar_labels", "rare_classes")
_SPLITS = ("train", "validation", "test")


class DataPane(Pane):
    """Signals: what the user wants. Setters: what is known."""

    file_requested = Signal(str)  # train, validation or test
    sample_requested = Signal()
    again_requested = Signal()
    inspection_cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", "", parent)
        self.heading.setText(self.tr("Data"))
        self._quiet = False
        self._source = ""
        self.again_button = button(self.tr("Read again"), "refresh", "quiet", self.tr("The file has changed"), self)
        self.again_button.clicked.connect(self.again_requested)
        self.tools.addWidget(self.again_button)
        self.sample_button = button(self.tr("Use the sample"), "sample", parent=self)
        self.sample_button.clicked.connect(self.sample_requested)
        self.tools.addWidget(self.sample_button)
        self.empty = EmptyState(
            "data",
            self.tr("No data yet"),
            self.tr(
                "Choose a CSV, TSV or JSON Lines file with a column of texts and a column of labels, or drop it here."
            ),
            self.tr("Choose a file…"),
            self,
        )
        self.empty.triggered.connect(self._ask_train)
        self.body.insertWidget(1, self.empty, 1)
        self.content = QWidget(self)
        inner = QVBoxLayout(self.content)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(12)
        inner.addWidget(self._make_files())
        inner.addWidget(self._make_busy())
        inner.addWidget(self._make_tabs(), 1)
        self.body.insertWidget(3, self.content, 10)
        self.content.hide()

    # --- parts

    def _make_files(self) -> Card:
        card = Card(parent=self)
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(1, 1)
        self.files: dict[str, FileRow] = {}
        titles = {
            "train": self.tr("Labelled file"),
            "validation": self.tr("Validation file"),
            "test": self.tr("Test file"),
        }
        for line, (split, title) in enumerate(titles.items()):
            files = FileRow(title, optional=split != "train", parent=card)
            files.setProperty("split", split)
            files.choose_requested.connect(self._ask_file)
            files.clear_requested.connect(self._clear_file)
            caption = QLabel(title, card)
            caption.setBuddy(files.choose)
            grid.addWidget(caption, line, 0)
            grid.addWidget(files, line, 1)
            self.files[split] = files
        card.body.addLayout(grid)
        card.body.addLayout(self._make_roles(card))
        return card

    def _make_roles(self, card: Card) -> QHBoxLayout:
        line = QHBoxLayout()
        line.setSpacing(12)
        self.roles: dict[str, ChoiceBox] = {}
        titles = {"text": self.tr("Text column"), "label": self.tr("Label column")}
        for role, title in titles.items():
            box = ChoiceBox(card)
            box.setAccessibleName(title)
            box.setProperty("role_name", role)
            box.currentIndexChanged.connect(self._on_role)
            caption = QLabel(title, card)
            caption.setBuddy(box)
            line.addWidget(caption)
            line.addWidget(box, 1)
            self.roles[role] = box
        self.reading = label("", "caption", parent=card)
        line.addWidget(self.reading)
        return line

    def _make_busy(self) -> QWidget:
        self.busy = QWidget(self)
        line = QHBoxLayout(self.busy)
        line.setContentsMargins(4, 0, 4, 0)
        self.busy_text = label("", "muted", parent=self.busy)
        self.busy_bar = QProgressBar(self.busy)
        self.busy_bar.setAccessibleName(self.tr("Reading the data"))
        stop = button(self.tr("Cancel"), "cancel", "quiet", parent=self.busy)
        stop.clicked.connect(self.inspection_cancelled)
        line.addWidget(self.busy_text)
        line.addWidget(self.busy_bar, 1)
        line.addWidget(stop)
        self.busy.hide()
        return self.busy

    def _make_tabs(self) -> QTabWidget:
        self.tabs = QTabWidget(self)
        self.tabs.setDocumentMode(True)
        self.tabs.setMinimumHeight(300)
        self.tabs.addTab(self._make_preview(), self.tr("Preview"))
        self.tabs.addTab(self._make_counts(), self.tr("Labels and lengths"))
        self.tabs.addTab(self._make_split(), self.tr("Split"))
        self.tabs.addTab(self._make_settings(), self.tr("Reading and cleaning"))
        return self.tabs

    def _make_preview(self) -> QWidget:
        page = QWidget(self)
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 8, 0, 0)
        self.preview = ArrowModel(self)
        self.table = QTableView(page)
        self.table.setModel(self.preview)
        self.table.setAccessibleName(self.tr("Preview of the rows"))
        self.table.setAlternatingRowColors(True)
        self.table.setWordWrap(False)
        self.table.setTabKeyNavigation(False)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.table.verticalHeader().setDefaultSectionSize(28)
        self.table.horizontalHeader().setHighlightSections(False)
        self.table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        layout.addWidget(self.table)
        self.rows_note = label("", "caption", parent=page)
        layout.addWidget(self.rows_note)
        return page

    def _make_counts(self) -> QWidget:
        page = QWidget(self)
        layout = QHBoxLayout(page)
        layout.setContentsMargins(0, 8, 0, 0)
        layout.setSpacing(12)
        labels = Card(self.tr("Rows of each label"), page)
        self.bars = BarChart(labels)
        self.bars.setAccessibleName(self.tr("Rows of each label"))
        labels.body.addWidget(self.bars)
        labels.body.addStretch(1)
        lengths = Card(self.tr("Lengths of the texts"), page)
        self.histogram = Histogram(lengths)
        self.histogram.setAccessibleName(self.tr("Lengths of the texts"))
        lengths.body.addWidget(self.histogram, 1)
        layout.addWidget(labels, 1)
        layout.addWidget(lengths, 1)
        return page

    def _make_split(self) -> QWidget:
        page = QWidget(self)
        layout = QHBoxLayout(page)
        layout.setContentsMargins(0, 8, 0, 0)
        layout.setSpacing(12)
        self.split_card = Card(self.tr("How rows are divided"), page)
        self.split_form = Form(describe(SplitSection), self.split_card, captions=True)
        self.split_form.changed.connect(self._on_split)
        self.split_note = label(
            self.tr("Separate files are used as they are; shares apply to what has no file."), "caption", wrap=True
        )
        self.split_card.body.addWidget(self.split_form)
        self.split_card.body.addWidget(self.split_note)
        self.split_card.body.addStretch(1)
        self.split_table = QTableWidget(0, len(_SPLITS), page)
        self.split_table.setAccessibleName(self.tr("Rows of each class in each split"))
        self.split_table.setHorizontalHeaderLabels([words.split(name) for name in _SPLITS])
        self.split_table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.split_table.setTabKeyNavigation(False)
        self.split_table.verticalHeader().setDefaultSectionSize(26)
        self.split_table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.split_table.horizontalHeader().setStretchLastSection(True)
        layout.addWidget(self.split_card, 5)
        layout.addWidget(self.split_table, 6)
        return page

    def _make_settings(self) -> QWidget:
        page = QWidget(self)
        layout = QHBoxLayout(page)
        layout.setContentsMargins(0, 8, 0, 0)
        layout.setSpacing(12)
        self.source_card = Card(self.tr("How the file is read"), page)
        self._source_box = QVBoxLayout()
        self.source_card.body.addLayout(self._source_box)
        self.source_card.body.addStretch(1)
        self.source_form: Form | None = None
        cleaning = Card(self.tr("What to do about flawed rows"), page)
        options = [option for option in describe(DataSection) if option.name in _CLEANING]
        self.cleaning_form = Form(options, cleaning, captions=True)
        self.cleaning_form.changed.connect(self._on_data)
        cleaning.body.addWidget(self.cleaning_form)
        cleaning.body.addStretch(1)
        layout.addWidget(self.source_card, 1)
        layout.addWidget(cleaning, 1)
        return page

    # --- setters

    def set_section(self, section: DataSection) -> None:
        """Shows the recipe's choices; emits nothing."""
        files = section.files
        for split, line in self.files.items():
            line.set_path(files.get(split, ""))
        self.empty.setVisible(not files)
        self.content.setVisible(bool(files))
        self.again_button.setVisible(bool(files))
        if not files:
            self.preview.close()
        self.split_form.set_values(section.split.model_dump())
        self.split_form.fields["test"].setEnabled("test" not in files)
        self.split_form.fields["validation"].setEnabled("validation" not in files)
        self.cleaning_form.set_values(section.model_dump(include=set(_CLEANING)))
        if self.source_form is not None:
            self.source_form.set_values(section.options)

    def set_source(self, name: str, options: list[Option], values: dict[str, Any]) -> None:
        """The form of the source that reads the file; ``values`` of the recipe."""
        if name != self._source:
            self._source = name
            clear(self._source_box)
            self.source_form = Form(options, self.source_card, captions=True)
            self.source_form.changed.connect(self._on_data)
            self._source_box.addWidget(self.source_form)
        if self.source_form is not None:
            self.source_form.set_values(values)

    def set_columns(self, columns: list[str], roles: dict[str, str], reasons: dict[str, str]) -> None:
        """The columns to choose from and the roles in use, with the reasons of a guess."""
        self._quiet = True
        for role, box in self.roles.items():
            box.clear()
            for column in columns:
                box.addItem(column, column)
            box.setCurrentIndex(box.findData(roles.get(role)))
            box.setToolTip(engine(reasons.get(role, "")))
        self._quiet = False
        self.preview.set_roles(roles)

    def set_facts(self, facts: dict[str, Any] | None) -> None:
        """Counts, lengths and splits of an inspected file, or None."""
        facts = facts or {}
        self.bars.set_bars([(str(name), float(value)) for name, value in facts.get("labels", [])])
        lengths = facts.get("lengths") or {}
        unit = {"characters": self.tr("characters"), "tokens": self.tr("tokens")}.get(lengths.get("unit", ""), "")
        self.histogram.set_counts(lengths.get("edges", []), lengths.get("counts", []), unit)
        self._fill_splits(facts.get("splits") or {})
        self.reading.setText(self._how_read(facts))

    def set_preview(self, path: str) -> None:
        """Shows the rows of an Arrow file.

        Raises:
            StudioError: it cannot be read.
        """
        if not path:
            self.preview.close()
            self.rows_note.clear()
            return
        self.preview.open(path)
        self._fit_columns()
        self.rows_note.setText(self.tr("{n} rows").format(n=formats.count(self.preview.rowCount())))

    def set_busy(self, busy: bool, text: str = "", fraction: float | None = None) -> None:
        self.busy.setVisible(busy)
        self.busy_text.setText(text)
        self.busy_bar.setRange(0, 0 if fraction is None else 1000)
        if fraction is not None:
            self.busy_bar.setValue(round(fraction * 1000))

    # --- inside

    def _how_read(self, facts: dict[str, Any]) -> str:
        if not facts:
            return ""
        options = facts.get("options") or {}
        shown = {"\t": self.tr("tab"), ",": self.tr("comma"), ";": self.tr("semicolon"), "|": self.tr("bar")}
        parts = [
            str(facts.get("source", "")).upper(),
            *(shown.get(str(value), str(value)) for value in options.values()),
        ]
        return " · ".join(part for part in parts if part)

    def _fit_columns(self) -> None:
        """Wide room for the texts, the rest as needed; the last column fills up."""
        roles = {role: str(box.currentData() or "") for role, box in self.roles.items()}
        for column, name in enumerate(self.preview.columns):
            self.table.setColumnWidth(column, 460 if name == roles.get("text") else 150)
        self.table.horizontalHeader().setStretchLastSection(True)

    def _fill_splits(self, splits: dict[str, dict[str, int]]) -> None:
        names = list(dict.fromkeys(name for counts in splits.values() for name in counts))
        totals = {split: sum((splits.get(split) or {}).values()) for split in _SPLITS}
        self.split_table.setRowCount(len(names) + bool(names))
        heads = [*names, self.tr("All")] if names else []
        self.split_table.setVerticalHeaderLabels([str(name) for name in heads])
        for line, name in enumerate(heads):
            for column, split in enumerate(_SPLITS):
                number = totals[split] if line == len(names) else (splits.get(split) or {}).get(name, 0)
                item = QTableWidgetItem(formats.count(number))
                item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self.split_table.setItem(line, column, item)

    def _ask_train(self) -> None:
        self.file_requested.emit("train")

    def _ask_file(self) -> None:
        self.file_requested.emit(self.sender().property("split"))

    def _clear_file(self) -> None:
        split = self.sender().property("split")
        self.edited.emit("data.path" if split == "train" else f"data.{split}", "" if split == "train" else None)

    def _on_role(self) -> None:
        box = self.sender()
        if not self._quiet and isinstance(box, ChoiceBox) and box.currentData():
            self.edited.emit(f"data.roles.{box.property('role_name')}", box.currentData())

    def _on_split(self, name: str, value: object) -> None:
        self.edited.emit(f"data.split.{name}", value)

    def _on_data(self, name: str, value: object) -> None:
        self.edited.emit(f"data.{name}", value)

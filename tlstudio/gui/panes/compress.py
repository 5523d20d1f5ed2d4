"""Step 4: make it smaller and faster. Steps in order, what each brings and costs, and the measured effect."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from tlstudio.gui import formats, metric_names
from tlstudio.gui.i18n import engine
from tlstudio.gui.panes.base import Pane
from tlstudio.gui.widgets.choice_cards import ChoiceCards
from tlstudio.gui.widgets.common import Card, EmptyState, label
from tlstudio.gui.widgets.network import Block, NetworkView


class CompressPane(Pane):
    """Signals: what the user wants. Setters: what is known."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", "", parent)
        self.heading.setText(self.tr("Compress"))
        self._metric = metric_names.DEFAULT
        text = self.tr(
            "Steps after training that make the model smaller and faster. Each is measured against the trained model."
        )
        self.body.insertWidget(1, label(text, "muted", wrap=True))
        self.steps = ChoiceCards(self.tr("Add a step"), parent=self)
        self.tools.addWidget(self.steps.add_button)
        columns = QHBoxLayout()
        columns.setSpacing(12)
        left = QVBoxLayout()
        left.setSpacing(12)
        self.empty = EmptyState(
            "compress",
            self.tr("No compression"),
            "",
            self.tr("Add a step"),
            self,
        )
        self.empty.triggered.connect(self.steps.add_first)
        left.addWidget(self.empty)
        left.addWidget(self.steps.unfit)
        left.addWidget(self.steps)
        left.addStretch(1)
        columns.addLayout(left, 5)
        columns.addWidget(self._make_drawing(), 4, Qt.AlignmentFlag.AlignTop)
        self.body.addLayout(columns)
        self.body.addWidget(self._make_measured())
        self.body.addStretch(1)

    # --- parts

    def _make_drawing(self) -> Card:
        self.drawing = Card(self.tr("What will change"), self)
        self.network = NetworkView(self.drawing)
        self.drawing_note = label("", "muted", wrap=True, parent=self.drawing)
        self.drawing.body.addWidget(self.drawing_note)
        self.drawing.body.addWidget(self.network)
        return self.drawing

    def _make_measured(self) -> Card:
        self.measured = Card(self.tr("Measured in the last run"), self)
        heads = (
            self.tr("Stage"),
            self.tr("Size"),
            self.tr("Score (95 % interval)"),
            self.tr("For 1"),
            self.tr("For 16"),
            self.tr("Agreement"),
        )
        self.table = QTableWidget(0, len(heads), self.measured)
        self.table.setAccessibleName(self.tr("Measured size, score and speed"))
        self.table.setHorizontalHeaderLabels(list(heads))
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.table.setTabKeyNavigation(False)
        self.table.setShowGrid(False)
        self.table.verticalHeader().hide()
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.table.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.measured.body.addWidget(self.table)
        self.measured.hide()
        return self.measured

    # --- setters

    def set_available(self, possible: bool, chosen: bool) -> None:
        """Whether there are steps that can be added, and whether some are chosen."""
        text = self.tr("The trained model is exported as it is. Dynamic int8 makes it about a quarter of the size.")
        if not possible:
            text = self.tr("The trained model is exported as it is.")
        self.empty.set_text(self.tr("No compression"), text)
        self.empty.button.setVisible(possible)
        self.empty.setVisible(not chosen)
        self.drawing.setVisible(chosen)

    def set_blocks(self, blocks: list[Block], note: str) -> None:
        self.network.set_blocks(blocks)
        self.network.setVisible(bool(blocks))
        self.drawing_note.setText(note)

    def set_measured(self, results: dict[str, Any]) -> None:
        """The stages of results.json with its main metric."""
        stages = results.get("stages") or []
        self._metric = metric_names.headline(results)
        title = self.tr("{metric} (95 % interval)").format(metric=metric_names.title(self._metric))
        self.table.setHorizontalHeaderItem(2, QTableWidgetItem(title))
        self.measured.setVisible(bool(stages))
        self.table.setRowCount(len(stages))
        for line, stage in enumerate(stages):
            for column, text in enumerate(self._texts(stage)):
                item = QTableWidgetItem(text)
                if column:
                    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self.table.setItem(line, column, item)
        height = self.table.horizontalHeader().sizeHint().height() + len(stages) * 30 + 8
        self.table.setFixedHeight(height)

    # --- inside

    def _texts(self, stage: dict[str, Any]) -> tuple[str, ...]:
        shown = metric_names.interval(self._metric, (stage.get("metrics") or {}).get(self._metric))
        latency = stage.get("latency") or {}
        times = [formats.milliseconds((latency.get(key) or {}).get("median_ms")) for key in ("1", "16")]
        agrees = formats.percent(stage.get("agreement"))
        return (engine(stage.get("title", "")), formats.size(stage.get("bytes") or 0), shown, *times, agrees)

"""Step 4: make it smaller and faster. Steps in order, what each brings and costs, the measured effect, trade-offs."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from tlstudio.gui.panes.base import Pane
from tlstudio.gui.widgets.choice_cards import ChoiceCards
from tlstudio.gui.widgets.common import Card, EmptyState, button, label
from tlstudio.gui.widgets.frontier_view import FrontierView
from tlstudio.gui.widgets.measured_table import MeasuredTable
from tlstudio.gui.widgets.network import Block, NetworkView
from tlstudio.gui.widgets.page_tabs import PageTabs


class CompressPane(Pane):
    """Signals: what the user wants. Setters: what is known."""

    compress_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", "", parent)
        self.heading.setText(self.tr("Compress"))
        text = self.tr(
            "Steps after training that make the model smaller and faster. Each is measured against the trained model."
        )
        self.body.insertWidget(1, label(text, "muted", wrap=True))
        self.steps = ChoiceCards(self.tr("Add a step"), repeats=True, parent=self)
        self.tools.addWidget(self.steps.add_button)
        self.compress_button = button(
            self.tr("Compress now"),
            "compress",
            "primary",
            self.tr("Compresses the shown run again with these steps; its exports are made anew"),
        )
        self.compress_button.clicked.connect(self.compress_requested)
        self.tools.addWidget(self.compress_button)
        self.tabs = PageTabs(self)
        self.tabs.setAccessibleName(self.tr("Parts of the compression"))
        self.frontier = FrontierView(self.tabs)
        self.tabs.addTab(self._make_steps(), self.tr("Steps"))
        self.tabs.addTab(self.frontier, self.tr("Search for a trade-off"))
        self.body.addWidget(self.tabs)
        self.body.addStretch(1)

    # --- parts

    def _make_steps(self) -> QWidget:
        page = QWidget(self)
        box = QVBoxLayout(page)
        box.setContentsMargins(0, 12, 0, 0)
        box.setSpacing(12)
        self.note = label("", "caption", wrap=True, parent=page)
        box.addWidget(self.note)
        columns = QHBoxLayout()
        columns.setSpacing(12)
        left = QVBoxLayout()
        left.setSpacing(12)
        self.empty = EmptyState("compress", self.tr("No compression"), "", self.tr("Add a step"), page)
        self.steps.usual = "dynamic-int8"
        self.empty.triggered.connect(self.steps.add_first)
        for widget in (self.empty, self.steps.unfit, self.steps):
            left.addWidget(widget)
        left.addStretch(1)
        columns.addLayout(left, 5)
        columns.addWidget(self._make_drawing(), 4, Qt.AlignmentFlag.AlignTop)
        box.addLayout(columns)
        self.measured = MeasuredTable(page)
        self.table = self.measured.table
        box.addWidget(self.measured)
        box.addStretch(1)
        return page

    def _make_drawing(self) -> Card:
        self.drawing = Card(self.tr("What will change"), self)
        self.network = NetworkView(self.drawing)
        self.drawing_note = label("", "muted", wrap=True, parent=self.drawing)
        self.drawing.body.addWidget(self.drawing_note)
        self.drawing.body.addWidget(self.network)
        return self.drawing

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
        self.drawing_note.setVisible(bool(note))

    def set_possible(self, obstacle: str, run: str) -> None:
        """Why the run that is shown cannot be compressed again now; else its name."""
        self.compress_button.setEnabled(not obstacle)
        self.compress_button.setToolTip(obstacle or self.compress_button.accessibleDescription())
        text = self.tr("Compress now uses these steps on {run}; a new run has them after its training.")
        self.note.setText(obstacle or text.format(run=run))

    def set_measured(self, results: dict[str, Any]) -> None:
        """The stages of results.json with its main metric."""
        self.measured.set_results(results)

"""Step 4: make it smaller and faster. Steps in order, what each brings and costs, and the measured effect."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QMenu,
    QTableWidget,
    QTableWidgetItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from tlstudio.core.options import Option
from tlstudio.gui import formats, metric_names, theme
from tlstudio.gui.forms import Form
from tlstudio.gui.i18n import engine
from tlstudio.gui.panes.base import Pane
from tlstudio.gui.widgets.common import Card, EmptyState, button, clear, label
from tlstudio.gui.widgets.network import Block, NetworkView


@dataclass(frozen=True)
class Step:
    """A compression step as it is shown; title and summary are engine texts."""

    name: str
    title: str
    summary: str
    options: tuple[Option, ...]
    values: dict[str, Any]


class CompressPane(Pane):
    """Signals: what the user wants. Setters: what is known."""

    add_requested = Signal(str)
    remove_requested = Signal(int)
    move_requested = Signal(int, int)
    option_changed = Signal(int, str, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", "", parent)
        self.heading.setText(self.tr("Compress"))
        self._forms: list[tuple[str, Form | None]] = []
        self._metric = metric_names.DEFAULT
        text = self.tr(
            "Steps after training that make the model smaller and faster. Each is measured against the trained model."
        )
        self.body.insertWidget(1, label(text, "muted", wrap=True))
        self.add_button = button(self.tr("Add a step"), "add", parent=self)
        self.add_menu = QMenu(self.add_button)
        self.add_button.setMenu(self.add_menu)
        self.tools.addWidget(self.add_button)
        columns = QHBoxLayout()
        columns.setSpacing(12)
        left = QVBoxLayout()
        left.setSpacing(12)
        self.empty = EmptyState(
            "compress",
            self.tr("No compression"),
            self.tr("The trained model is exported as it is. Dynamic int8 makes it about a quarter of the size."),
            self.tr("Add a step"),
            self,
        )
        self.empty.triggered.connect(self._add_first)
        left.addWidget(self.empty)
        self.unfit = label("", "caption", wrap=True, parent=self)
        self.unfit.hide()
        left.addWidget(self.unfit)
        self._steps = QVBoxLayout()
        self._steps.setSpacing(12)
        left.addLayout(self._steps)
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

    def set_available(self, steps: list[tuple[str, str, str]], unfit: str = "") -> None:
        """(name, title, summary) of the steps that can be added; ``unfit`` says which cannot, and why."""
        self.unfit.setText(unfit)
        self.unfit.setVisible(bool(unfit))
        self.add_menu.clear()
        for name, title, summary in steps:
            action = QAction(engine(title), self.add_menu)
            action.setToolTip(engine(summary))
            action.setData(name)
            action.triggered.connect(self._on_add)
            self.add_menu.addAction(action)
        self.add_button.setEnabled(bool(steps))
        self.empty.button.setEnabled(bool(steps))

    def set_steps(self, steps: list[Step]) -> None:
        """The chosen steps, in order; emits nothing. The same steps keep their forms, and so the focus."""
        self.empty.setVisible(not steps)
        self.drawing.setVisible(bool(steps))
        if [step.name for step in steps] == [name for name, _ in self._forms]:
            for step, (_, form) in zip(steps, self._forms, strict=True):
                if form is not None:
                    form.set_values(step.values)
            return
        self._forms.clear()
        clear(self._steps)
        for index, step in enumerate(steps):
            self._steps.addWidget(self._card(index, step, len(steps)))

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

    def _card(self, index: int, step: Step, total: int) -> Card:
        card = Card(f"{index + 1}. {engine(step.title)}", self)
        for icon, text, enabled, slot in (
            ("up", self.tr("Earlier"), index > 0, self._on_up),
            ("down", self.tr("Later"), index < total - 1, self._on_down),
            ("remove", self.tr("Remove this step"), True, self._on_remove),
        ):
            tool = QToolButton(card)
            theme.set_icon(tool, icon)
            tool.setToolTip(text)
            tool.setAccessibleName(text)
            tool.setEnabled(enabled)
            tool.setProperty("index", index)
            tool.clicked.connect(slot)
            card.header.addWidget(tool)
        card.body.addWidget(label(engine(step.summary), "muted", wrap=True, parent=card))
        form: Form | None = None
        if step.options:
            form = Form(step.options, card, captions=True)
            form.set_values(step.values)
            form.setProperty("index", index)
            form.changed.connect(self._on_option)
            card.body.addWidget(form)
        self._forms.append((step.name, form))
        return card

    def _index(self) -> int:
        return int(self.sender().property("index"))

    def _add_first(self) -> None:
        if actions := self.add_menu.actions():
            self.add_requested.emit(actions[0].data())

    def _on_add(self) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            self.add_requested.emit(action.data())

    def _on_up(self) -> None:
        self.move_requested.emit(self._index(), -1)

    def _on_down(self) -> None:
        self.move_requested.emit(self._index(), 1)

    def _on_remove(self) -> None:
        self.remove_requested.emit(self._index())

    def _on_option(self, name: str, value: object) -> None:
        self.option_changed.emit(self._index(), name, value)

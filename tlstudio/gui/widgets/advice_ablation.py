"""An ablation: what is left out or varied, with how many seeds, and what each of it brings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QVBoxLayout, QWidget

from tlstudio.gui.editors import WholeBox
from tlstudio.gui.widgets.common import button, clear, label
from tlstudio.gui.widgets.difference_plot import Difference, DifferencePlot
from tlstudio.gui.widgets.flow import FlowLayout
from tlstudio.gui.widgets.record_table import Column, RecordTable
from tlstudio.gui.widgets.study_line import StudyLine
from tlstudio.gui.widgets.vary_rows import VaryRows

_TABLE_HEIGHT = 260


@dataclass(frozen=True)
class ShownVariant:
    """A line of the table; ``gap`` and ``state`` where they are known."""

    title: str
    metric: str
    values: tuple[float, ...]
    mean: float | None
    sd: float | None
    gap: dict[str, float] | None
    runs: tuple[str, ...]
    state: str


@dataclass(frozen=True)
class ShownAblation:
    """What an ablation has found so far."""

    records: Sequence[Any] = ()
    differences: Sequence[Difference] = ()
    sentences: Sequence[str] = ()


class AblationView(QWidget):
    """Signals: what the user wants. Setters: what is known.

    Args:
        columns: of the table of variants.
    """

    changed = Signal()  # the parts, the values or the seeds
    asked = Signal()
    stop_asked = Signal()
    cancelled = Signal()
    run_opened = Signal(object)  # the record of a variant

    def __init__(self, columns: Sequence[Column], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._quiet = False
        self._ticks: dict[str, QCheckBox] = {}
        about = self.tr(
            "Runs the recipe as it is and without parts of it, or with other values, and compares them on the test "
            "rows: what does each part bring? The runs stay under Runs."
        )
        self.none = label(self.tr("The recipe has nothing that could be left out."), "caption", parent=self)
        self._parts = QWidget(self)
        self._flow = FlowLayout(self._parts, gap=12)
        self.rows = VaryRows(self.tr("Compare values of a field"), ranges=False, parent=self)
        self.rows.changed.connect(self.changed)
        self.seeds = WholeBox(self)
        self.seeds.setRange(1, 100)
        self.seeds.setKeyboardTracking(False)
        self.seeds.setMinimumWidth(70)
        self.seeds.setAccessibleName(self.tr("Seeds"))
        self.seeds.setToolTip(self.tr("Trainings of each, with other seeds: more tell chance from effect better."))
        self.seeds.valueChanged.connect(self._tell)
        self.amount = label("", "muted", parent=self)
        self.ask_button = button(self.tr("Compare"), "play", parent=self)
        self.ask_button.clicked.connect(self.asked)
        self.obstacle = label("", "caption", wrap=True, parent=self)
        self.line = StudyLine(
            self.tr("Ablation"),
            self.tr("Ends after this batch; the runs that are complete are compared"),
            self.tr("Ends at once; the runs that are complete stay under Runs"),
            self,
        )
        self.line.stop_asked.connect(self.stop_asked)
        self.line.cancel_asked.connect(self.cancelled)
        self.sentences = label("", wrap=True, parent=self)
        self.sentences.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.plot = DifferencePlot(self.tr("Differences"), self.tr("Points to the recipe as it is"), self)
        self.table = RecordTable(columns, self.tr("Variants"), fits=True, parent=self)
        self.table.record_activated.connect(self.run_opened)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 8, 0, 0)
        box.setSpacing(8)
        caption = label(self.tr("Leave out"), parent=self)
        for part in (label(about, "muted", wrap=True, parent=self), caption, self.none, self._parts, self.rows):
            box.addWidget(part)
        box.addLayout(self._line_of(self.rows.add_button))
        seeds = label(self.tr("Seeds"), parent=self)
        seeds.setBuddy(self.seeds)
        box.addLayout(self._line_of(seeds, self.seeds, self.amount))
        ask = self._line_of(self.ask_button)
        ask.insertWidget(1, self.obstacle, 1)
        box.addLayout(ask)
        for part in (self.line, self.sentences, self.plot, self.table):
            box.addWidget(part)
        box.addStretch(1)
        self.set_found(ShownAblation())

    # --- setters

    def set_parts(self, parts: Sequence[tuple[str, str]], chosen: set[str]) -> None:
        """(key, title) of what can be left out; emits nothing."""
        self._quiet = True
        if [(key, tick.text()) for key, tick in self._ticks.items()] != list(parts):
            clear(self._flow)
            self._ticks = {key: self._tick(title) for key, title in parts}
        for key, tick in self._ticks.items():
            tick.setChecked(key in chosen)
        self.none.setVisible(not parts)
        self._parts.setVisible(bool(parts))
        self._quiet = False

    def chosen(self) -> set[str]:
        """Keys of the parts that are to be left out."""
        return {key for key, tick in self._ticks.items() if tick.isChecked()}

    def set_seeds(self, seeds: int) -> None:
        """Emits nothing."""
        self._quiet = True
        self.seeds.setValue(seeds)
        self._quiet = False

    def set_possible(self, obstacle: str, amount: str) -> None:
        """Why nothing can begin now; ``amount``: how much work it is."""
        self.ask_button.setEnabled(not obstacle)
        self.obstacle.setText(obstacle)
        self.amount.setText(amount)

    def set_going_on(self, going_on: bool) -> None:
        """While an ablation goes on what it compares stays as it is."""
        for part in (self._parts, self.rows, self.rows.add_button, self.seeds):
            part.setEnabled(not going_on)
        if not going_on:
            self.line.hide()

    def set_found(self, found: ShownAblation) -> None:
        self.sentences.setText("\n".join(found.sentences))
        self.sentences.setVisible(bool(found.sentences))
        self.plot.set_differences(found.differences)
        self.plot.setVisible(bool(found.differences))
        self.table.set_records(found.records)
        self.table.setVisible(bool(found.records))
        self.table.setMinimumHeight(min(self.table.maximumHeight(), _TABLE_HEIGHT))

    # --- inside

    def _tick(self, title: str) -> QCheckBox:
        tick = QCheckBox(title.replace("&", "&&"), self._parts)
        tick.setAccessibleName(self.tr("Leave out {part}").format(part=title))
        tick.toggled.connect(self._tell)
        self._flow.addWidget(tick)
        return tick

    def _line_of(self, *parts: QWidget) -> QHBoxLayout:
        line = QHBoxLayout()
        line.setSpacing(8)
        for part in parts:
            line.addWidget(part)
        line.addStretch(1)
        return line

    def _tell(self, *_args: object) -> None:
        if not self._quiet:
            self.changed.emit()

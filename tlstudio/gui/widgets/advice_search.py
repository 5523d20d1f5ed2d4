"""A search for better values: which fields, how long, and the trials as they come in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFormLayout, QHBoxLayout, QMenu, QVBoxLayout, QWidget

from tlstudio.gui.editors import WholeBox
from tlstudio.gui.widgets.common import button, label
from tlstudio.gui.widgets.record_table import Column, RecordTable
from tlstudio.gui.widgets.study_line import StudyLine
from tlstudio.gui.widgets.trial_plot import TrialPlot, TrialPoint
from tlstudio.gui.widgets.vary_rows import VaryRows

_MOST_MINUTES = 10_000
_TABLE_HEIGHT = 260


@dataclass(frozen=True)
class Budget:
    """How long a search may take: minutes; trials and training rows are not limited where they are 0."""

    minutes: int = 10
    trials: int = 0
    rows: int = 0


@dataclass(frozen=True)
class ShownSearch:
    """What a search has found so far."""

    trials: Sequence[dict[str, Any]] = ()
    points: Sequence[TrialPoint] = ()
    base: float | None = None
    lower: bool = False
    percent: bool = False
    metric: str = ""
    sentences: Sequence[str] = ()
    take: str = ""


class SearchView(QWidget):
    """Signals: what the user wants. Setters: what is known."""

    changed = Signal()  # the fields or the budget
    asked = Signal()
    stop_asked = Signal()
    cancelled = Signal()
    taken = Signal()
    earlier_opened = Signal()  # the list of earlier searches is wanted
    earlier_chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        about = self.tr(
            "Trains again and again with other values, each drawn from what went well before, and breaks off what goes "
            "badly. It can be stopped at any time, and gone on with later."
        )
        self.rows = VaryRows(self.tr("Add a field"), ranges=True, parent=self)
        self.rows.changed.connect(self.changed)
        self.ask_button = button(self.tr("Search"), "play", parent=self)
        self.ask_button.clicked.connect(self.asked)
        self.earlier_button = button(self.tr("Earlier searches"), "clock", parent=self)
        self.earlier_menu = QMenu(self.earlier_button)
        self.earlier_menu.aboutToShow.connect(self.earlier_opened)
        self.earlier_button.setMenu(self.earlier_menu)
        self.obstacle = label("", "caption", wrap=True, parent=self)
        self.line = StudyLine(
            self.tr("Search"),
            self.tr("Ends the search after this batch; what was found is shown"),
            self.tr("Ends the search at once; it can still be gone on with"),
            self,
        )
        self.line.stop_asked.connect(self.stop_asked)
        self.line.cancel_asked.connect(self.cancelled)
        self.sentences = label("", wrap=True, parent=self)
        self.sentences.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.plot = TrialPlot(self.tr("Value by trial"), self)
        self.table: RecordTable | None = None
        self.take_button = button("", "check", "primary", parent=self)
        self.take_button.clicked.connect(self.taken)
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(0, 8, 0, 0)
        self._box.setSpacing(8)
        self._box.addWidget(label(about, "muted", wrap=True, parent=self))
        self._box.addWidget(self.rows)
        add = QHBoxLayout()
        add.addWidget(self.rows.add_button)
        add.addStretch(1)
        self._box.addLayout(add)
        self._box.addLayout(self._make_budget())
        ask = QHBoxLayout()
        ask.addWidget(self.ask_button)
        ask.addWidget(self.earlier_button)
        ask.addWidget(self.obstacle, 1)
        self._box.addLayout(ask)
        self._box.addWidget(self.line)
        self._box.addWidget(self.sentences)
        take = QHBoxLayout()
        take.addWidget(self.take_button)
        take.addStretch(1)
        self._box.addLayout(take)
        self._box.addWidget(self.plot)
        key = self.tr(
            "Points: complete trials; line: the best so far; crosses: broken off; dashes: the recipe as it is."
        )
        self.plot_key = label(key, "caption", wrap=True, parent=self)
        self._box.addWidget(self.plot_key)
        self._box.addStretch(1)
        self.set_found(ShownSearch())

    def _make_budget(self) -> QHBoxLayout:
        self._quiet = False
        self.minutes, self.trials, self.tried_rows = (WholeBox(self) for _ in range(3))
        self.minutes.setRange(1, _MOST_MINUTES)
        self.minutes.setSuffix(self.tr(" min"))
        self.trials.setRange(0, 100_000)
        self.trials.setSpecialValueText(self.tr("no limit"))
        self.tried_rows.setRange(0, 2**31 - 1)
        self.tried_rows.setSingleStep(100)
        self.tried_rows.setSpecialValueText(self.tr("all"))
        self.tried_rows.setToolTip(self.tr("Fewer rows make each trial faster, and what it says less sure."))
        line = QHBoxLayout()
        line.setSpacing(16)
        for box, title in (
            (self.minutes, self.tr("Time")),
            (self.trials, self.tr("Trials at most")),
            (self.tried_rows, self.tr("Training rows")),
        ):
            box.setKeyboardTracking(False)
            box.setMinimumWidth(90)
            box.setAccessibleName(title)
            box.valueChanged.connect(self._on_budget)
            form = QFormLayout()
            caption = label(title, parent=self)
            caption.setBuddy(box)
            form.addRow(caption, box)
            line.addLayout(form)
        line.addStretch(1)
        return line

    # --- setters

    def set_budget(self, budget: Budget) -> None:
        """Emits nothing."""
        self._quiet = True
        self.minutes.setValue(budget.minutes)
        self.trials.setValue(budget.trials)
        self.tried_rows.setValue(budget.rows)
        self._quiet = False

    def budget(self) -> Budget:
        return Budget(self.minutes.value(), self.trials.value(), self.tried_rows.value())

    def set_possible(self, obstacle: str, again: bool) -> None:
        """Why no search can begin now; ``again``: whether the same one was begun before."""
        text = self.tr("Go on with the search") if again else self.tr("Search")
        self.ask_button.setText(text)
        self.ask_button.setAccessibleName(text)
        self.ask_button.setEnabled(not obstacle)
        self.obstacle.setText(obstacle)

    def set_going_on(self, going_on: bool) -> None:
        """While a search goes on its fields stay as they are."""
        for part in (self.rows, self.rows.add_button, self.minutes, self.trials, self.tried_rows, self.earlier_button):
            part.setEnabled(not going_on)
        if not going_on:
            self.line.hide()

    def set_earlier(self, titles: Sequence[str]) -> None:
        """The earlier searches, or that there are none."""
        self.earlier_menu.clear()
        for index, title in enumerate(titles):
            action = QAction(title, self.earlier_menu)
            action.setData(index)
            action.triggered.connect(self._on_earlier)
            self.earlier_menu.addAction(action)
        if not titles:
            none = QAction(self.tr("There are none yet"), self.earlier_menu)
            none.setEnabled(False)
            self.earlier_menu.addAction(none)

    def set_columns(self, columns: Sequence[Column]) -> None:
        """A table for trials of other fields."""
        if self.table is not None:
            self._box.removeWidget(self.table)
            self.table.deleteLater()
        self.table = RecordTable(columns, self.tr("Trials"), fits=True, parent=self)
        self._box.insertWidget(self._box.indexOf(self.plot_key) + 1, self.table)
        self.table.hide()

    def set_found(self, found: ShownSearch) -> None:
        self.sentences.setText("\n".join(found.sentences))
        self.sentences.setVisible(bool(found.sentences))
        if self.table is not None:
            self.table.set_records(found.trials)
            self.table.setVisible(bool(found.trials))
            self.table.setMinimumHeight(min(self.table.maximumHeight(), _TABLE_HEIGHT))
        for part in (self.plot, self.plot_key):
            part.setVisible(bool(found.points))
        self.plot.set_axes(self.tr("Trial"), found.metric, found.percent)
        self.plot.set_points(found.points, found.base, found.lower)
        self.take_button.setText(found.take)
        self.take_button.setAccessibleName(found.take)
        self.take_button.setVisible(bool(found.take))

    # --- inside

    def _on_budget(self, _value: int) -> None:
        if not self._quiet:
            self.changed.emit()

    def _on_earlier(self) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            self.earlier_chosen.emit(action.data())

"""A search for the best trade-off between score, size and speed: budget, points, and what the chosen one is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from tlstudio.gui.editors import ChoiceBox, WholeBox
from tlstudio.gui.widgets.common import Card, Facts, button, label, row
from tlstudio.gui.widgets.frontier_budget import NO_LOSS, Amount, Budget
from tlstudio.gui.widgets.frontier_plot import Dot, FrontierPlot, PlotAxis
from tlstudio.gui.widgets.record_table import Column, RecordTable
from tlstudio.gui.widgets.study_line import StudyLine

_MOST_MINUTES = 10_000
_LONGEST = 100_000  # tokens
_ABREAST = 5  # limits; below them what the time is taken for
_TABLE_HEIGHT = 240


@dataclass(frozen=True)
class Line:
    """A point in the table."""

    key: str
    texts: tuple[str, ...]
    sorts: tuple[float | None, ...]


@dataclass(frozen=True)
class ShownPoint:
    """The chosen point beside the plot; without a ``key`` nothing is chosen."""

    key: str = ""
    title: str = ""
    steps: Sequence[str] = ()
    facts: Sequence[tuple[str, str]] = ()
    note: str = ""
    usable: bool = False  # as the run's compressed form
    addable: bool = False  # its steps, to the recipe


class FrontierView(QWidget):
    """Signals: what the user wants. Setters: what is known."""

    changed = Signal()  # the budget
    axes_changed = Signal()
    asked = Signal()
    stop_asked = Signal()
    cancelled = Signal()
    point_chosen = Signal(str)
    used = Signal(str)
    added = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._quiet = False
        self._key = ""
        self._chosen: ShownPoint | None = None
        about = self.tr(
            "Tries combinations of compression steps on the trained model, measures each, and shows which are worth "
            "having. It can be stopped at any time and gone on with later."
        )
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(0, 12, 0, 0)
        self._box.setSpacing(10)
        self._box.addWidget(label(about, "muted", wrap=True, parent=self))
        self._box.addLayout(self._make_budget())
        self.ask_button = button(self.tr("Start"), "play", "primary", parent=self)
        self.ask_button.clicked.connect(self.asked)
        self.obstacle = label("", "caption", wrap=True, parent=self)
        ask = row(self.ask_button, self.obstacle, stretch=False)
        ask.setStretch(1, 1)
        self._box.addLayout(ask)
        self.line = StudyLine(
            self.tr("Search for a trade-off"),
            self.tr("Ends it after the form that is being measured; what was found is shown"),
            self.tr("Ends it at once; it can still be gone on with"),
            self,
        )
        self.line.stop_asked.connect(self.stop_asked)
        self.line.cancel_asked.connect(self.cancelled)
        self._box.addWidget(self.line)
        self.sentences = label("", wrap=True, parent=self)
        self.sentences.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._box.addWidget(self.sentences)
        self.circumstances = label("", "caption", wrap=True, parent=self)
        self.circumstances.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._box.addWidget(self._make_found())
        self._box.addWidget(self.circumstances)
        self._box.addStretch(1)
        self.set_points((), (), (PlotAxis(""), PlotAxis("")))
        self.set_chosen(ShownPoint())

    # --- parts

    def _make_budget(self) -> QGridLayout:
        self.lost, self.size_limit, self.latency, self.memory = (Amount(self) for _ in range(4))
        self.lost.setRange(NO_LOSS, 100)
        self.lost.setSingleStep(0.5)
        self.lost.setSuffix(self.tr(" %"))
        self.size_limit.setRange(0, 1e6)
        self.size_limit.setSuffix(self.tr(" MB"))
        self.latency.setRange(0, 1e6)
        self.latency.setSuffix(self.tr(" ms"))
        self.memory.setRange(0, 1e6)
        self.memory.setSuffix(self.tr(" MB"))
        self.batch = ChoiceBox(self)
        self.batch.addItem(self.tr("for 1 row"), 1)
        self.batch.addItem(self.tr("for 16 rows"), 16)
        self.length = WholeBox(self)
        self.length.setRange(0, _LONGEST)
        self.length.setSpecialValueText(self.tr("as they are"))
        self.threads = ChoiceBox(self)
        self.threads.addItem(self.tr("all cores"), "all")
        self.threads.addItem(self.tr("one thread"), "one")
        self.minutes = WholeBox(self)
        self.minutes.setRange(1, _MOST_MINUTES)
        self.minutes.setSuffix(self.tr(" min"))
        fields: tuple[tuple[QWidget, str, str], ...] = (
            (self.lost, self.tr("Score lost, at most"), self.tr("Share of the trained model's score.")),
            (self.size_limit, self.tr("Size, at most"), self.tr("Of the files of the model.")),
            (self.latency, self.tr("Answer within"), self.tr("Median time on this computer.")),
            (self.memory, self.tr("Memory, at most"), self.tr("Of a process that loads the model and answers.")),
            (self.minutes, self.tr("Time to search"), self.tr("The form that is being measured is finished.")),
            (self.batch, self.tr("Rows at once"), self.tr("What the time is measured for.")),
            (
                self.length,
                self.tr("Tokens of a row"),
                self.tr("While times are taken. A search at another length begins anew; the other one is kept."),
            ),
            (self.threads, self.tr("Computed by"), self.tr("What the time is measured with.")),
        )
        grid = QGridLayout()
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(3)
        for place, (box, title, help) in enumerate(fields):
            line, column = divmod(place, _ABREAST)
            caption = label(title, "caption", parent=self)
            caption.setBuddy(box)
            caption.setContentsMargins(0, 6 * line, 0, 0)
            box.setAccessibleName(title)
            box.setToolTip(help)
            box.setMinimumWidth(118)
            grid.addWidget(caption, 2 * line, column)
            grid.addWidget(box, 2 * line + 1, column)
        grid.setColumnStretch(_ABREAST, 1)
        for amount in (self.lost, self.size_limit, self.latency, self.memory, self.length, self.minutes):
            amount.setKeyboardTracking(False)
            amount.valueChanged.connect(self._on_budget)
        for choice in (self.batch, self.threads):
            choice.currentIndexChanged.connect(self._on_budget)
        return grid

    def _make_found(self) -> QWidget:
        self.found = QWidget(self)
        box = QVBoxLayout(self.found)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(10)
        self.across, self.up = ChoiceBox(self.found), ChoiceBox(self.found)
        axes = QHBoxLayout()
        for choice, sign, title in ((self.up, "↑", self.tr("Upwards")), (self.across, "→", self.tr("Across"))):
            caption = label(sign, "muted", parent=self.found)
            caption.setToolTip(title)
            caption.setAccessibleName(title)
            caption.setBuddy(choice)
            choice.setAccessibleName(title)
            choice.setSizeAdjustPolicy(ChoiceBox.SizeAdjustPolicy.AdjustToContents)
            choice.currentIndexChanged.connect(self._on_axes)
            axes.addWidget(caption)
            axes.addWidget(choice)
            axes.addSpacing(8)
        axes.addStretch(1)
        self.plot = FrontierPlot(self.tr("Forms of the model by two measures"), self.found)
        self.plot.chosen.connect(self.point_chosen)
        key = self.tr(
            "★ trained model · ◆ within the budget · ● others; filled: no other is as good in score, size and time for "
            "1 row, and better in one of them. The dashed line joins the best of the two axes. Arrow keys go from "
            "point to point."
        )
        left = QVBoxLayout()
        left.addLayout(axes)
        left.addWidget(self.plot)
        left.addWidget(label(key, "caption", wrap=True, parent=self.found))
        columns = QHBoxLayout()
        columns.setSpacing(12)
        left.addStretch(1)
        columns.addLayout(left, 3)
        columns.addWidget(self._make_detail(), 2, Qt.AlignmentFlag.AlignTop)
        box.addLayout(columns)
        self.table: RecordTable | None = None
        self._found_box = box
        return self.found

    def _make_detail(self) -> Card:
        self.detail = Card(" ", self.found)
        self.detail.title.setWordWrap(True)
        self.detail.header.setStretch(0, 1)
        self.detail.header.setStretch(1, 0)
        self.steps = label("", wrap=True, parent=self.detail)
        self.facts = Facts(self.detail)
        self.note = label("", "caption", wrap=True, parent=self.detail)
        self.use_button = button(
            self.tr("Use this one"),
            "check",
            "primary",
            self.tr("Makes it the compressed form of the run; exports are made of it"),
            self.detail,
        )
        self.add_button = button(
            self.tr("Put its steps into the recipe"),
            "add",
            help=self.tr("They take the place of the compression steps that the recipe has"),
            parent=self.detail,
        )
        self.use_button.clicked.connect(self._on_use)
        self.add_button.clicked.connect(self._on_add)
        for widget in (self.steps, self.facts, self.note, self.use_button, self.add_button):
            self.detail.body.addWidget(widget)
        return self.detail

    # --- setters

    def set_budget(self, budget: Budget) -> None:
        """Emits nothing."""
        self._quiet = True
        self.lost.setValue(NO_LOSS if budget.lost is None else 100 * budget.lost)
        self.size_limit.setValue(budget.size_mb or 0)
        self.latency.setValue(budget.latency_ms or 0)
        self.memory.setValue(budget.memory_mb or 0)
        self.batch.setCurrentIndex(max(self.batch.findData(budget.batch), 0))
        self.length.setValue(budget.length)
        self.threads.setCurrentIndex(max(self.threads.findData(budget.threads), 0))
        self.minutes.setValue(budget.minutes)
        self._quiet = False

    def budget(self) -> Budget:
        lost = self.lost.value()
        return Budget(
            lost=round(lost / 100, 6) if lost >= 0 else None,
            size_mb=self.size_limit.value() or None,
            latency_ms=self.latency.value() or None,
            memory_mb=self.memory.value() or None,
            batch=int(self.batch.currentData()),
            length=self.length.value(),
            threads=str(self.threads.currentData()),
            minutes=self.minutes.value(),
        )

    def set_measures(self, measures: Sequence[tuple[str, str]], across: str, up: str) -> None:
        """(name, title) of what an axis can show; emits nothing."""
        self._quiet = True
        for choice, name in ((self.across, across), (self.up, up)):
            choice.clear()
            for value, title in measures:
                choice.addItem(title, value)
            choice.setCurrentIndex(max(choice.findData(name), 0))
        self._quiet = False

    def set_columns(self, columns: Sequence[tuple[str, bool, bool]]) -> None:
        """(title, numeric, stretch) of the table."""
        made = [_column(place, *column) for place, column in enumerate(columns)]
        self.table = RecordTable(made, self.tr("Forms of the model"), fits=True, parent=self.found)
        self.table.setTextElideMode(Qt.TextElideMode.ElideMiddle)  # chains often differ in their last step
        self.table.record_chosen.connect(self._on_line)
        self._found_box.addWidget(self.table)

    def set_possible(self, obstacle: str, again: bool) -> None:
        """Why nothing can be searched now; ``again``: whether one was begun that is not finished."""
        text = self.tr("Go on") if again else self.tr("Start")
        self.ask_button.setText(text)
        self.ask_button.setAccessibleName(text)
        self.ask_button.setEnabled(not obstacle)
        self.obstacle.setText(obstacle)

    def set_going_on(self, going_on: bool) -> None:
        limits = (self.lost, self.size_limit, self.latency, self.memory, self.minutes)
        for part in (*limits, self.batch, self.length, self.threads):
            part.setEnabled(not going_on)
        if not going_on:
            self.line.hide()

    def set_sentences(self, sentences: Sequence[str], circumstances: str = "") -> None:
        """``circumstances``: on which machine and for how long it was measured."""
        self.sentences.setText("\n".join(sentences))
        self.sentences.setVisible(bool(sentences))
        self.circumstances.setText(circumstances)
        self.circumstances.setVisible(bool(circumstances))

    def set_points(
        self, dots: Sequence[Dot], corners: Sequence[tuple[float, float]], axes: tuple[PlotAxis, PlotAxis]
    ) -> None:
        """What the plot shows; ``axes`` across and up."""
        self.plot.set_axes(*axes)
        self.plot.set_dots(dots, corners)

    def set_lines(self, lines: Sequence[Line]) -> None:
        """What the table shows; nothing is found where there are none."""
        self.found.setVisible(bool(lines))
        if self.table is None:
            return
        self._quiet = True
        self.table.set_records(lines)
        self.table.setMinimumHeight(min(self.table.maximumHeight(), _TABLE_HEIGHT))
        self._quiet = False
        self._mark_line(self._key)

    def set_chosen(self, shown: ShownPoint) -> None:
        """The same once more changes nothing: what is selected in the card stays."""
        if shown == self._chosen:
            return
        self._chosen, self._key = shown, shown.key
        self.plot.set_chosen(shown.key)
        self._mark_line(shown.key)
        self.detail.title.setText(shown.title or self.tr("No point is chosen"))
        nothing = self.tr("Click a point, or choose a line of the table, to see its steps and numbers.")
        steps = "\n".join(f"{number}. {text}" for number, text in enumerate(shown.steps, 1))
        self.steps.setText(steps if shown.key else nothing)
        self.steps.setVisible(bool(steps) or not shown.key)
        self.facts.set_facts(list(shown.facts))
        self.facts.setVisible(bool(shown.facts))
        self.note.setText(shown.note)
        self.note.setVisible(bool(shown.note))
        for tool in (self.use_button, self.add_button):
            tool.setVisible(bool(shown.key) and bool(shown.steps))
        self.use_button.setEnabled(shown.usable)
        self.add_button.setEnabled(shown.addable)

    # --- inside

    def _mark_line(self, key: str) -> None:
        """Selects the line of a point; emits nothing."""
        if self.table is None:
            return
        current = self.table.current()
        if current is not None and current.key == key:
            return
        self._quiet = True
        model = self.table.sorted
        places = [at for at in range(model.rowCount()) if self.table.records.records[
            model.mapToSource(model.index(at, 0)).row()].key == key]  # fmt: skip
        if places:
            self.table.selectRow(places[0])
        else:
            self.table.clearSelection()
        self._quiet = False

    def _on_budget(self, _value: object = None) -> None:
        if not self._quiet:
            self.changed.emit()

    def _on_axes(self, _index: int) -> None:
        if not self._quiet:
            self.axes_changed.emit()

    def _on_line(self, record: Line | None) -> None:
        if not self._quiet and record is not None:
            self.point_chosen.emit(record.key)

    def _on_use(self) -> None:
        self.used.emit(self._key)

    def _on_add(self) -> None:
        self.added.emit(self._key)


def _column(place: int, title: str, numeric: bool, stretch: bool) -> Column:
    return Column(
        title,
        lambda record: str(record.texts[place]),
        (lambda record: record.sorts[place]) if numeric else None,
        numeric,
        stretch,
    )

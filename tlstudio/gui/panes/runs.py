"""Runs: earlier runs, side by side, opened or deleted."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QUrl, Signal, Slot
from PySide6.QtGui import QDesktopServices, QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QMenu, QVBoxLayout, QWidget

from tlstudio.gui import formats, i18n, metric_names
from tlstudio.gui.panes.base import Pane
from tlstudio.gui.widgets.common import Card, EmptyState, Facts, button, label, row
from tlstudio.gui.widgets.delete_question import confirmed
from tlstudio.gui.widgets.record_table import Column, RecordTable
from tlstudio.gui.widgets.run_curves import RunCurves
from tlstudio.gui.widgets.splitter import splitter
from tlstudio.session.runs import RunSummary


class RunsPane(Pane):
    """Signals carry run ids."""

    open_requested = Signal(str)
    delete_requested = Signal(list)
    compare_requested = Signal(list)
    refresh_requested = Signal()
    start_requested = Signal(str)
    teacher_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", parent=parent)
        self.heading.setText(self.tr("Runs"))
        self._runs: dict[str, RunSummary] = {}
        self._build_actions()
        self._build_table()
        self._build_below()
        self.empty = EmptyState(
            "runs",
            self.tr("No runs yet"),
            self.tr("Every run is kept as a folder with its recipe, curves, results and model, and is listed here."),
            self.tr("Go to Train"),
        )
        self.empty.triggered.connect(self._go_to_train)
        self.body.addWidget(self.empty, 1)
        self.body.addWidget(self._content, 1)
        self.set_runs([])

    # -- setters ------------------------------------------------------------------------------------------------

    def set_runs(self, runs: Sequence[RunSummary]) -> None:
        """Shows the runs; the chosen one and the ticks stay where the runs still exist."""
        chosen = self.current_id()
        self._runs = {run.id: run for run in runs}
        self.table.set_records(list(runs))
        self.empty.setVisible(not runs)
        self._content.setVisible(bool(runs))
        self._choose(chosen if chosen in self._runs else next(iter(self._runs), None))
        self._show_count()
        self.curves.set_ticked(self._runs, self.ticked())

    def ticked(self) -> list[str]:
        """Ids of the ticked runs, newest first."""
        return [run for run in self._runs if run in self.table.records.ticks]

    def current_id(self) -> str | None:
        run = self.table.current()
        return run.id if run is not None else None

    # -- building -----------------------------------------------------------------------------------------------

    def _build_actions(self) -> None:
        self.refresh_button = button(self.tr("Refresh"), "refresh", help=self.tr("Look at the folders again (F5)"))
        self.refresh_button.clicked.connect(self.refresh_requested)
        QShortcut(
            QKeySequence.StandardKey.Refresh,
            self,
            self.refresh_requested.emit,
            context=Qt.ShortcutContext.WidgetWithChildrenShortcut,
        )
        self.tools.addWidget(self.refresh_button)

    def _build_table(self) -> None:
        self.filter = QLineEdit()
        self.filter.setPlaceholderText(self.tr("Filter by any column"))
        self.filter.setAccessibleName(self.tr("Filter the runs"))
        self.filter.setClearButtonEnabled(True)
        self.filter.textChanged.connect(self._filter)
        self.count = label("", "caption")
        text = self.tr("These runs have different metrics; scores are sorted within each metric, the best together.")
        self.mixed = label(text, "caption", wrap=True)
        self.table = RecordTable(self._columns(), self.tr("Runs"), key=lambda run: run.id)
        self.table.setMinimumHeight(170)
        self.table.record_chosen.connect(self._show_details)
        self.table.record_activated.connect(self._open)
        self.table.records.ticked.connect(self._ticked)
        QShortcut(QKeySequence.StandardKey.Delete, self.table, self._delete, context=Qt.ShortcutContext.WidgetShortcut)

    def _build_below(self) -> None:
        self.open_button = button(self.tr("Open"), "results", "primary", self.tr("Show the results of the chosen run"))
        self.compare_button = button(self.tr("Compare"), help=self.tr("Put the ticked runs side by side"))
        self.use_button = button(self.tr("Use its model"), "model")
        menu = QMenu(self.use_button)
        menu.setToolTipsVisible(True)
        for text, help_, signal in (
            (self.tr("Start from it"), self.tr("Training begins with this model"), self.start_requested),
            (self.tr("Teacher"), self.tr("A small student learns from this model"), self.teacher_requested),
        ):
            action = menu.addAction(text)
            action.setToolTip(help_)
            action.triggered.connect(partial(self._use, signal))
        self.use_button.setMenu(menu)
        self.folder_button = button(self.tr("Open folder"), "folder")
        self.report_button = button(self.tr("Open report"), "file")
        self.delete_button = button(self.tr("Delete…"), "remove", "danger", self.tr("Delete the ticked or chosen runs"))
        pairs = (
            (self.open_button, self._open_current),
            (self.compare_button, self._compare),
            (self.use_button, None),
            (self.folder_button, self._open_folder),
            (self.report_button, self._open_report),
            (self.delete_button, self._delete),
        )
        for widget, slot in pairs:
            if slot is not None:  # the other one opens its menu
                widget.clicked.connect(slot)
        self.facts = Facts()
        self.details = Card(formats.NONE)
        self.details.title.setWordWrap(True)
        self.details.setMinimumWidth(240)
        self.details.body.addWidget(self.facts)
        self.details.body.addStretch(1)
        self.curves = RunCurves()
        self._assemble([widget for widget, _ in pairs])

    def _assemble(self, buttons: list[Any]) -> None:
        top = QHBoxLayout()
        top.addWidget(self.filter, 1)
        top.addWidget(self.count)
        below = splitter(Qt.Orientation.Horizontal)
        below.addWidget(self.curves)
        below.addWidget(self.details)
        below.setStretchFactor(0, 3)
        below.setStretchFactor(1, 2)
        below.setMinimumHeight(330)
        above = QWidget()
        layout = QVBoxLayout(above)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(top)
        layout.addWidget(self.mixed)
        layout.addWidget(self.table, 1)
        layout.addLayout(row(*buttons))
        self._content = splitter(Qt.Orientation.Vertical)
        self._content.addWidget(above)
        self._content.addWidget(below)
        self._content.setStretchFactor(0, 3)
        self._content.setStretchFactor(1, 2)

    def _columns(self) -> list[Column]:
        def number(title: str, field: str, show: Any) -> Column:
            return Column(title, lambda run: show(getattr(run, field)), lambda run: getattr(run, field), numeric=True)

        return [
            Column(self.tr("Time"), lambda run: formats.when(run.created), lambda run: run.created),
            Column(self.tr("Data"), lambda run: run.title or formats.NONE),
            Column(self.tr("Strategy"), lambda run: i18n.engine(run.strategy) or formats.NONE),
            Column(self.tr("Outcome"), self._outcome, colour=_tint),
            Column(
                self.tr("Score"),
                lambda run: metric_names.value(run.metric, run.score),
                lambda run: metric_names.order(run.metric, run.score),
                numeric=True,
            ),
            Column(self.tr("Metric"), lambda run: metric_names.title(run.metric) if run.metric else formats.NONE),
            Column(self.tr("Model"), lambda run: run.model.rsplit("/", 1)[-1] or formats.NONE),
            number(self.tr("Size"), "bytes", formats.size),
            number(self.tr("Smallest"), "compressed_bytes", formats.size),
            number(self.tr("Duration"), "seconds", formats.duration),
        ]

    def _outcome(self, run: RunSummary) -> str:
        return {
            "completed": self.tr("✓ completed"),
            "stopped": self.tr("✓ stopped early"),
            "cancelled": self.tr("– cancelled"),
            "failed": self.tr("✕ failed"),
            "running": self.tr("▶ going on"),
            "interrupted": self.tr("⚠ interrupted"),
            "damaged": self.tr("⚠ damaged"),
        }.get(run.outcome, run.outcome)

    # -- what the user does -------------------------------------------------------------------------------------

    @Slot()
    def _go_to_train(self) -> None:
        self.step_requested.emit("train")

    @Slot(str)
    def _filter(self, text: str) -> None:
        self.table.sorted.setFilterFixedString(text)
        self._show_count()

    @Slot(object)
    def _open(self, run: RunSummary | None) -> None:
        if run is not None:
            self.open_requested.emit(run.id)

    @Slot()
    def _open_current(self) -> None:
        self._open(self.table.current())

    @Slot()
    def _compare(self) -> None:
        self.compare_requested.emit(self.ticked())

    def _use(self, signal: Any, _checked: bool = False) -> None:
        run = self.table.current()
        if run is not None:
            signal.emit(run.id)

    @Slot()
    def _open_folder(self) -> None:
        self._open_path("")

    @Slot()
    def _open_report(self) -> None:
        self._open_path("report.html")

    @Slot()
    def _delete(self) -> None:
        """Asks, naming the runs; runs that go on are left out."""
        wanted = self.ticked() or [run.id for run in self.table.chosen()]
        runs = [self._runs[run] for run in wanted if self._runs[run].outcome != "running"]
        if not runs or not confirmed([run.id for run in runs], self):
            return
        self.table.records.ticks -= {run.id for run in runs}
        self.delete_requested.emit([run.id for run in runs])

    def _open_path(self, name: str) -> None:
        run = self.table.current()
        if run is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(Path(run.folder) / name if name else run.folder)))

    # -- showing ------------------------------------------------------------------------------------------------

    def _choose(self, run: str | None) -> None:
        model = self.table.sorted
        for at in range(model.rowCount()):
            index = model.mapToSource(model.index(at, 0))
            if self.table.records.records[index.row()].id == run:
                self.table.selectRow(at)
                return
        self._show_details(None)

    def _show_count(self) -> None:
        shown, all_runs = self.table.sorted.rowCount(), len(self._runs)
        text = self.tr("{n} runs") if shown == all_runs else self.tr("{shown} of {n} runs")
        text = self.tr("1 run") if shown == all_runs == 1 else text
        self.count.setText(text.format(n=formats.count(all_runs), shown=formats.count(shown)))
        metrics = {run.metric for run in self._runs.values() if run.metric}
        self.mixed.setVisible(len(metrics) > 1)

    @Slot(object)
    def _show_details(self, run: RunSummary | None) -> None:
        for widget in (self.open_button, self.use_button, self.folder_button):
            widget.setEnabled(run is not None)
        self.report_button.setEnabled(run is not None and (Path(run.folder) / "report.html").is_file())
        self.delete_button.setEnabled(run is not None or bool(self.ticked()))
        self.compare_button.setEnabled(len(self.ticked()) >= 2)
        self.details.title.setText(run.id if run else formats.NONE)
        self.facts.set_facts(self._details(run) if run else [])

    def _details(self, run: RunSummary) -> list[tuple[str, str]]:
        score = {"value": run.score, "low": run.score_low, "high": run.score_high}
        name = run.metric or metric_names.DEFAULT
        return [
            (self.tr("Outcome"), self._outcome(run)),
            (metric_names.title(name), metric_names.interval(name, score)),
            (self.tr("Model"), run.model or formats.NONE),
            (self.tr("Strategy"), i18n.engine(run.strategy) or formats.NONE),
            (self.tr("Data"), run.title or formats.NONE),
            (self.tr("Size"), f"{formats.size(run.bytes)} → {formats.size(run.compressed_bytes)}"),
            (self.tr("Duration"), formats.duration(run.seconds)),
            (self.tr("Folder"), run.folder),
        ]

    @Slot()
    def _ticked(self) -> None:
        self._show_details(self.table.current())
        self.curves.set_ticked(self._runs, self.ticked())


def _tint(run: RunSummary) -> str:
    return {"completed": "ok", "stopped": "ok", "failed": "error"}.get(run.outcome, "warn")

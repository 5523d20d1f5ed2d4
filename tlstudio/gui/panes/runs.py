"""Runs: earlier runs found, compared, annotated, opened, shared, deleted."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QUrl, Signal, Slot
from PySide6.QtGui import QDesktopServices, QKeySequence, QShortcut
from PySide6.QtWidgets import QMenu, QPushButton, QTabWidget, QVBoxLayout, QWidget

from tlstudio.gui import formats, run_texts
from tlstudio.gui.panes.base import Pane
from tlstudio.gui.widgets.common import Card, EmptyState, Facts, button, label, row, scrolled
from tlstudio.gui.widgets.delete_question import FOR_GOOD, how_to_delete
from tlstudio.gui.widgets.record_table import RecordTable
from tlstudio.gui.widgets.run_comparison import RunComparison
from tlstudio.gui.widgets.run_curves import RunCurves
from tlstudio.gui.widgets.run_finder import RunFinder
from tlstudio.gui.widgets.run_notes_edit import RunNotesEdit
from tlstudio.gui.widgets.run_tree import RunTree
from tlstudio.gui.widgets.splitter import splitter
from tlstudio.session.run_disk import Usage
from tlstudio.session.run_filter import RunFilter, searched
from tlstudio.session.run_notes import RunNotes
from tlstudio.session.runs import RunSummary


class RunsPane(Pane):
    """Signals carry run ids."""

    open_requested = Signal(str)
    delete_requested = Signal(list, bool)  # for good, or to the trash
    compare_requested = Signal(list)
    refresh_requested = Signal()
    start_requested = Signal(str)
    teacher_requested = Signal(str)
    notes_edited = Signal(str, object)  # RunNotes
    chosen_changed = Signal(str)
    zip_requested = Signal(str)
    track_requested = Signal(str, str)  # and the name of the tracker
    import_requested = Signal()
    clean_requested = Signal(list)
    trash_requested = Signal()
    storage_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", parent=parent)
        self.heading.setText(self.tr("Runs"))
        self._runs: dict[str, RunSummary] = {}
        self._words: dict[str, tuple[RunSummary, str]] = {}  # what is searched of each run
        self._build_actions()
        self._build_table()
        self._build_buttons()
        self._build_below()
        self._nothing = (self.tr("No runs yet"), self.tr("Every run is kept as a folder with its recipe, curves, "
                         "results and model, and is listed here."), self.tr("Go to Train"))  # fmt: skip
        self.empty = EmptyState("runs", *self._nothing)
        self.empty.triggered.connect(self._go_to_train)
        self.body.addWidget(self.empty, 1)
        self.body.addWidget(self._content, 1)
        self.set_runs([])

    # -- setters ------------------------------------------------------------------------------------------------

    def set_runs(self, runs: Sequence[RunSummary]) -> None:
        """Shows the runs; the chosen one and the ticks stay where the runs still exist."""
        chosen = self.current_id()
        self._runs = {run.id: run for run in runs}
        self._words = {key: value for key, value in self._words.items() if key in self._runs}
        self.empty.set_text(*self._nothing)
        self.finder.offer(runs)
        self.table.set_records(list(runs))
        self.empty.setVisible(not runs)
        self._content.setVisible(bool(runs))
        self._choose(chosen if chosen in self._runs else next(iter(self._runs), None))
        self._show_count()
        self._show_ticked()

    def set_reading(self) -> None:
        """The runs are being read; the first time, of thousands, that takes some seconds."""
        text = self.tr("The list is made once from the folders of the runs, and then kept.")
        self.empty.set_text(self.tr("Reading the runs…"), text, "")

    def set_usage(self, run: str, used: Usage) -> None:
        """What the chosen run takes on the disk, when it has been measured."""
        if run == self.current_id():
            self.usage.setText(self.tr("On the disk: {sizes}").format(sizes=run_texts.disk(used)))

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
        self.manage_button = button(self.tr("Manage"))
        entries = (
            (self.tr("Import a run…"), self.tr("Take in the zip of a run"), self.import_requested.emit),
            (self.tr("Clean up…"), self.tr("Drop checkpoints, compressed forms or exports"), self._clean),
            (self.tr("Trash…"), self.tr("Bring back what was deleted"), self.trash_requested.emit),
            (self.tr("Storage…"), self.tr("Where everything lies and how large it is"), self.storage_requested.emit),
        )
        _fill_menu(self.manage_button, entries)
        self.tools.addWidget(self.manage_button)
        self.tools.addWidget(self.refresh_button)

    def _build_table(self) -> None:
        self.finder = RunFinder()
        self.filter, self.count = self.finder.text, self.finder.count
        self.finder.changed.connect(self._filter)
        text = self.tr("These runs have different metrics; scores are sorted within each metric, the best together.")
        self.mixed = label(text, "caption", wrap=True)
        self.table = RecordTable(run_texts.columns(), self.tr("Runs"), key=lambda run: run.id)
        self.table.setMinimumHeight(150)
        self.table.record_chosen.connect(self._show_details)
        self.table.record_activated.connect(self._open)
        self.table.records.ticked.connect(self._ticked)
        QShortcut(QKeySequence.StandardKey.Delete, self.table, self._delete, context=Qt.ShortcutContext.WidgetShortcut)

    def _build_buttons(self) -> None:
        self.open_button = button(self.tr("Open"), "results", "primary", self.tr("Show the results of the chosen run"))
        self.compare_button = button(self.tr("Compare"), help=self.tr("Put the ticked runs side by side"))
        self.use_button = button(self.tr("Use its model"), "model")
        uses = (
            (self.tr("Start from it"), self.tr("Training begins with this model"), self.start_requested),
            (self.tr("Teacher"), self.tr("A small student learns from this model"), self.teacher_requested),
        )
        _fill_menu(self.use_button, [(text, help_, partial(self._use, signal)) for text, help_, signal in uses])
        self.folder_button = button(self.tr("Open folder"), "folder")
        self.report_button = button(self.tr("Open report"), "file")
        self.share_button = button(self.tr("Share"), "export")
        shares = (
            (self.tr("As a zip file…"), self.tr("The whole run in one file"), self._zip),
            (self.tr("For TensorBoard…"), self.tr("Curves and results as event files"),
             partial(self._track, "tensorboard")),
            (self.tr("For MLflow…"), self.tr("Curves, settings and results as a run of MLflow"),
             partial(self._track, "mlflow")),
        )  # fmt: skip
        _fill_menu(self.share_button, shares)
        self.delete_button = button(self.tr("Delete…"), "remove", "danger", self.tr("Delete the ticked or chosen runs"))
        for widget, slot in (
            (self.open_button, self._open_current),
            (self.compare_button, self._compare),
            (self.folder_button, self._open_folder),
            (self.report_button, self._open_report),
            (self.delete_button, self._delete),
        ):
            widget.clicked.connect(slot)

    def _build_below(self) -> None:
        self.facts = Facts()
        self.usage = label("", "muted", wrap=True)
        self.notes = RunNotesEdit()
        self.notes.edited.connect(self.notes_edited)
        self.details = Card(formats.NONE)
        self.details.title.setWordWrap(True)
        self.details.setMinimumWidth(240)
        self.details.body.addWidget(self.notes)
        self.details.body.addLayout(row(self.folder_button, self.report_button))
        for widget in (self.facts, self.usage):
            self.details.body.addWidget(widget)
        self.details.body.addStretch(1)
        self.curves = RunCurves()
        self.comparison = RunComparison()
        self.comparison.results_requested.connect(self.compare_requested)
        self.tree = RunTree()
        self.tree.chosen.connect(self._choose)
        curves = splitter(Qt.Orientation.Horizontal)
        curves.addWidget(self.curves)
        curves.addWidget(scrolled(self.details))
        curves.setStretchFactor(0, 3)
        curves.setStretchFactor(1, 2)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(curves, self.tr("Curves and details"))
        self.tabs.addTab(scrolled(self.comparison), self.tr("Comparison"))
        self.tabs.addTab(self.tree, self.tr("Lineage"))
        self.tabs.setMinimumHeight(370)
        self.tabs.currentChanged.connect(self._show_tab)
        above = QWidget()
        layout = QVBoxLayout(above)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.finder)
        layout.addWidget(self.mixed)
        layout.addWidget(self.table, 1)
        layout.addLayout(row(self.open_button, self.compare_button, self.use_button, self.share_button,
                             self.delete_button))  # fmt: skip
        self._content = splitter(Qt.Orientation.Vertical)
        self._content.addWidget(above)
        self._content.addWidget(self.tabs)
        self._content.setStretchFactor(0, 3)
        self._content.setStretchFactor(1, 2)

    # -- what the user does -------------------------------------------------------------------------------------

    @Slot()
    def _go_to_train(self) -> None:
        self.step_requested.emit("train")

    @Slot(object)
    def _filter(self, wanted: RunFilter) -> None:
        self.table.set_filter(None if wanted.empty else lambda run: wanted.accepts(run, self._searched))
        self._show_count()

    def _searched(self, run: RunSummary) -> str:
        known = self._words.get(run.id)
        if known is None or known[0] is not run:
            text = f"{searched(run)}\n{run_texts.outcome(run.outcome)}".casefold()
            known = self._words[run.id] = (run, text)
        return known[1]

    @Slot(object)
    def _open(self, run: RunSummary | None) -> None:
        if run is not None:
            self.open_requested.emit(run.id)

    @Slot()
    def _open_current(self) -> None:
        self._open(self.table.current())

    @Slot()
    def _compare(self) -> None:
        self.tabs.setCurrentIndex(1)

    def _use(self, signal: Any, _checked: bool = False) -> None:
        if (run := self.current_id()) is not None:
            signal.emit(run)

    def _zip(self, _checked: bool = False) -> None:
        if (run := self.current_id()) is not None:
            self.zip_requested.emit(run)

    def _track(self, name: str, _checked: bool = False) -> None:
        if (run := self.current_id()) is not None:
            self.track_requested.emit(run, name)

    def _clean(self, _checked: bool = False) -> None:
        """The ticked runs, or else those that are shown."""
        shown = [self.table.sorted.index(at, 0) for at in range(self.table.sorted.rowCount())]
        rows = [self.table.sorted.mapToSource(index).row() for index in shown]
        self.clean_requested.emit(self.ticked() or [self.table.records.records[at].id for at in rows])

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
        runs = [run for run in wanted if self._runs[run].outcome != "running"]
        if not runs or not (how := how_to_delete(runs, self)):
            return
        self.table.records.ticks -= set(runs)
        self.delete_requested.emit(runs, how == FOR_GOOD)

    def _open_path(self, name: str) -> None:
        run = self.table.current()
        if run is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(Path(run.folder) / name if name else run.folder)))

    # -- showing ------------------------------------------------------------------------------------------------

    @Slot(str)
    def _choose(self, run: str | None) -> None:
        records = self.table.records
        at = next((row for row, record in enumerate(records.records) if record.id == run), -1)
        index = self.table.sorted.mapFromSource(records.index(at, 0)) if at >= 0 else records.index(-1, 0)
        if at >= 0 and index.isValid():
            self.table.selectRow(index.row())
        else:
            self._show_details(self.table.current())

    def _show_count(self) -> None:
        shown, all_runs = self.table.sorted.rowCount(), len(self._runs)
        text = self.tr("{n} runs") if shown == all_runs else self.tr("{shown} of {n} runs")
        text = self.tr("1 run") if shown == all_runs == 1 else text
        self.count.setText(text.format(n=formats.count(all_runs), shown=formats.count(shown)))
        metrics = {run.metric for run in self._runs.values() if run.metric}
        self.mixed.setVisible(len(metrics) > 1)

    @Slot(object)
    def _show_details(self, run: RunSummary | None) -> None:
        for widget in (self.open_button, self.use_button, self.folder_button, self.share_button):
            widget.setEnabled(run is not None)
        self.report_button.setEnabled(run is not None and (Path(run.folder) / "report.html").is_file())
        self.delete_button.setEnabled(run is not None or bool(self.ticked()))
        self.compare_button.setEnabled(len(self.ticked()) >= 2)
        self.details.title.setText(run.id if run else formats.NONE)
        self.facts.set_facts(run_texts.details(run) if run else [])
        self.notes.set_run(run.id if run else "", RunNotes(run.tags, run.note, run.star) if run else RunNotes())
        self.usage.setText("")
        self._show_tab()
        if run is not None:
            self.chosen_changed.emit(run.id)

    @Slot()
    def _show_tab(self) -> None:
        """What only the tab that is open needs."""
        if self.tabs.currentWidget() is self.tree:
            self.tree.show_family(list(self._runs.values()), self.current_id() or "")
        if self.tabs.currentIndex() == 1:
            self.comparison.set_chosen(self._runs, self.ticked())

    @Slot()
    def _ticked(self) -> None:
        self.delete_button.setEnabled(self.current_id() is not None or bool(self.ticked()))
        self._show_ticked()

    def _show_ticked(self) -> None:
        ticked = self.ticked()
        self.compare_button.setEnabled(len(ticked) >= 2)
        self.curves.set_ticked(self._runs, ticked)
        self._show_tab()


def _fill_menu(target: QPushButton, entries: Any) -> None:
    """Gives a button a menu of (text, help, slot)."""
    menu = QMenu(target)
    menu.setToolTipsVisible(True)
    for text, help_, slot in entries:
        action = menu.addAction(text)
        action.setToolTip(help_)
        action.triggered.connect(slot)
    target.setMenu(menu)

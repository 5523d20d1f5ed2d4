"""Results: what the model can do, how sure that is, where it errs, and a box to try it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QSizePolicy, QStackedWidget, QTabWidget, QVBoxLayout, QWidget

from tlstudio.core import plugins
from tlstudio.gui import formats, words
from tlstudio.gui.panes.base import Pane
from tlstudio.gui.widgets import sample_views
from tlstudio.gui.widgets.common import EmptyState, button, label, row, scrolled
from tlstudio.gui.widgets.comparison import ComparisonView
from tlstudio.gui.widgets.damage_view import DamageView
from tlstudio.gui.widgets.record_table import Column, RecordTable
from tlstudio.gui.widgets.result_charts import ReliabilityDiagram
from tlstudio.gui.widgets.result_summary import StagesView, SummaryView
from tlstudio.gui.widgets.samples import ConfusionSection, SampleTable, error_samples
from tlstudio.gui.widgets.several_view import SeveralView
from tlstudio.gui.widgets.try_box import TryBox

_CLASS_METRICS = ("precision", "recall", "f1")


class _Tabs(QTabWidget):
    """As high as there is room: else the page would be as high as the highest tab would like to be."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        self.setMinimumHeight(330)

    def hasHeightForWidth(self) -> bool:
        return False


class ResultsPane(Pane):
    """Signals out, setters in; everything shown is in the run's ``results.json`` and ``predictions.parquet``."""

    try_requested = Signal(dict)  # role to value
    start_requested = Signal()
    compare_requested = Signal()
    open_report_requested = Signal()
    task_requested = Signal(str)  # the folder of a further task, below that of the run
    whole_run_requested = Signal()  # back from a further task

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", parent=parent)
        self.heading.setText(self.tr("Results"))
        self._results: dict[str, Any] = {}
        self._build_actions()
        self.run_label = label("", "muted", wrap=True)
        self.empty = EmptyState(
            "results",
            self.tr("No results yet"),
            self.tr("Train a model; its measured quality, errors, size and speed then stand here."),
            self.tr("Start training"),
        )
        self.empty.triggered.connect(self.start_requested)
        self.tabs = _Tabs()
        self.tabs.setDocumentMode(True)
        self.tabs.setAccessibleName(self.tr("Parts of the results"))
        self._build_tabs()
        self.whole_button = button(self.tr("Back to the whole run"), "results", "quiet")
        self.whole_button.clicked.connect(self.whole_run_requested)
        line = row(self.run_label, self.whole_button, stretch=False)
        line.setStretch(0, 1)
        self.body.addLayout(line)
        self.body.addWidget(self.empty, 1)
        self.body.addWidget(self.tabs, 1)
        self.set_run(None, None)

    # -- setters ------------------------------------------------------------------------------------------------

    def set_run(self, folder: str | Path | None, results: dict[str, Any] | None) -> None:
        """Shows a run; None for the results of a run that has none (it failed or was cancelled)."""
        shown = folder is not None and bool(results)
        for widget in (self.tabs, self.run_label, self.report_button, self.compare_button):
            widget.setVisible(shown)
        self.whole_button.setVisible(shown and whole_run(Path(str(folder))) is not None)
        self.empty.setVisible(not shown)
        if not shown:
            self._show_empty(folder)
            return
        self._results = results or {}
        self.run_label.setText(self._run_words(Path(str(folder))))
        self.report_button.setEnabled((Path(str(folder)) / "report.html").is_file())
        self.summary.set_results(self._results)
        self._show_tab(self.several, self.several.set_results(self._results))
        self._show_classes(Path(str(folder)), self._results.get("test") or {})
        self._show_samples(self._results.get("test") or {})
        self.stages.set_results(self._results)
        self._show_tab(self.damage, self.damage.set_results(self._results))
        self._show_try_box()
        self.comparison.compare({}, None, "")

    def set_try_reply(self, reply: list[dict[str, Any]] | None, error: str | None = None) -> None:
        self.try_box.set_reply(reply, error)

    def set_comparison(self, name: str, results: dict[str, Any] | None) -> None:
        """Compares this run with another one and shows that part."""
        self.comparison.compare(self._results, results, name)
        if results is not None:
            self.open(self.comparison)

    def open(self, part: QWidget) -> None:
        """Shows the tab that a part of the results is in."""
        self.tabs.setCurrentIndex(self.tab_of(part))

    # -- building -----------------------------------------------------------------------------------------------

    def _build_actions(self) -> None:
        self.compare_button = button(self.tr("Compare…"), "runs", help=self.tr("Put another run beside this one"))
        self.report_button = button(self.tr("Open report"), "file", help=self.tr("The whole run as one page"))
        self.compare_button.clicked.connect(self.compare_requested)
        self.report_button.clicked.connect(self.open_report_requested)
        for widget in (self.compare_button, self.report_button):
            self.tools.addWidget(widget)

    def _build_tabs(self) -> None:
        self.summary = SummaryView()
        self.several = SeveralView()
        self.several.task_requested.connect(self.task_requested)
        self._samples = QStackedWidget()
        self.samples: dict[str, QWidget] = {}  # by kind, made when a run has such
        self.classes = RecordTable(self._class_columns(), self.tr("Results of each class"), fits=True)
        self.confusion = ConfusionSection()
        self.reliability = ReliabilityDiagram()
        self.calibration_words = label("", wrap=True)
        self.errors = SampleTable(self.tr("The most confident errors"))
        self.stages = StagesView()
        self.damage = DamageView()
        self.try_box = TryBox()
        self.try_box.asked.connect(self.try_requested)
        self.comparison = ComparisonView()
        self.comparison.choose_requested.connect(self.compare_requested)
        self._hint = label("", "muted", wrap=True)
        self._classes = _stack(self.classes, fill=False)
        self._calibration = _stack(self.calibration_words, self.reliability)
        self._errors = _stack(self._hint, self.errors)
        parts: list[tuple[QWidget, str]] = [
            (self.summary, self.tr("Summary")),
            (scrolled(self.several), self.tr("Tasks")),
            (self._samples, self.tr("Samples")),
            (self._classes, self.tr("Classes")),
            (scrolled(self.confusion), self.tr("Confusion")),
            (self._calibration, self.tr("Calibration")),
            (self._errors, self.tr("Errors")),
            (self.stages, self.tr("Size and speed")),
            (scrolled(self.damage), self.tr("Damage")),
            (scrolled(self.try_box), self.tr("Try it")),
            (self.comparison, self.tr("Compare")),
        ]
        for widget, title in parts:
            self.tabs.addTab(widget, title)

    def _class_columns(self) -> list[Column]:
        def metric(name: str, title: str) -> Column:
            return Column(
                title,
                lambda item: formats.interval(item.get(name)),
                lambda item: formats.metric_value(item.get(name)),
                numeric=True,
            )

        titles = (self.tr("Precision"), self.tr("Recall"), self.tr("F1"))
        return [
            Column(self.tr("Class"), lambda item: str(item.get("label")), stretch=True),
            Column(
                self.tr("Test rows"),
                lambda item: formats.count(item.get("support")),
                lambda item: item.get("support"),
                numeric=True,
            ),
            *(metric(name, title) for name, title in zip(_CLASS_METRICS, titles, strict=True)),
        ]

    # -- showing ------------------------------------------------------------------------------------------------

    @property
    def _unit(self) -> str:
        return str(self._results.get("unit") or "texts")

    def _show_tab(self, page: QWidget, on: bool) -> None:
        """A tab is there only where the run has what it shows."""
        self.tabs.setTabVisible(self.tab_of(page), on)

    def tab_of(self, part: QWidget) -> int:
        page: QWidget | None = part
        while page is not None and self.tabs.indexOf(page) < 0:
            page = page.parentWidget()
        return self.tabs.indexOf(page) if page is not None else 0

    def _show_classes(self, folder: Path, test: dict[str, Any]) -> None:
        """What results with classes have."""
        self._show_class_table(test)
        labels, counts = self._results.get("labels") or [], test.get("confusion") or []
        self.confusion.set_results(folder, [str(name) for name in labels] if counts else [], counts, self._unit)
        self.reliability.set_bins(test.get("calibration") or [], self._unit)
        self._show_calibration(test)
        self.errors.set_samples(error_samples(self._results))
        self._hint.setText(self._error_words())
        pages = {"per_class": self._classes, "confusion": self.confusion, "calibration": self._calibration}
        for key, page in {**pages, "errors": self._errors}.items():
            self._show_tab(page, bool(test.get(key)))

    def _show_class_table(self, test: dict[str, Any]) -> None:
        """Not every task has all columns, and what is counted are not always rows."""
        kind, records = str((test.get("samples") or {}).get("kind")), test.get("per_class") or []
        entities = "entity_f1" in (test.get("metrics") or {})  # else each word has a tag of its own
        words_or_entities = self.tr("Test entities") if entities else self.tr("Test words")
        counted = {"spans": words_or_entities, "boxes": self.tr("Test boxes")}
        self.classes.retitle(1, counted.get(kind, self.tr("Test rows")))
        for column, name in enumerate(_CLASS_METRICS, start=2):
            self.classes.setColumnHidden(column, not any(item.get(name) for item in records))
        self.classes.set_records(records)

    def _show_samples(self, test: dict[str, Any]) -> None:
        """The test rows in the picture that their kind has."""
        found = test.get("samples") or {}
        kind, items = str(found.get("kind") or ""), found.get("items") or []
        view = self.samples.get(kind) or (sample_views.make(kind) if items else None)
        if view is not None and items:
            if kind not in self.samples:
                self.samples[kind] = view
                self._samples.addWidget(view)
            self._samples.setCurrentWidget(view)
            view.set_items(items, self._unit)  # type: ignore[attr-defined]
        self._show_tab(self._samples, view is not None and bool(items))

    def _show_try_box(self) -> None:
        task = plugins.find("tlstudio.tasks").get(str(self._results.get("task")))
        masked = ((self._results.get("test") or {}).get("samples") or {}).get("kind") == "masked"
        hint = self.tr("A text with [MASK] in place of the words to guess") if masked else ""
        self.try_box.set_asks(getattr(task, "ASKS", ("text",)), hint, getattr(task, "OPTIONAL", ()))

    def _show_empty(self, folder: str | Path | None) -> None:
        if folder is None:
            self.empty.set_text(
                self.tr("No results yet"),
                self.tr("Train a model; its measured quality, errors, size and speed then stand here."),
            )
            return
        self.empty.set_text(
            self.tr("This run has no results"),
            self.tr("{run} ended before it was evaluated. Its log and curves are in the Train step.").format(
                run=Path(folder).name
            ),
        )

    def _run_words(self, folder: Path) -> str:
        outcome = {
            "completed": self.tr("completed"),
            "stopped": self.tr("stopped early, best weights kept"),
        }.get(str(self._results.get("outcome")), str(self._results.get("outcome") or ""))
        whole = whole_run(folder)
        return f"{whole.name} · {folder.name} · {outcome}" if whole is not None else f"{folder.name} · {outcome}"

    def _error_words(self) -> str:
        if self._results.get("labels"):
            return self.tr(
                "The errors that the model was most sure of: often wrong labels in the data, or two classes that touch."
            )
        return self.tr("The errors that the model was most sure of: often what stands in the data is wrong.")

    def _show_calibration(self, test: dict[str, Any]) -> None:
        ece = (test.get("metrics") or {}).get("ece")
        if formats.missing(formats.metric_value(ece)):
            text = self.tr(
                "How often the model is right, by its confidence. "
                "Points below the dashed line are too sure, above it too careful; grey bars count the {unit}."
            )
        else:
            text = self.tr(
                "On average the model's confidence is {ece} away from how often it is right. "
                "Points below the dashed line are too sure, above it too careful; grey bars count the {unit}."
            )
        self.calibration_words.setText(text.format(ece=formats.interval(ece), unit=words.unit_name(self._unit)))


def whole_run(folder: Path) -> Path | None:
    """The run that a folder is a further task of; None for a run of its own."""
    above = folder.parent.parent
    return above if folder.parent.name == "tasks" and (above / "results.json").is_file() else None


def _stack(*widgets: QWidget, fill: bool = True) -> QWidget:
    """A page with widgets below each other; the last takes the room if it can ``fill`` it."""
    result = QWidget()
    layout = QVBoxLayout(result)
    layout.setContentsMargins(0, 12, 0, 0)
    layout.setSpacing(10)
    for widget in widgets:
        layout.addWidget(widget)
    layout.setStretchFactor(widgets[-1], 1)
    if not fill:
        layout.addStretch(0)
        layout.setStretchFactor(widgets[-1], 0)
    return result

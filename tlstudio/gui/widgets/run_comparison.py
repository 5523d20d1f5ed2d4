"""Any number of runs side by side: where their recipes differ, their metrics, and which differences are real."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import QComboBox, QVBoxLayout, QWidget

from tlstudio.gui import formats, i18n, metric_names, run_texts
from tlstudio.gui.background import Latest
from tlstudio.gui.widgets.common import button, label, row
from tlstudio.gui.widgets.record_table import Column, RecordTable
from tlstudio.session.run_compare import Comparison, Difference, compare
from tlstudio.session.runs import RunSummary

_MOST = 12  # columns; more runs do not fit on any screen


class RunComparison(QWidget):
    """Compares when the runs have changed; predictions are read in the background.

    ``results_requested(runs)``: the user wants to see them in Results and Train, too.
    """

    results_requested = Signal(list)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._runs: Mapping[str, RunSummary] = {}
        self._chosen: list[str] = []
        self._names: dict[str, str] = {}
        self._background = Latest(self)
        self._background.done.connect(self._on_done)
        self._background.failed.connect(self._on_failed)
        self.hint = label(self.tr("Tick two runs or more to compare them."), "muted", wrap=True, parent=self)
        self.reference = QComboBox(self)
        self.reference.setAccessibleName(self.tr("Run that the others are compared with"))
        self.reference.currentIndexChanged.connect(self._start)
        self.title = label(self.tr("Compared with"), parent=self)
        self.title.setBuddy(self.reference)
        self.differences = RecordTable(self._difference_columns(), self.tr("Is the difference real?"), fits=True)
        self.results_button = button(self.tr("Show in Results"), "results", parent=self)
        self.results_button.setToolTip(self.tr("Every metric of two runs in Results, the curves of all in Train"))
        self.results_button.clicked.connect(self._show_results)
        self.note = label("", "caption", wrap=True, parent=self)
        self.parameters: RecordTable | None = None
        self.metrics: RecordTable | None = None
        self._parameters_title = label("", "title", parent=self)
        self._metrics_title = label(self.tr("Metrics on the test rows (95 % intervals)"), "title", parent=self)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(4, 8, 4, 8)
        self._layout.addWidget(self.hint)
        self._layout.addLayout(row(self.title, self.reference, self.results_button))
        self._layout.addWidget(self.differences)
        self._layout.addWidget(self.note)
        self._layout.addWidget(self._parameters_title)
        self._layout.addWidget(self._metrics_title)
        self._layout.addStretch(1)
        self.found: Comparison | None = None
        self._show(None)

    def set_chosen(self, runs: Mapping[str, RunSummary], chosen: Sequence[str]) -> None:
        """The runs to compare, the first one is the reference unless the user has picked another."""
        self._runs = runs
        chosen = list(chosen)[:_MOST]
        if chosen == self._chosen:
            return
        kept = self.reference.currentData()
        self._chosen = chosen
        self._names = _numbered({run: run_texts.short(runs[run]) for run in chosen})
        with QSignalBlocker(self.reference):
            self.reference.clear()
            for run in chosen:
                self.reference.addItem(self._names[run], run)
            self.reference.setCurrentIndex(max(self.reference.findData(kept), 0))
        self._start()

    @Slot()
    def _show_results(self) -> None:
        first = self.reference.currentData()
        self.results_requested.emit([first, *(run for run in self._chosen if run != first)])

    @Slot()
    def _start(self) -> None:
        if len(self._chosen) < 2:
            self._show(None)
            return
        first = self.reference.currentData()
        order = [first, *(run for run in self._chosen if run != first)]
        folders = [Path(self._runs[run].folder) for run in order]
        self.hint.setText(self.tr("Comparing…"))
        self.hint.show()
        self._background.start(tuple(order), lambda: compare(folders))

    @Slot(object, object)
    def _on_done(self, key: tuple[str, ...], found: Comparison) -> None:
        if set(key) == set(self._chosen) and key[0] == self.reference.currentData():
            self._show(found)

    @Slot(object, dict)
    def _on_failed(self, _key: Any, error: dict[str, Any]) -> None:
        self._show(None)
        self.hint.setText(i18n.both(error))

    def _show(self, found: Comparison | None) -> None:
        self.found = found
        self.hint.setVisible(found is None)
        self.hint.setText(self.tr("Tick two runs or more to compare them."))
        for widget in (self.title, self.reference, self.results_button, self.differences, self.note,
                       self._parameters_title, self._metrics_title):  # fmt: skip
            widget.setVisible(found is not None)
        for table in (self.parameters, self.metrics):
            if table is not None:
                self._layout.removeWidget(table)
                table.hide()
                table.deleteLater()
        self.parameters = self.metrics = None
        if found is None:
            return
        self.differences.set_records([item for item in found.differences if item.reason is None])
        self.differences.setVisible(any(item.reason is None for item in found.differences))
        self.note.setText(self._notes(found))
        text = self.tr("{n} settings differ, {same} are the same")
        self._parameters_title.setText(
            text.format(n=formats.count(len(found.parameters)), same=formats.count(found.same))
        )
        self.parameters = self._table(self.tr("Setting"), self.tr("Settings that differ"), found, _parameter)
        self.parameters.set_records(found.parameters)
        self.metrics = self._table(self.tr("Metric"), self.tr("Metrics of the runs"), found, _metric)
        self.metrics.set_records(found.metrics)
        self._layout.insertWidget(self._layout.indexOf(self._parameters_title) + 1, self.parameters)
        self._layout.insertWidget(self._layout.indexOf(self._metrics_title) + 1, self.metrics)
        self.parameters.setVisible(bool(found.parameters))
        self._metrics_title.setVisible(bool(found.metrics))
        self.metrics.setVisible(bool(found.metrics))

    def _notes(self, found: Comparison) -> str:
        """What the table cannot say: how it was tested, and what could not be compared."""
        missing = [f"{self._names.get(item.run, item.run)}: {i18n.message(item.reason)}"
                   for item in found.differences if item.reason is not None]  # fmt: skip
        said = self.tr(
            "Points of score on the test rows that both have. A difference counts as real where the 95 % interval of "
            "the paired bootstrap leaves out zero and the exact McNemar test (for scores between right and wrong the "
            "sign test) gives p < 0.05 after Holm's correction for several comparisons."
        )
        return "\n".join([said, *missing])

    def _table(self, first: str, name: str, found: Comparison, text: Any) -> RecordTable:
        columns = [Column(first, partial(text, at=None))]
        for at, run in enumerate(found.runs):
            columns.append(Column(self._names.get(run, run), partial(text, at=at)))
        return RecordTable(columns, name, fits=True, parent=self)

    def _difference_columns(self) -> list[Column]:
        return [
            Column(self.tr("Run"), lambda item: self._names.get(item.run, item.run)),
            Column(self.tr("Verdict"), self._verdict, colour=_tint),
            Column(self.tr("Difference"), _gap, lambda item: item.value, numeric=True),
            Column(self.tr("p"), lambda item: formats.compact(item.p, 3), lambda item: item.p, numeric=True),
            Column(self.tr("Common rows"), lambda item: formats.count(item.rows), lambda item: item.rows, numeric=True),
            Column(
                self.tr("Rows gained"),
                lambda item: formats.count(item.only_run),
                lambda item: item.only_run,
                numeric=True,
            ),
            Column(
                self.tr("Rows lost"),
                lambda item: formats.count(item.only_reference),
                lambda item: item.only_reference,
                numeric=True,
            ),
        ]

    def _verdict(self, item: Difference) -> str:
        return {"better": self.tr("▲ better"), "worse": self.tr("▼ worse")}.get(
            item.verdict, self.tr("≈ may be chance")
        )


def _gap(item: Difference) -> str:
    low, high = (formats.points(value) for value in (item.low, item.high))
    return f"{formats.points(item.value)} ({low} … {high})"


def _tint(item: Difference) -> str:
    return {"better": "ok", "worse": "error"}.get(item.verdict, "")


def _parameter(item: tuple[str, tuple[str, ...]], at: int | None) -> str:
    return item[0] if at is None else item[1][at] or formats.NONE


def _metric(item: tuple[str, tuple[dict[str, Any] | None, ...]], at: int | None) -> str:
    return metric_names.title(item[0]) if at is None else metric_names.interval(item[0], item[1][at] or {})


def _numbered(names: dict[str, str]) -> dict[str, str]:
    """With a number where two are called alike."""
    found: dict[str, str] = {}
    for run, name in names.items():
        same = list(names.values())[: list(names).index(run)].count(name)
        found[run] = f"{name} ({same + 1})" if same else name
    return found

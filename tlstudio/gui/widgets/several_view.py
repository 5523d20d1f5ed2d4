"""Several tasks in one run: each beside the run that learnt it alone, and how much of earlier ones was retained."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHeaderView, QVBoxLayout, QWidget

from tlstudio.evaluation.several import Retention, TaskLine, retention, task_lines
from tlstudio.gui import formats, i18n, metric_names, words
from tlstudio.gui.widgets.common import button, label, row
from tlstudio.gui.widgets.record_table import Column, RecordTable
from tlstudio.gui.widgets.retention_table import RetentionTable

_NAME = 190  # pixels: the numbers beside the names are what matters
_TINTS = {"better": "ok", "worse": "error"}


class SeveralView(QWidget):
    """``task_requested(path)`` on a double click, Enter or the button: a task's folder below that of the run."""

    task_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.tasks_note = label("", "muted", wrap=True)
        self.tasks_note.setText(
            self.tr(
                "These tasks share the backbone of this run, each with a head of its own, and were tested on rows of "
                "their own. Beside it stands what the earlier run reached that learnt the task."
            )
        )
        self.tasks = RecordTable(self._columns(), self.tr("Further tasks of this run"), fits=True)
        self.tasks.record_chosen.connect(self._on_chosen)
        self.tasks.record_activated.connect(self._open)
        header = self.tasks.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Interactive)
        header.setStretchLastSection(True)
        self.open_button = button(self.tr("Show its results"), "results")
        self.open_button.setToolTip(self.tr("The errors, size and speed of the chosen task, and a box to try it"))
        self.open_button.clicked.connect(lambda: self._open(self.tasks.current()))
        self.retention_title = label(self.tr("Retention"), "title")
        self.retention_note = label("", "muted", wrap=True)
        self.transfer = label("", wrap=True)
        self.retention = RetentionTable()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 12, 0, 0)
        layout.setSpacing(10)
        self._of_tasks: tuple[QWidget, ...] = (self.tasks_note, self.tasks, self.open_button)
        self._of_retention: tuple[QWidget, ...] = (
            self.retention_title, self.retention_note, self.retention, self.transfer,
        )  # fmt: skip
        layout.addWidget(self.tasks_note)
        layout.addWidget(self.tasks)
        layout.addLayout(row(self.open_button))
        for part in self._of_retention:
            layout.addWidget(part)
        layout.addStretch(1)

    def set_results(self, results: dict[str, Any]) -> bool:
        """Shows what a run has of this; False where it has learnt one task only."""
        lines, found = task_lines(results), retention(results)
        for part in self._of_tasks:
            part.setVisible(bool(lines))
        self.tasks.set_records(lines)
        self.tasks.setColumnWidth(0, min(self.tasks.columnWidth(0), _NAME))
        self.tasks.selectRow(0)
        self.tasks.setMinimumHeight(min(self.tasks.maximumHeight(), 260))
        for part in self._of_retention:
            part.setVisible(found is not None)
        self.retention.set_retention(found)
        if found is not None:
            self.retention_note.setText(self._explained(found))
            self.transfer.setText(self._transfer(found))
            self.transfer.setVisible(bool(self.transfer.text()))
        return bool(lines) or found is not None

    def _explained(self, found: Retention) -> str:
        text = self.tr(
            "The tasks were learnt one after the other. A row is a time: what was then known of each task, as {metric} "
            "on its test rows. In bold what had just been learnt; the deeper the blue, the better."
        ).format(metric=metric_names.title(found.metric))
        if not found.method:
            return text
        method = self.tr("Against forgetting: {method}.").format(method=words.choice(found.method))
        return f"{text} {method}"

    def _transfer(self, found: Retention) -> str:
        said = []
        if found.backward is not None:
            text = self.tr("Backward transfer: since they were learnt, the earlier tasks have changed by {value}.")
            said.append(text.format(value=metric_names.difference(found.metric, found.backward)))
        if found.forward is not None:
            text = self.tr(
                "Forward transfer: what was learnt before brings a new task {value} of accuracy, before it is learnt."
            )
            said.append(text.format(value=metric_names.difference("accuracy", found.forward)))
        return "\n".join(said)

    def _columns(self) -> list[Column]:
        def measured(title: str, name: str) -> Column:
            return Column(
                title,
                lambda line: metric_names.interval(line.metric, getattr(line, name)),
                lambda line: formats.metric_value(getattr(line, name)),
                numeric=True,
            )

        return [
            Column(self.tr("Task"), lambda line: line.name, stretch=True),
            Column(self.tr("Metric"), lambda line: metric_names.title(line.metric)),
            measured(self.tr("This run"), "score"),
            measured(self.tr("Earlier run"), "alone"),
            Column(
                self.tr("Difference"),
                lambda line: metric_names.difference(line.metric, line.difference),
                lambda line: line.difference,
                numeric=True,
            ),
            Column(self.tr("Verdict"), self._verdict, colour=lambda line: _TINTS.get(line.verdict, "")),
            measured(self.tr("Baseline"), "baseline"),
            Column(self.tr("Test rows"), lambda line: formats.count(line.rows), lambda line: line.rows, numeric=True),
            Column(self.tr("Kind"), lambda line: i18n.engine(line.title)),
        ]

    def _verdict(self, line: TaskLine) -> str:
        return {
            "better": self.tr("▲ better"),
            "worse": self.tr("▼ worse"),
            "even": self.tr("≈ may be chance"),
        }.get(line.verdict, "")

    def _on_chosen(self, line: TaskLine | None) -> None:
        self.open_button.setEnabled(line is not None and bool(line.path))

    def _open(self, line: TaskLine | None) -> None:
        if line is not None and line.path:
            self.task_requested.emit(line.path)

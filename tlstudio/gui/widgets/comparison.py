"""Two runs side by side: every metric, its difference, and whether the difference is more than chance."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from tlstudio.gui import formats, metric_names
from tlstudio.gui.widgets.common import EmptyState, button, label, row
from tlstudio.gui.widgets.record_table import Column, RecordTable

Row = tuple[str, dict[str, Any], dict[str, Any]]


class ComparisonView(QWidget):
    """``choose_requested``: the user wants to choose the other run."""

    choose_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.empty = EmptyState(
            "runs",
            self.tr("No run to compare with"),
            self.tr("Choose an earlier run to see every number of both side by side."),
            self.tr("Choose a run…"),
        )
        self.empty.triggered.connect(self.choose_requested)
        self.caption = label("", "title", wrap=True)
        self.other_button = button(self.tr("Choose another run…"), "runs")
        self.other_button.clicked.connect(self.choose_requested)
        self.table = RecordTable(self._columns(), self.tr("Comparison of two runs"), fits=True)
        self.note = label("", "muted", wrap=True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 12, 0, 0)
        layout.setSpacing(10)
        layout.addWidget(self.empty, 1)
        layout.addWidget(self.caption)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.note)
        layout.addLayout(row(self.other_button))
        layout.addStretch(0)
        self.compare({}, None, "")

    def compare(self, own: dict[str, Any], other: dict[str, Any] | None, name: str) -> None:
        """Compares the results of this run with those of the run ``name``; None shows the empty state."""
        for widget in (self.caption, self.table, self.note, self.other_button):
            widget.setVisible(other is not None)
        self.empty.setVisible(other is None)
        if other is None:
            return
        self.caption.setText(self.tr("This run beside {name}").format(name=name))
        mine, theirs = _metrics(own), _metrics(other)
        self.table.set_records([(key, mine[key], theirs[key]) for key in mine if key in theirs])
        self.note.setText(" ".join(self._notes(own, other)))

    def _notes(self, own: dict[str, Any], other: dict[str, Any]) -> list[str]:
        """What is to be known before the numbers are compared."""
        notes = [self.tr("Where the intervals overlap, the difference may be chance.")]
        if own.get("task") != other.get("task"):
            notes.insert(0, self.tr("The runs have different tasks; only metrics that both have stand here."))
        if (own.get("test") or {}).get("rows") != (other.get("test") or {}).get("rows"):
            notes.append(self.tr("The runs were tested on different numbers of rows."))
        return notes

    def _columns(self) -> list[Column]:
        return [
            Column(self.tr("Metric"), lambda item: metric_names.title(item[0]), stretch=True),
            Column(
                self.tr("This run"),
                lambda item: metric_names.interval(item[0], item[1]),
                lambda item: formats.metric_value(item[1]),
                numeric=True,
            ),
            Column(
                self.tr("Other run"),
                lambda item: metric_names.interval(item[0], item[2]),
                lambda item: formats.metric_value(item[2]),
                numeric=True,
            ),
            Column(
                self.tr("Difference"),
                lambda item: metric_names.difference(item[0], _delta(item)),
                _delta,
                numeric=True,
            ),
            Column(self.tr("Verdict"), self._verdict, colour=_tint),
        ]

    def _verdict(self, item: Row) -> str:
        return {"ok": self.tr("▲ better"), "error": self.tr("▼ worse")}.get(_tint(item), self.tr("≈ may be chance"))


def _metrics(results: dict[str, Any]) -> dict[str, Any]:
    return (results.get("test") or {}).get("metrics") or {}


def _delta(item: Row) -> float | None:
    mine, theirs = formats.metric_value(item[1]), formats.metric_value(item[2])
    return None if formats.missing(mine) or formats.missing(theirs) else mine - theirs


def _tint(item: Row) -> str:
    """ok, error, or nothing where the intervals overlap."""
    name, mine, theirs = item
    delta = _delta(item)
    if delta is None or formats.missing(mine.get("low")) or formats.overlap(mine, theirs):
        return ""
    return "ok" if (delta > 0) != metric_names.smaller_is_better(name) else "error"

"""The forms that the model of a run has taken, each beside the trained one: size, score and speed."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from tlstudio.gui import formats, frontier, metric_names
from tlstudio.gui.i18n import engine
from tlstudio.gui.widgets.common import Card, label

_BATCHES = ("1", "16")


class MeasuredTable(Card):
    """Hidden where nothing was measured."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", parent)
        self.title.setText(self.tr("Measured in the last run"))
        self.title.show()
        self._metric = metric_names.DEFAULT
        heads = (
            self.tr("Stage"),
            self.tr("Size"),
            self.tr("Score (95 % interval)"),
            self.tr("For 1"),
            self.tr("For 16"),
            self.tr("Agreement"),
        )
        self.table = QTableWidget(0, len(heads), self)
        self.table.setAccessibleName(self.tr("Measured size, score and speed"))
        self.table.setHorizontalHeaderLabels(list(heads))
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.table.setTabKeyNavigation(False)
        self.table.setShowGrid(False)
        self.table.setWordWrap(False)
        self.table.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.table.verticalHeader().hide()
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setMinimumSectionSize(70)
        self.body.addWidget(self.table)
        text = self.tr(
            "Better or worse: the score lies outside the interval of the trained model. Times are medians on the "
            "computer of the run; the 95th percentile is told where the mouse rests."
        )
        self.body.addWidget(label(text, "caption", wrap=True, parent=self))
        self.doubt = label("", "warn", wrap=True, parent=self)
        self.body.addWidget(self.doubt)
        self.hide()

    def set_results(self, results: dict[str, Any]) -> None:
        """The stages of results.json with its main metric."""
        stages = results.get("stages") or []
        self._metric = metric_names.headline(results)
        title = self.tr("{metric}\n(95 % interval)").format(metric=metric_names.title(self._metric))
        self.table.setHorizontalHeaderItem(2, QTableWidgetItem(title))
        self.setVisible(bool(stages))
        self.doubt.setText(formats.doubt(stage.get("latency") for stage in stages))
        self.doubt.setVisible(bool(self.doubt.text()))
        self.table.setRowCount(len(stages))
        for line, stage in enumerate(stages):
            for column, (text, tip) in enumerate(self._cells(stage, stages[0] if line else {})):
                item = QTableWidgetItem(text)
                item.setToolTip(tip)
                if column:
                    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self.table.setItem(line, column, item)
        bar = self.table.horizontalScrollBar().sizeHint().height()
        self.table.resizeRowsToContents()
        lines = sum(self.table.rowHeight(line) for line in range(len(stages)))
        height = self.table.horizontalHeader().sizeHint().height() + lines + 6
        self.table.setFixedHeight(height + bar)

    # --- inside

    def _cells(self, stage: dict[str, Any], trained: dict[str, Any]) -> list[tuple[str, str]]:
        """(text, tool tip) of a stage beside the trained model, which has none beside it."""
        title, size = engine(stage.get("title", "")), stage.get("bytes") or 0
        called = _beside(title, engine(stage.get("runtime") or ""))
        cells = [(called, called)]  # the column may be too narrow for it
        cells.append((_beside(formats.size(size), frontier.smaller(trained.get("bytes"), size)), ""))
        cells.append((self._score(stage, trained), ""))
        for batch in _BATCHES:
            time, before = _latency(stage, batch), _latency(trained, batch)
            gap = frontier.faster(before.get("median_ms"), time.get("median_ms"))
            tip = ""
            if not formats.missing(time.get("p95_ms")):
                tip = self.tr("95 % of the times at most {most}").format(most=formats.milliseconds(time["p95_ms"]))
            cells.append((_beside(formats.milliseconds(time.get("median_ms")), gap), tip))
        return [*cells, (formats.percent(stage.get("agreement")), "")]

    def _score(self, stage: dict[str, Any], trained: dict[str, Any]) -> str:
        measured, before = ((item.get("metrics") or {}).get(self._metric) for item in (stage, trained))
        text, value = metric_names.interval(self._metric, measured), formats.metric_value(measured)
        if not isinstance(before, dict) or formats.missing(value):
            return text
        low, high = before.get("low"), before.get("high")
        if formats.missing(low) or formats.missing(high) or low <= value <= high:
            return text
        better = metric_names.better(self._metric, value, before["value"])
        return _beside(text, self.tr("better") if better else self.tr("worse"))


def _latency(stage: dict[str, Any], batch: str) -> dict[str, Any]:
    return (stage.get("latency") or {}).get(batch) or {}


def _beside(text: str, gap: str) -> str:
    return f"{text}\n{gap}" if gap else text

"""The summary of a run's results: the headline beside the baselines, all metrics, extra sets."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget

from tlstudio.gui import formats, i18n, metric_names, theme
from tlstudio.gui.widgets.common import Card, label
from tlstudio.gui.widgets.record_table import Column, RecordTable
from tlstudio.gui.widgets.result_charts import IntervalBars

Results = dict[str, Any]


class SummaryView(QWidget):
    """In plain words what the model can do, and how sure that is."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.headline = label("", "heading")
        self.sentence = label("", wrap=True)
        self.baselines = label("", "muted", wrap=True)
        self.facts = label("", "muted", wrap=True)
        self.bars = IntervalBars()
        card = Card()
        for widget in (self.headline, self.sentence, self.bars, self.baselines, self.facts):
            card.body.addWidget(widget)
        self.metrics = RecordTable(self._metric_columns(), self.tr("All metrics with their 95 % intervals"), fits=True)
        self.extra_title = label(self.tr("Extra sets"), "title")
        self.extra = RecordTable(self._extra_columns(), self.tr("Results on extra sets"), fits=True)
        inner = QWidget()
        theme.set_role(inner, "page")
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setWidget(inner)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(area)
        layout = QVBoxLayout(inner)
        layout.setContentsMargins(0, 12, 0, 0)
        layout.setSpacing(10)
        layout.addWidget(card)
        layout.addWidget(label(self.tr("All metrics on the test set"), "title"))
        layout.addWidget(self.metrics, 1)
        layout.addWidget(self.extra_title)
        layout.addWidget(self.extra)
        layout.addStretch(1)

    def set_results(self, results: Results) -> None:
        test = results.get("test") or {}
        accuracy = (test.get("metrics") or {}).get("accuracy") or {}
        self.headline.setText(self.tr("{accuracy} accuracy").format(accuracy=formats.percent(accuracy.get("value"))))
        self.sentence.setText(self._sentence(test, accuracy))
        baselines = results.get("baselines") or []
        bars = [(i18n.engine(_title(item)), (item.get("metrics") or {}).get("accuracy") or {}) for item in baselines]
        self.bars.set_bars([*bars, (self.tr("This model"), accuracy)])
        self.baselines.setText(" ".join(self._against(title, value, accuracy) for title, value in bars))
        self.facts.setText(self._facts(results))
        self.metrics.set_records(list((test.get("metrics") or {}).items()))
        self.metrics.setMinimumHeight(self.metrics.maximumHeight())
        extra = results.get("extra") or []
        self.extra.set_records(extra)
        self.extra.setMinimumHeight(min(self.extra.maximumHeight(), 240))
        for widget in (self.extra_title, self.extra):
            widget.setVisible(bool(extra))

    def _sentence(self, test: Results, accuracy: Results) -> str:
        text = self.tr(
            "Of {rows} test texts that the model never saw, {accuracy} got the right label. "
            "With 95 % confidence the true share lies between {low} and {high}."
        )
        return text.format(
            rows=formats.count(test.get("rows")),
            accuracy=formats.percent(accuracy.get("value")),
            low=formats.percent(accuracy.get("low")),
            high=formats.percent(accuracy.get("high")),
        )

    def _against(self, title: str, baseline: Results, model: Results) -> str:
        """One sentence that compares the model with a baseline."""
        if formats.missing(baseline.get("value")) or formats.missing(model.get("value")):
            return ""
        if formats.overlap(baseline, model):
            text = self.tr("{title} reaches {value}: the intervals overlap, so the model may be no better.")
        elif baseline["value"] > model["value"]:
            text = self.tr("{title} reaches {value}, which is better than this model: something is wrong.")
        else:
            text = self.tr("{title} reaches {value}: the model makes {fewer} fewer errors.")
        wrong = 1 - baseline["value"]
        fewer = (model["value"] - baseline["value"]) / wrong if wrong else 0
        return text.format(title=title, value=formats.percent(baseline["value"]), fewer=formats.percent(fewer, 0))

    def _facts(self, results: Results) -> str:
        training, data = results.get("training") or {}, results.get("data") or {}
        text = self.tr(
            "{strategy} on {rows} texts in {epochs} epochs ({time}); the weights of epoch {best} were kept. "
            "{device}, {precision}, batches of {batch}, {memory} of memory at most."
        )
        return text.format(
            strategy=i18n.engine(training.get("strategy_title") or training.get("strategy") or formats.NONE),
            rows=formats.count((data.get("rows") or {}).get("train")),
            epochs=formats.compact(training.get("epochs_done")),
            time=formats.duration(training.get("seconds")),
            best=formats.compact(training.get("best_epoch")),
            device=str(training.get("device") or formats.NONE).upper(),
            precision=training.get("precision") or formats.NONE,
            batch=formats.count(training.get("batch_size")),
            memory=formats.size(training.get("peak_memory_bytes")),
        )

    def _metric_columns(self) -> list[Column]:
        return [
            Column(self.tr("Metric"), lambda item: metric_names.title(item[0])),
            Column(
                self.tr("Value"),
                lambda item: formats.interval(item[1], item[0] in metric_names.SHARES),
                lambda item: formats.metric_value(item[1]),
                numeric=True,
            ),
            Column(self.tr("What it says"), lambda item: metric_names.explanation(item[0]), stretch=True),
        ]

    def _extra_columns(self) -> list[Column]:
        def metric(name: str) -> Column:
            return Column(
                metric_names.title(name),
                lambda item: formats.interval((item.get("metrics") or {}).get(name)),
                lambda item: formats.metric_value((item.get("metrics") or {}).get(name)),
                numeric=True,
            )

        rows = Column(self.tr("Rows"), lambda item: formats.count(item.get("rows")), lambda i: i.get("rows"), True)
        name = Column(self.tr("Set"), lambda item: str(item.get("name")), stretch=True)
        return [name, rows, metric("accuracy"), metric("macro_f1")]


class StagesView(QWidget):
    """Size, speed and accuracy before and after each compression step."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.sentence = label("", wrap=True)
        self.table = RecordTable(
            self._columns(), self.tr("The model before and after each compression step"), fits=True
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 12, 0, 0)
        layout.setSpacing(10)
        layout.addWidget(self.sentence)
        layout.addWidget(self.table, 1)
        note = self.tr("Latency is the median for one text, and for a batch of 16, on this machine.")
        layout.addWidget(label(note, "caption", wrap=True))
        layout.addStretch(1)

    def set_results(self, results: Results) -> None:
        stages = results.get("stages") or []
        self.table.set_records(stages)
        sentences = [self._sentence(stages[0], stage) for stage in stages[1:]]
        nothing = self.tr("No compression step was chosen; the Compress step offers one that makes the file smaller.")
        self.sentence.setText("\n".join(sentences) or nothing)
        theme.set_role(self.sentence, "title" if sentences else "muted")

    def _sentence(self, before: Results, after: Results) -> str:
        text = self.tr("{title}: {smaller} × smaller, {faster} × as fast, accuracy {points} points.")
        return text.format(
            title=i18n.engine(_title(after)),
            smaller=_ratio(before.get("bytes"), after.get("bytes")),
            faster=_ratio(_latency(before, "1"), _latency(after, "1")),
            points=formats.points(_difference(_metric(after, "accuracy"), _metric(before, "accuracy"))),
        )

    def _columns(self) -> list[Column]:
        def latency(batch: str, title: str) -> Column:
            return Column(
                title,
                lambda stage: formats.milliseconds(_latency(stage, batch)),
                lambda stage: _latency(stage, batch),
                numeric=True,
            )

        def metric(name: str, title: str) -> Column:
            return Column(
                title,
                lambda stage: formats.interval((stage.get("metrics") or {}).get(name)),
                lambda stage: _metric(stage, name),
                numeric=True,
            )

        return [
            Column(self.tr("Stage"), lambda stage: i18n.engine(_title(stage))),
            Column(self.tr("Format"), lambda stage: str(stage.get("format") or "")),
            Column(self.tr("Size"), lambda stage: formats.size(stage.get("bytes")), lambda s: s.get("bytes"), True),
            metric("accuracy", self.tr("Accuracy")),
            latency("1", self.tr("1 text")),
            latency("16", self.tr("16 texts")),
            Column(
                self.tr("Same labels"),
                lambda stage: formats.percent(stage.get("agreement")),
                lambda stage: stage.get("agreement"),
                numeric=True,
            ),
        ]


def _title(item: Results) -> str:
    return str(item.get("title") or item.get("name") or "")


def _metric(item: Results, name: str) -> Any:
    return formats.metric_value((item.get("metrics") or {}).get(name))


def _latency(stage: Results, batch: str) -> Any:
    return ((stage.get("latency") or {}).get(batch) or {}).get("median_ms")


def _ratio(before: Any, after: Any) -> str:
    if formats.missing(before) or formats.missing(after) or not after:
        return formats.NONE
    return f"{before / after:.1f}"


def _difference(after: Any, before: Any) -> float | None:
    return None if formats.missing(after) or formats.missing(before) else after - before

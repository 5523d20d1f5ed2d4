"""The summary of a run's results: the headline beside the baselines, all metrics, extra sets."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget

from tlstudio.gui import formats, i18n, metric_names, theme, words
from tlstudio.gui.widgets.common import Card, label
from tlstudio.gui.widgets.language_matrix import LanguageMatrix
from tlstudio.gui.widgets.record_table import Column, RecordTable
from tlstudio.gui.widgets.result_charts import IntervalBars

Results = dict[str, Any]


class SummaryView(QWidget):
    """In plain words what the model can do, and how sure that is."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._metric = metric_names.DEFAULT
        self.headline = label("", "heading")
        self.sentence = label("", wrap=True)
        self.baselines = label("", "muted", wrap=True)
        self.facts = label("", "muted", wrap=True)
        self.bars = IntervalBars()
        card = Card()
        for widget in (self.headline, self.sentence, self.bars, self.baselines, self.facts):
            card.body.addWidget(widget)
        self.metrics = RecordTable(self._metric_columns(), self.tr("All metrics with their 95 % intervals"), fits=True)
        self.languages = LanguageMatrix()
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
        layout.addWidget(self.languages)
        layout.addWidget(self.extra_title)
        layout.addWidget(self.extra)
        layout.addStretch(1)

    def set_results(self, results: Results) -> None:
        test = results.get("test") or {}
        self._metric = name = metric_names.headline(results)
        score = (test.get("metrics") or {}).get(name) or {}
        self.headline.setText(f"{metric_names.title(name)}: {metric_names.value(name, score.get('value'))}")
        self.sentence.setText(self._sentence(results, score))
        baselines = results.get("baselines") or []
        bars = [(i18n.engine(_title(item)), (item.get("metrics") or {}).get(name) or {}) for item in baselines]
        bars = [(title, value) for title, value in bars if not formats.missing(value.get("value"))]
        self.bars.set_bars([*bars, (self.tr("This model"), score)], name)
        self.baselines.setText(" ".join(self._against(title, value, score) for title, value in bars))
        self.baselines.setVisible(bool(bars))
        self.facts.setText(self._facts(results))
        self.metrics.set_records(list((test.get("metrics") or {}).items()))
        self.metrics.setMinimumHeight(self.metrics.maximumHeight())
        self.languages.set_results(results)
        extra = results.get("extra") or []
        self.extra.retitle(2, metric_names.title(name))
        self.extra.set_records(extra)
        self.extra.setMinimumHeight(min(self.extra.maximumHeight(), 240))
        for widget in (self.extra_title, self.extra):
            widget.setVisible(bool(extra))

    def _sentence(self, results: Results, score: Results) -> str:
        """What was measured on how much, and how sure it is."""
        name, unit = self._metric, words.unit_name(results.get("unit") or "texts")
        if name == "accuracy":
            text = self.tr("Of {rows} test {unit} that the model never saw, {value} got the right label.")
            sure = self.tr("With 95 % confidence the true share lies between {low} and {high}.")
        else:
            text = self.tr("Measured on {rows} test {unit} that the model never saw. {meaning}.")
            sure = self.tr("With 95 % confidence the true value lies between {low} and {high}.")
        if formats.missing(score.get("low")) or formats.missing(score.get("high")):
            sure = ""
        shown = {key: metric_names.value(name, score.get(key)) for key in ("value", "low", "high")}
        rows = formats.count((results.get("test") or {}).get("rows"))
        meaning = metric_names.explanation(name) or metric_names.title(name)
        return f"{text} {sure}".strip().format(rows=rows, unit=unit, meaning=meaning, **shown)

    def _against(self, title: str, baseline: Results, model: Results) -> str:
        """One sentence that compares the model with a baseline."""
        if formats.missing(baseline.get("value")) or formats.missing(model.get("value")):
            return ""
        name, worse = self._metric, metric_names.better(self._metric, baseline["value"], model["value"])
        if formats.overlap(baseline, model):
            text = self.tr("{title} reaches {value}: the intervals overlap, so the model may be no better.")
        elif worse and name == "accuracy":
            text = self.tr("{title} reaches {value}, which is better than this model: something is wrong.")
        elif worse:
            text = self.tr("{title} reaches {value}, which is better than this model.")
        elif name == "accuracy":
            text = self.tr("{title} reaches {value}: the model makes {fewer} fewer errors.")
        else:
            text = self.tr("{title} reaches {value}: the model is better by {difference}.")
        wrong = 1 - baseline["value"]
        fewer = (model["value"] - baseline["value"]) / wrong if wrong else 0
        gain = metric_names.difference(name, abs(model["value"] - baseline["value"])).removeprefix("+")
        shown = metric_names.value(name, baseline["value"])
        return text.format(title=title, value=shown, fewer=formats.percent(fewer, 0), difference=gain)

    def _facts(self, results: Results) -> str:
        training, data = results.get("training") or {}, results.get("data") or {}
        text = self.tr(
            "{strategy} on {rows} {unit} in {epochs} epochs ({time}); the weights of epoch {best} were kept. "
            "{device}, {precision}, batches of {batch}, {memory} of memory at most."
        )
        return text.format(
            strategy=i18n.engine(training.get("strategy_title") or training.get("strategy") or formats.NONE),
            rows=formats.count((data.get("rows") or {}).get("train")),
            unit=words.unit_name(results.get("unit") or "texts"),
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
                lambda item: metric_names.interval(*item),
                lambda item: formats.metric_value(item[1]),
                numeric=True,
            ),
            Column(self.tr("What it says"), lambda item: metric_names.explanation(item[0]), stretch=True),
        ]

    def _extra_columns(self) -> list[Column]:
        return [
            Column(self.tr("Set"), lambda item: str(item.get("name")), stretch=True),
            Column(self.tr("Rows"), lambda item: formats.count(item.get("rows")), lambda i: i.get("rows"), True),
            Column(
                metric_names.title(self._metric),
                lambda item: metric_names.interval(self._metric, (item.get("metrics") or {}).get(self._metric)),
                lambda item: _metric(item, self._metric),
                numeric=True,
            ),
            Column(self.tr("Other metrics"), self._others),
        ]

    def _others(self, item: Results) -> str:
        """The next two metrics of an extra set."""
        values = item.get("metrics") or {}
        names = sorted((name for name in values if name != self._metric), key=metric_names.place)[:2]
        return words.listing(
            f"{metric_names.title(name)} {metric_names.value(name, formats.metric_value(values[name]))}"
            for name in names
        )


class StagesView(QWidget):
    """Size, speed and the main metric before and after each compression step."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._metric = metric_names.DEFAULT
        self.sentence = label("", wrap=True)
        self.table = RecordTable(
            self._columns(), self.tr("The model before and after each compression step"), fits=True
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 12, 0, 0)
        layout.setSpacing(10)
        layout.addWidget(self.sentence)
        layout.addWidget(self.table, 1)
        text = self.tr("Times are medians for one input, and for a batch of 16, on this machine.")
        self.note = label(text, "caption", wrap=True)
        self.doubt = label("", "warn", wrap=True)
        layout.addWidget(self.note)
        layout.addWidget(self.doubt)
        layout.addStretch(1)

    def set_results(self, results: Results) -> None:
        stages = results.get("stages") or []
        self._metric = metric_names.headline(results)
        self.table.retitle(2, metric_names.title(self._metric))
        self.table.set_records(stages)
        sentences = [self._sentence(stages[0], stage) for stage in stages[1:]]
        nothing = self.tr(
            "Nothing was compressed. With a step of Compress, size, speed and score are measured before and after."
        )
        self.doubt.setText(formats.doubt(stage.get("latency") for stage in stages))
        self.doubt.setVisible(bool(self.doubt.text()))
        for part in (self.table, self.note):
            part.setVisible(bool(stages))
        self.sentence.setText("\n".join(sentences) or nothing)
        theme.set_role(self.sentence, "title" if sentences else "muted")

    def _sentence(self, before: Results, after: Results) -> str:
        text = self.tr("{title}: {smaller} × smaller, {faster} × as fast, {metric} {difference}.")
        return text.format(
            title=i18n.engine(_title(after)),
            smaller=_ratio(before.get("bytes"), after.get("bytes")),
            faster=_ratio(_latency(before, "1"), _latency(after, "1")),
            metric=metric_names.title(self._metric),
            difference=metric_names.difference(
                self._metric, _difference(_metric(after, self._metric), _metric(before, self._metric))
            ),
        )

    def _columns(self) -> list[Column]:
        def latency(batch: str, title: str) -> Column:
            return Column(
                title,
                lambda stage: formats.milliseconds(_latency(stage, batch)),
                lambda stage: _latency(stage, batch),
                numeric=True,
            )

        return [
            Column(self.tr("Stage"), _stage, stretch=True),
            Column(self.tr("Size"), lambda stage: formats.size(stage.get("bytes")), lambda s: s.get("bytes"), True),
            Column(
                metric_names.title(self._metric),
                lambda stage: metric_names.interval(self._metric, (stage.get("metrics") or {}).get(self._metric)),
                lambda stage: _metric(stage, self._metric),
                numeric=True,
            ),
            latency("1", self.tr("For 1")),
            latency("16", self.tr("For 16")),
            Column(
                self.tr("Agreement"),
                lambda stage: formats.percent(stage.get("agreement")),
                lambda stage: stage.get("agreement"),
                numeric=True,
            ),
        ]


def _title(item: Results) -> str:
    return str(item.get("title") or item.get("name") or "")


def _stage(stage: Results) -> str:
    """Its title with its runtime (of earlier versions the format), where the title does not say that already."""
    title, form = i18n.engine(_title(stage)), i18n.engine(str(stage.get("runtime") or stage.get("format") or ""))
    return title if not form or form.lower() in title.lower() else f"{title} ({form})"


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

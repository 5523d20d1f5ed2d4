"""The advisor: which backbone, which strategy, which learning rate, and what more data would bring."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import QCoreApplication

from tlstudio.gui import formats, i18n, metric_names
from tlstudio.gui.context import Context
from tlstudio.gui.widgets.advice import AdviceView, Answer, Drawing, Series
from tlstudio.gui.widgets.advice_curve import CurveView

translate = QCoreApplication.translate  # under this name lupdate finds the strings


class Advice:
    """Asks the worker for a view, and shows its answer.

    Args:
        context: with the recipe and the worker.
        view: of the pane.
        job: of the worker.
        answer: makes the answer of what the job gives.
    """

    def __init__(self, context: Context, view: AdviceView, job: str, answer: Callable[[Any], Answer]) -> None:
        self._context, self._view, self._job, self._make = context, view, job, answer
        self._answer: Answer | None = None
        view.asked.connect(self.ask)
        view.cancelled.connect(self.cancel)
        view.taken.connect(self.take)

    def ask(self) -> None:
        self._context.facts.ask_advice(self._job)

    def cancel(self) -> None:
        self._context.facts.cancel(self._job)

    def take(self) -> None:
        """Sets what was advised; one step to undo."""
        if self._answer is not None and self._answer.changes:
            self._context.edit_many(self._answer.changes)

    def refresh(self) -> None:
        known = self._context.facts.get(self._job)
        self._view.set_possible(self._obstacle())
        self._view.set_stopped("")
        if known.state == "busy":
            self._show_busy(known.progress or {})
        elif known.state == "cancelled":
            self._view.set_stopped(translate("advice", "Cancelled; nothing has changed."))
        elif known.state == "failed" and known.error is not None:
            self._view.set_failed(i18n.both(known.error))
        self._answer = self._make(known.data) if known.state == "known" and known.data else None
        if self._job == "rank" and known.state == "busy" and known.partial:
            self._answer = Answer((), known.partial)
        self._view.set_answer(self._answer)

    def _show_busy(self, progress: dict[str, Any]) -> None:
        total, left = progress.get("total") or 0, progress.get("seconds_left")
        text = translate("advice", "{time} left").format(time=formats.duration(left)) if left is not None else ""
        what = translate("advice", "Trying it out…")
        self._view.set_busy(what, progress.get("done", 0) / total if total else None, text)

    def _obstacle(self) -> str:
        facts, recipe = self._context.facts, self._context.project.recipe
        if not recipe.data.files:
            return translate("advice", "This needs data: choose it in the Data step.")
        if not recipe.model.name and self._job != "rank":
            return translate("advice", "This needs a model: choose one in the Model step.")
        if self._context.session.active:
            return translate("advice", "This has to wait until the run has ended.")
        return translate("advice", "Reading the data…") if facts.data.state == "busy" else ""


def _sentences(reply: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(i18n.message(item) for item in reply.get("reasons") or ())


# --- which backbone


def rank_answer(context: Context) -> Callable[[Any], Answer]:
    """The ranking, and the change that takes its first."""

    def make(reply: Any) -> Answer:
        best = next((item for item in reply["candidates"] if item["rank"] == 1), None)
        changes: dict[str, Any] = {}
        take = ""
        if best is not None and best["name"] != context.project.recipe.model.name:
            changes = {"model": {"source": best["source"], "name": best["name"]}}
            take = translate("advice", "Use {model}").format(model=i18n.engine(str(best["title"])))
        explained = [
            f"{i18n.engine(str(item['title']))}: {' '.join(i18n.message(one) for one in item.get('reasons') or ())}"
            for item in reply["candidates"]
        ]
        return Answer((*_sentences(reply), *explained), reply["candidates"], take=take, changes=changes)

    return make


# --- which strategy


def strategy_answer(context: Context) -> Callable[[Any], Answer]:
    """The short probes, and the change that takes the recommended strategy."""

    def make(reply: Any) -> Answer:
        name = reply.get("recommended")
        chosen = next((item for item in reply["strategies"] if item["name"] == name), None)
        changes: dict[str, Any] = {}
        take = ""
        if chosen is not None and name != context.project.recipe.strategy.name:
            changes = {"strategy": {"name": name, **(chosen.get("options") or {})}}
            take = translate("advice", "Use {strategy}").format(strategy=i18n.engine(str(chosen["title"])))
        return Answer(_sentences(reply), reply["strategies"], take=take, changes=changes)

    return make


# --- which learning rate


def rate_answer(context: Context) -> Callable[[Any], Answer]:
    """The sweep over rates, and the change that takes its suggestion."""

    def make(reply: Any) -> Answer:
        points = reply["points"]
        rates = [point["rate"] for point in points]
        series = (
            Series(rates, [point["loss"] for point in points], colour=7),
            Series(rates, [point["smoothed"] for point in points]),
        )
        suggestion = reply.get("suggestion")
        drawing = Drawing(
            translate("advice", "Learning rate"), translate("advice", "Loss"), series, log_x=True, mark=suggestion
        )
        current = context.project.recipe.training.learning_rate
        if suggestion is None or current == suggestion:
            return Answer(_sentences(reply), drawing=drawing)
        rate = float(f"{suggestion:.2g}")
        take = translate("advice", "Use {rate}").format(rate=formats.compact(rate, 2))
        return Answer(_sentences(reply), drawing=drawing, take=take, changes={"training.learning_rate": rate})

    return make


# --- how much data


class CurveAdvice(Advice):
    """The learning curve, which may also be asked for a few examples of each class."""

    def __init__(self, context: Context, view: CurveView) -> None:
        super().__init__(context, view, "curve", curve_answer)
        view.few_asked.connect(self.ask_few)

    def ask_few(self, numbers: list[int]) -> None:
        self._context.facts.ask_advice("curve", per_class=numbers)


def curve_answer(reply: Any) -> Answer:
    """The learning curve with its fitted law, or on a few examples of each class."""
    records = [{**size, "metric": reply["metric"]} for size in reply.get("sizes") or ()]
    few = bool(records) and "each" in records[0]
    return Answer(_sentences(reply), records, drawing=_few_drawn(reply) if few else _law_drawn(reply))


def _few_drawn(reply: Any) -> Drawing:
    """Each training as a point, and the mean of each number of examples with its standard deviation."""
    points, sizes = reply["points"], reply["sizes"]
    numbers = [size["each"] for size in sizes]
    means = [size["value"] for size in sizes]
    spread = [size.get("sd") or 0.0 for size in sizes]
    band = ([mean - sd for mean, sd in zip(means, spread, strict=True)],
            [mean + sd for mean, sd in zip(means, spread, strict=True)])  # fmt: skip
    return Drawing(
        translate("advice", "Examples of each class"),
        metric_names.title(str(reply["metric"])),
        (
            Series([point["each"] for point in points], [point["value"] for point in points], points=True),
            Series(numbers, means, colour=1, band=band),
        ),
        log_x=True,
        percent=bool(reply.get("share")),
        ticks=tuple(numbers),
    )


def _law_drawn(reply: Any) -> Drawing:
    line, points = reply.get("line") or [], reply["points"]
    series = [Series([point["rows"] for point in points], [point["value"] for point in points], points=True)]
    if line:
        rows = [point["rows"] for point in line]
        band = ([point["low"] for point in line], [point["high"] for point in line])
        series.append(Series(rows, [point["value"] for point in line], colour=1, band=band))
    return Drawing(
        translate("advice", "Training rows"),
        metric_names.title(str(reply["metric"])),
        tuple(series),
        log_x=True,
        percent=bool(reply.get("share")),
        mark=(reply.get("now") or {}).get("rows"),
        ticks=tuple(sorted({point["rows"] for point in points})),
    )

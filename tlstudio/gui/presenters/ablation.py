"""An ablation of the recipe: set up, watched, and its table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication

from tlstudio.core.errors import StudioError
from tlstudio.core.recipe import Recipe
from tlstudio.gui import fields, fit, formats, i18n, metric_names, parts
from tlstudio.gui.context import Context
from tlstudio.gui.fields import VariedField, Wish
from tlstudio.gui.parts import Part
from tlstudio.gui.presenters import studying
from tlstudio.gui.studies import Study
from tlstudio.gui.widgets.advice_ablation import AblationView, ShownAblation, ShownVariant
from tlstudio.gui.widgets.difference_plot import Difference

translate = QCoreApplication.translate  # under this name lupdate finds the strings
JOB = "ablate"
_POINTS = 100.0  # of scores between 0 and 1


@dataclass(frozen=True)
class AblationPlan:
    """What the user has set up; without ``chosen`` of his own what was added to the recipe."""

    chosen: frozenset[str] | None = None
    wishes: tuple[Wish, ...] = ()
    seeds: int = 1


class Ablation:
    """Connects the view with the worker that runs the variants.

    Args:
        context: with the recipe and the studies.
        view: of the pane.
    """

    def __init__(self, context: Context, view: AblationView) -> None:
        self._context, self._view = context, view
        self._fields: dict[str, VariedField] = {}
        self._parts: dict[str, Part] = {}
        self._shown: tuple[Any, ...] | None = None
        view.changed.connect(self.plan)
        view.asked.connect(self.start)
        view.stop_asked.connect(context.studies.stop)
        view.cancelled.connect(context.studies.cancel)
        view.run_opened.connect(self.open)

    # --- what the user wants

    def plan(self) -> None:
        """Keeps what is set up in the view."""
        view = self._view
        made = AblationPlan(frozenset(view.chosen()), tuple(view.rows.wishes()), view.seeds.value())
        self._context.studies.plans[JOB] = made
        self._show_possible()

    def start(self) -> None:
        chosen = [part for key, part in self._parts.items() if key in self._view.chosen()]
        vary = [part.vary for part in chosen if part.vary]
        args = {
            "folder": str(self._context.settings.runs_path),
            "runs": str(self._context.settings.runs_path),
            "without": [part.without for part in chosen if part.without],
            "vary": [*vary, *(fields.written(wish) for wish in self._view.rows.wishes())],
            "seeds": self._view.seeds.value(),
        }
        self._context.studies.plans[f"{JOB}.titles"] = self._planned()
        self._context.studies.start(JOB, self._context.project.recipe, args)

    def open(self, record: ShownVariant) -> None:
        """Shows the results of a variant's first run."""
        if not record.runs:
            return
        try:
            self._context.show_run(Path(record.runs[0]))
        except StudioError as error:
            self._context.tell(error)
            return
        self._context.step_requested.emit("results")

    # --- what is known

    @property
    def _study(self) -> Study:
        return self._context.studies.get(JOB)

    def refresh(self) -> None:
        recipe = self._context.project.recipe
        plan = self._context.studies.plans.get(JOB) or AblationPlan()
        self._parts = {parts.key(part.changes): part for part in parts.parts(recipe)}
        usual = {key for key, part in self._parts.items() if part.usual}
        self._view.set_parts(
            [(key, part.title) for key, part in self._parts.items()], usual if plan.chosen is None else set(plan.chosen)
        )
        self._fields = {item.path: item for item in fields.variable(recipe, self._context.facts)}
        self._view.rows.set_fields(self._fields.values(), plan.wishes)
        self._view.set_seeds(plan.seeds)
        self.on_study()

    def on_study(self) -> None:
        """Something new is known about the ablation."""
        study = self._study
        self._view.set_going_on(study.going_on)
        if study.going_on:
            self._show_progress(study)
        self._show_possible()
        key = (study.state, study.results, study.data, self._context.project.recipe)
        if self._shown is None or any(one is not other for one, other in zip(key, self._shown, strict=True)):
            self._shown = key
            self._show_found(study)

    # --- inside

    def _planned(self) -> dict[str, str]:
        """The variants by key, with their titles, the recipe as it is first."""
        found = {parts.key({}): translate("ablation", "The recipe as it is")}
        text = translate("ablation", "without {part}")
        chosen = self._view.chosen()
        for key, part in self._parts.items():
            if key in chosen:
                found[key] = text.format(part=part.title)
        for wish in self._view.rows.wishes():
            known = self._fields[wish.path]
            for value in wish.values:
                found[parts.key({wish.path: value})] = f"{known.title}: {fields.shown(known, value)}"
        return found

    def _show_possible(self) -> None:
        study = self._study
        count = (len(self._planned())) * self._view.seeds.value()
        amount = translate("ablation", "{n} runs").format(n=formats.count(count))
        estimate = self._context.facts.estimate.data or {}
        if estimate.get("seconds"):
            text = translate("ablation", "{runs}, about {time}")
            amount = text.format(runs=amount, time=formats.roughly(count * estimate["seconds"]))
        obstacle = self._obstacle()
        self._view.set_possible(obstacle, amount if count > self._view.seeds.value() else "")
        if obstacle:
            return
        if study.state == "failed" and study.error:
            self._view.obstacle.setText(i18n.both(study.error))
        elif study.state == "cancelled":
            self._view.obstacle.setText(translate("ablation", "Cancelled; complete runs are under Runs."))

    def _obstacle(self) -> str:
        if self._study.going_on:
            return translate("ablation", "The comparison is going on.")
        if general := studying.obstacle(self._context):
            return general
        for wish in self._view.rows.wishes():
            known = self._fields[wish.path]
            if not wish.values:
                return translate("ablation", "Give values to compare: {field}.").format(field=known.name)
            if known.kind != "choice" and any(isinstance(value, str) for value in wish.values):
                return translate("ablation", "Values of {field} must be numbers.").format(field=known.name)
        if len(self._planned()) < 2:
            return translate("ablation", "Choose something to leave out, or values to compare.")
        return ""

    def _show_progress(self, study: Study) -> None:
        progress, text, fraction = study.progress, "", None
        if progress is not None:
            total = max(progress.total, 1)
            number = min(int(progress.done) + 1, int(total))
            text = translate("ablation", "Run {n} of {all}").format(n=number, all=formats.count(total))
            fraction = progress.done / total
        studying.show_progress(self._view.line, study, text, fraction)

    def _show_found(self, study: Study) -> None:
        recipe = self._context.project.recipe
        if study.recipe is None or not (study.going_on or studying.same_matter(study.recipe, recipe)):
            self._view.set_found(ShownAblation())
            return
        titles: dict[str, str] = self._context.studies.plans.get(f"{JOB}.titles") or {}
        if study.state != "known":
            shown = _partial(titles, study.results, _headline(study.recipe), study.going_on)
            self._view.set_found(ShownAblation(shown if study.going_on or study.results else ()))
            return
        records = [_variant(entry, titles, study.data["headline"]) for entry in study.data["variants"]]
        gaps = [
            Difference(item.title, *(_POINTS * item.gap[name] for name in ("value", "low", "high")))
            for item in records
            if item.gap
        ]
        self._view.set_found(ShownAblation(records, gaps, _sentences(study.data, study.recipe, recipe)))


def _partial(titles: dict[str, str], results: Sequence[dict[str, Any]], metric: str, going_on: bool) -> list[Any]:
    """The variants while they are being run."""
    told: dict[str, list[dict[str, Any]]] = {key: [] for key in titles}
    for item in results:
        told.setdefault(parts.key(item["changes"]), []).append(item)
    shown = []
    for key, items in told.items():
        values = tuple(float(item["value"]) for item in items)
        mean = sum(values) / len(values) if values else None
        state = translate("ablation", "{n} done").format(n=len(values)) if values else ""
        if not values and going_on:
            state = translate("ablation", "waiting")
        title = titles.get(key) or (items[0]["title"] if items else key)
        shown.append(ShownVariant(title, metric, values, mean, None, None, tuple(i["run"] for i in items), state))
    return shown


def _variant(entry: dict[str, Any], titles: dict[str, str], metric: str) -> ShownVariant:
    gap = entry["difference"]
    title = titles.get(parts.key(entry["changes"])) or entry["title"]
    return ShownVariant(title, metric, tuple(entry["values"]), entry["mean"], entry["sd"], gap, tuple(entry["runs"]),
                        _verdict(entry, gap))  # fmt: skip


def _verdict(entry: dict[str, Any], gap: dict[str, float] | None) -> str:
    if entry["error"]:
        return i18n.message(entry["error"])
    if not entry["changes"]:
        return ""
    if gap is None:
        return translate("ablation", "not run")
    if gap["low"] <= 0 <= gap["high"]:
        return translate("ablation", "may be chance")
    return translate("ablation", "better") if gap["value"] > 0 else translate("ablation", "worse")


def _sentences(data: dict[str, Any], compared: Recipe, recipe: Recipe) -> list[str]:
    text = translate(
        "ablation",
        "Points of the mean score of a row, to the recipe as it is, on {rows} test rows with {seeds} seeds; the "
        "intervals are from a paired bootstrap.",
    )
    said = [text.format(rows=formats.count(data["rows"]), seeds=len(data["seeds"]))] if data["rows"] else []
    if recipe != compared:
        said.append(translate("search", "The recipe has changed since then."))
    return said


def _headline(recipe: Recipe) -> str:
    return str(getattr(fit.task_of(recipe.task.name), "METRIC", metric_names.DEFAULT))

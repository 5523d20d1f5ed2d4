"""A search for better values of the recipe's fields: set up, watched, gone on with, and taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import shiboken6
from PySide6.QtCore import QCoreApplication

from tlstudio.core.errors import StudioError
from tlstudio.core.places import resolve_runs
from tlstudio.core.recipe import Recipe
from tlstudio.gui import fields, fit, formats, i18n, metric_names, words
from tlstudio.gui.context import Context
from tlstudio.gui.fields import VariedField, Wish
from tlstudio.gui.presenters import studying
from tlstudio.gui.studies import Study
from tlstudio.gui.widgets.advice_search import Budget, SearchView, ShownSearch
from tlstudio.gui.widgets.record_table import Column
from tlstudio.gui.widgets.trial_plot import TrialPoint
from tlstudio.pipeline import spaces
from tlstudio.session import searches
from tlstudio.session.searches import EarlierSearch

translate = QCoreApplication.translate  # under this name lupdate finds the strings
JOB = "search"


@dataclass(frozen=True)
class SearchPlan:
    """What the user has set up; without ``wishes`` of his own the usual ones of the recipe."""

    wishes: tuple[Wish, ...] | None = None
    budget: Budget = field(default_factory=Budget)


class Search:
    """Connects the view with the worker that searches.

    Args:
        context: with the recipe and the studies.
        view: of the pane.
    """

    def __init__(self, context: Context, view: SearchView) -> None:
        self._context, self._view = context, view
        self._fields: dict[str, VariedField] = {}
        self._earlier: list[EarlierSearch] = []
        self._space: list[dict[str, Any]] = []  # the dimensions, where nothing is wrong with them
        self._columns: tuple[str, ...] | None = None
        self._shown: tuple[Any, ...] | None = None
        view.changed.connect(self.plan)
        view.asked.connect(self.start)
        view.stop_asked.connect(context.studies.stop)
        view.cancelled.connect(context.studies.cancel)
        view.taken.connect(self.take)
        view.earlier_opened.connect(self.look)
        view.earlier_chosen.connect(self.choose)
        self.look()

    # --- what the user wants

    def plan(self) -> None:
        """Keeps what is set up in the view."""
        wishes = tuple(self._view.rows.wishes())
        usual = self._plan.wishes is None and wishes == tuple(fields.first(self._fields.values()))
        self._context.studies.plans[JOB] = SearchPlan(None if usual else wishes, self._view.budget())
        self._show_possible()

    def start(self) -> None:
        """Begins the search, or goes on with the same one."""
        budget = self._view.budget()
        self._begin(budget.minutes, budget.trials)

    def take(self) -> None:
        """Puts the best values into the recipe; one step to undo."""
        best = (self._study.data or {}).get("best")
        if best is None:
            return
        try:
            self._context.project.replace(spaces.varied(self._context.project.recipe, best["values"]))
        except StudioError as error:
            self._context.tell(error)

    def look(self) -> None:
        """Reads which searches there are."""
        self._context.background.run(searches.listing, self._on_earlier, self._context.tell)

    def choose(self, index: int) -> None:
        """Shows an earlier search: its recipe, its fields, and what it has found."""
        entry = self._earlier[index]
        budget = replace(self._plan.budget, rows=entry.rows)
        self._context.studies.plans[JOB] = SearchPlan(tuple(map(fields.read, entry.space)), budget)
        self._context.project.replace(entry.recipe)
        self.refresh()
        self._begin(0, 0)

    # --- what is known

    @property
    def _study(self) -> Study:
        return self._context.studies.get(JOB)

    @property
    def _plan(self) -> SearchPlan:
        return self._context.studies.plans.get(JOB) or SearchPlan()

    def refresh(self) -> None:
        recipe, plan = self._context.project.recipe, self._plan
        self._fields = {item.path: item for item in fields.variable(recipe, self._context.facts)}
        wishes = fields.first(self._fields.values()) if plan.wishes is None else plan.wishes
        self._view.rows.set_fields(self._fields.values(), wishes)
        self._view.set_budget(plan.budget)
        self.on_study()

    def on_study(self) -> None:
        """Something new is known about the search."""
        study = self._study
        self._view.set_going_on(study.going_on)
        if study.going_on:
            self._show_progress(study)
        self._show_possible()
        key = (study.state, study.results, study.data, self._context.project.recipe)
        if self._shown is None or any(one is not other for one, other in zip(key, self._shown, strict=True)):
            if study.state in ("known", "cancelled"):
                self.look()
            self._shown = key
            self._show_found(study)

    # --- inside

    def _begin(self, minutes: int, trials: int) -> None:
        recipe, rows = self._context.project.recipe, self._view.budget().rows
        args: dict[str, Any] = {
            "vary": self._written(),
            "minutes": minutes,
            "runs": str(self._context.settings.runs_path),
        }
        args |= {name: value for name, value in (("trials", trials), ("rows", rows)) if value}
        entry = self._continued()
        before: tuple[dict[str, Any], ...] = ()
        if entry is not None:
            args["folder"] = str(entry.folder)
            known = self._study.data or {}
            if Path(known.get("folder") or "") == entry.folder:
                before = tuple(_entries(known))
        self._context.studies.start(JOB, recipe, args, before)

    def _continued(self) -> EarlierSearch | None:
        """The search that was begun before with the same recipe and fields."""
        recipe = resolve_runs(self._context.project.recipe, self._context.settings.runs_path)
        rows = self._view.budget().rows
        return next((entry for entry in self._earlier if entry.is_of(recipe, self._space, rows)), None)

    def _written(self) -> list[str]:
        return [fields.written(wish) for wish in self._view.rows.wishes()]

    def _on_earlier(self, found: list[EarlierSearch]) -> None:
        if not shiboken6.isValid(self._view):
            return  # another language has made another window meanwhile
        if [(entry.folder, entry.changed) for entry in found] == [(one.folder, one.changed) for one in self._earlier]:
            self._view.set_earlier([self._title(entry) for entry in self._earlier])
            return
        self._earlier = found
        self._view.set_earlier([self._title(entry) for entry in found])
        self._show_possible()

    def _title(self, entry: EarlierSearch) -> str:
        """When, with which model and strategy, over how many fields."""
        text = translate("search", "{time}: {model}, {strategy}, {n} fields")
        strategy = fit.strategy_title(entry.recipe.strategy.name)
        model = entry.recipe.model.name.replace("\\", "/").rstrip("/").split("/")[-1]
        time = formats.when(datetime.fromtimestamp(entry.changed).isoformat())
        return text.format(time=time, model=model, strategy=strategy, n=len(entry.space))

    def _show_possible(self) -> None:
        study = self._study
        if study.going_on:
            self._view.set_possible(translate("search", "The search is going on."), False)
            return
        obstacle = self._obstacle()
        again = not obstacle and self._continued() is not None
        self._view.set_possible(obstacle, again)
        if obstacle:
            return
        if study.state == "failed" and study.error:
            self._view.obstacle.setText(i18n.both(study.error))
        elif study.state == "cancelled":
            self._view.obstacle.setText(translate("search", "Cancelled; the search can be gone on with."))

    def _obstacle(self) -> str:
        return studying.obstacle(self._context) or self._misfit(self._view.rows.wishes())

    def _misfit(self, wishes: Sequence[Wish]) -> str:
        """What is wrong with the fields."""
        self._space = []
        if not wishes:
            return translate("search", "Add a field that is to be varied.")
        for wish in wishes:
            known = self._fields[wish.path]
            text = ""
            if known.choices and len(wish.values) < 2:
                text = translate("search", "Choose at least two values: {field}.")
            elif wish.low is not None and wish.high is not None and wish.low >= wish.high:
                text = translate("search", "The first number must be below the second: {field}.")
            elif wish.log and (wish.low or 0) <= 0:
                text = translate("search", "By orders of magnitude, the first number must be above 0: {field}.")
            if text:
                return text.format(field=known.name)
        paths = {wish.path for wish in wishes}
        if "strategy.name" in paths and any(path.startswith("strategy.") for path in paths - {"strategy.name"}):
            return translate("search", "Options of one strategy cannot be varied together with the strategy itself.")
        try:
            found = spaces.parse([fields.written(wish) for wish in wishes], self._context.project.recipe)
            self._space = [item.to_dict() for item in found]
        except StudioError as error:
            return i18n.both(error)
        return ""

    def _show_progress(self, study: Study) -> None:
        progress, what, fraction = study.progress, "", None
        if progress is not None:
            number = int(progress.detail.get("trial", -1))
            what = translate("search", "Trial {n}").format(n=number + 1) if number >= 0 else self._as_it_is()
            fraction = progress.done / progress.total if progress.total else None
        studying.show_progress(self._view.line, study, what, fraction)

    def _as_it_is(self) -> str:
        return translate("search", "The recipe as it is")

    def _show_found(self, study: Study) -> None:
        data = study.data if study.state == "known" else None
        entries = list(_entries(data)) if data else list(study.results)
        recipe = self._context.project.recipe
        if study.recipe is None or not (study.going_on or studying.same_matter(study.recipe, recipe)):
            self._view.set_found(ShownSearch())
            return
        metric = str(data["metric"]) if data else _metric(study.recipe)
        self._set_columns(entries, metric)
        base = next((entry["value"] for entry in entries if entry["number"] < 0), None)
        points = [point for entry in entries if (point := _point(entry)) is not None]
        sentences, take = self._advice(data, study.recipe) if data else ((), "")
        lower, percent = metric_names.smaller_is_better(metric), metric_names.is_share(metric)
        self._view.set_found(
            ShownSearch(entries, points, base, lower, percent, metric_names.title(metric), sentences, take)
        )

    def _advice(self, data: dict[str, Any], searched: Recipe) -> tuple[list[str], str]:
        """What follows, and the text of the button that takes the best values."""
        said = [i18n.message(item) for item in data["reasons"]]
        text = translate("search", "{share} of the differences come from {field}.")
        said += [
            text.format(field=self._name(path), share=formats.percent(share, 0))
            for path, share in data["importances"].items()
        ]
        best, recipe = data["best"], self._context.project.recipe
        if best is None or best == data["base"]:
            return said, ""
        taken = _tried(searched, best["values"])
        if recipe == taken:
            return [*said, translate("search", "The recipe has the best values now.")], ""
        if recipe != searched:
            said.append(translate("search", "The recipe has changed since then."))
        values = (f"{self._name(path)} {self._value(path, value)}" for path, value in best["values"].items())
        said.append(translate("search", "The best values: {values}.").format(values=words.listing(values)))
        return said, translate("search", "Use the best values")

    def _name(self, path: str) -> str:
        return self._fields[path].title if path in self._fields else path

    def _value(self, path: str, value: Any) -> str:
        return fields.shown(self._fields.get(path), value)

    def _set_columns(self, entries: Sequence[dict[str, Any]], metric: str) -> None:
        """A column for each field that is varied."""
        paths = tuple(dict.fromkeys(path for entry in entries for path in entry["values"]))
        if self._columns == (metric, *paths) or not entries:
            return
        self._columns = (metric, *paths)
        number = Column("#", lambda entry: str(entry["number"] + 1) if entry["number"] >= 0 else formats.NONE,
                        lambda entry: entry["number"], True)  # fmt: skip
        score = Column(
            metric_names.title(metric), lambda entry: metric_names.value(metric, entry["value"]),
            lambda entry: entry["value"], True,
        )  # fmt: skip
        time = Column(translate("search", "Time"), lambda entry: formats.duration(entry["seconds"]),
                      lambda entry: entry["seconds"], True)  # fmt: skip
        state = Column(translate("search", "How it ended"), self._ended, stretch=True)
        self._view.set_columns([number, *map(self._column, paths), score, time, state])

    def _column(self, path: str) -> Column:
        def text(entry: dict[str, Any]) -> str:
            return self._value(path, entry["values"][path]) if path in entry["values"] else formats.NONE

        def sort(entry: dict[str, Any]) -> Any:
            value = entry["values"].get(path)
            return value if isinstance(value, (int, float)) else text(entry)

        numeric = path in self._fields and not self._fields[path].choices
        return Column(self._name(path), text, sort if numeric else None, numeric)

    def _ended(self, entry: dict[str, Any]) -> str:
        if entry["number"] < 0:
            return self._as_it_is()
        if entry["error"]:
            return i18n.message(entry["error"])
        return {
            "complete": translate("search", "complete"),
            "pruned": translate("search", "broken off: not promising"),
            "time": translate("search", "broken off: the time was over"),
            "stopped": translate("search", "stopped"),
        }.get(entry["state"], entry["state"])


def _entries(data: dict[str, Any]) -> list[dict[str, Any]]:
    """The trials of an answer, the recipe as it is first."""
    return [*([data["base"]] if data["base"] else []), *data["trials"]]


def _point(entry: dict[str, Any]) -> TrialPoint | None:
    """A trial in the plot; the recipe as it is is a line there."""
    value = entry["value"] if entry["value"] is not None else (entry["curve"][-1][1] if entry["curve"] else None)
    if value is None or entry["number"] < 0:
        return None
    return TrialPoint(entry["number"] + 1, value, entry["state"] == "complete")


def _metric(recipe: Recipe) -> str:
    """What decides, as far as that is known before the search says it."""
    task = fit.task_of(recipe.task.name)
    names = list(getattr(task, "QUICK", ()))
    best = getattr(task, "BEST", "")
    usual = best if best in names else next((name for name in names if name != "loss"), metric_names.DEFAULT)
    return usual if recipe.training.best_metric == "auto" else recipe.training.best_metric


def _tried(recipe: Recipe, values: dict[str, Any]) -> Recipe:
    """The recipe of a trial."""
    try:
        return spaces.varied(recipe, values)
    except StudioError:
        return recipe

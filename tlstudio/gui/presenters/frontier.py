"""A search for the best trade-off between score, size and speed of a finished run: set up, watched, and taken."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication

from tlstudio.core.errors import StudioError
from tlstudio.core.files import read_json
from tlstudio.gui import formats, frontier, i18n, metric_names, words
from tlstudio.gui.context import Context
from tlstudio.gui.frontier import COLUMNS, MEASURES, Point
from tlstudio.gui.presenters import afterwards, studying
from tlstudio.gui.studies import Study
from tlstudio.gui.widgets.frontier_budget import Budget
from tlstudio.gui.widgets.frontier_plot import Dot, PlotAxis
from tlstudio.gui.widgets.frontier_view import FrontierView, Line, ShownPoint

translate = QCoreApplication.translate  # under this name lupdate finds the strings
JOB, CHOOSE = "frontier", "frontier-choose"
_FILE = Path("frontier") / "study.json"
_AXES = ("size", "score")  # across and up
_JOINED = "\u00a0"


class Frontier:
    """Connects the view with the worker that measures.

    Args:
        context: with the run and the studies.
        view: of the pane.
    """

    def __init__(self, context: Context, view: FrontierView) -> None:
        self._context, self._view = context, view
        self._stored: dict[str, Any] | None = None  # the study in the folder of the run
        self._read: tuple[Any, ...] | None = None
        self._shown: tuple[Any, ...] | None = None
        self._points: list[Point] = []
        self._reference: Point | None = None
        self._metric = metric_names.DEFAULT
        self._key = ""
        view.changed.connect(self.plan)
        view.axes_changed.connect(self.choose_axes)
        view.asked.connect(self.start)
        view.stop_asked.connect(context.studies.stop)
        view.cancelled.connect(context.studies.cancel)
        view.point_chosen.connect(self.choose)
        view.used.connect(self.use)
        view.added.connect(self.add)

    # --- what the user wants

    def plan(self) -> None:
        """Keeps the budget."""
        self._context.studies.plans[JOB] = self._view.budget()
        self._show_found()
        self._show_possible()

    def choose_axes(self) -> None:
        view = self._view
        self._context.studies.plans[f"{JOB}.axes"] = (str(view.across.currentData()), str(view.up.currentData()))
        self._show_plot()

    def start(self) -> None:
        """Begins, or goes on with what was measured before."""
        run, budget = self._context.project.run, self._view.budget()
        if run is None or self._obstacle():
            return
        limits = asdict(budget)
        minutes = limits.pop("minutes")
        args = {"folder": str(run), "budget": limits, "minutes": minutes}
        before = tuple(self._found().get("points") or ()) if self._is_of_this_length() else ()
        self._context.studies.start(JOB, self._context.project.recipe, args, before)

    def choose(self, key: str) -> None:
        """Shows a point beside the plot."""
        self._key = key
        self._show_chosen()

    def use(self, key: str) -> None:
        """Makes a point the compressed form of the run."""
        run = self._context.project.run
        if run is not None and not afterwards.obstacle(self._context):
            self._context.session.start(CHOOSE, {"folder": str(run), "key": key}, run)

    def add(self, key: str) -> None:
        """Puts the steps of a point into the recipe; one step to undo."""
        at = frontier.place_of(self._points, key)
        if at >= 0:
            self._context.edit("compress", [dict(step) for step in self._points[at].steps])

    # --- what is known

    @property
    def _study(self) -> Study:
        return self._context.studies.get(JOB)

    @property
    def _is_mine(self) -> bool:
        """Whether the study is, or was, of the run that is shown."""
        run = self._context.project.run
        return run is not None and (self._study.args or {}).get("folder") == str(run)

    def refresh(self) -> None:
        """Another run or recipe."""
        project = self._context.project
        key = (project.run, project.results)
        if self._read is None or any(one is not other for one, other in zip(key, self._read, strict=True)):
            self._read = key
            self._look()
        if self._context.studies.plans.get(JOB) is None:
            self._view.set_budget(Budget.read((self._stored or {}).get("budget")))
        else:
            self._view.set_budget(self._context.studies.plans[JOB])
        self.on_study()

    def on_study(self) -> None:
        """Something new is known about the study, or something else has begun or ended."""
        study = self._study
        mine = study.going_on and self._is_mine
        self._view.set_going_on(mine)
        if mine:
            progress = study.progress
            text, fraction = self._progress(study)
            studying.show_progress(self._view.line, study, text, fraction if progress is not None else None)
        key = (study.state, study.results, study.data, self._stored, self._context.project.results)
        if self._shown is None or any(one is not other for one, other in zip(key, self._shown, strict=True)):
            if self._shown is not None and self._shown[0] != study.state and not study.going_on:
                self._look()
            self._shown = (*key[:3], self._stored, key[4])
            self._take()
            self._show_found()
        self._show_possible()
        self._show_chosen()

    def on_state(self) -> None:
        """A run or something else has begun or ended."""
        self._show_possible()
        self._show_chosen()

    # --- inside: what there is

    def _look(self) -> None:
        """Reads what the run's folder has."""
        run, self._stored = self._context.project.run, None
        if run is None or not (run / _FILE).is_file():
            return
        try:
            found = read_json(run / _FILE)
        except StudioError as error:
            self._context.tell(error)
            return
        result = found.get("result") if isinstance(found, dict) else None  # beside what it may be compared within
        self._stored = result if isinstance(result, dict) else None

    def _found(self) -> dict[str, Any]:
        """The newest that is known of the run's study: while it goes on, what it has told so far."""
        study, stored = self._study, self._stored or {}
        if not self._is_mine:
            return stored
        if study.going_on or (study.results and not stored and study.state != "known"):
            return {**stored, "points": list(study.results), "finished": False, "best": None}
        return study.data if study.state == "known" and isinstance(study.data, dict) else stored

    def _take(self) -> None:
        """Points of the same name replace each other: what is measured again is newer."""
        found, results = self._found(), self._context.project.results or {}
        self._metric = str(found.get("metric") or metric_names.headline(results))
        told = [item for item in found.get("points") or () if item.get("key")]
        self._points = list({str(item["key"]): frontier.read(item) for item in told}.values())
        measured = found.get("reference")
        usual = frontier.trained(results, self._metric)
        self._reference = frontier.read({"key": "trained", **measured}) if measured else usual
        if self._reference is not None:
            self._points = [point for point in self._points if point.key != self._reference.key]
        keys = {point.key for point in self._all()}
        best = found.get("best")
        best = best.get("key") if isinstance(best, dict) else best
        if self._key not in keys:
            self._key = str(best or "") if best in keys else ""

    def _all(self) -> list[Point]:
        return [*([self._reference] if self._reference is not None else []), *self._points]

    # --- inside: what is shown

    def _progress(self, study: Study) -> tuple[str, float | None]:
        if (progress := study.progress) is None:
            return "", None
        text = translate("frontier", "{n} forms so far").format(n=formats.count(len(self._points)))
        return text, min(progress.done / progress.total, 1.0) if progress.total else None

    def _obstacle(self) -> str:
        if self._study.going_on:
            if self._is_mine:
                return translate("frontier", "The search is going on.")
            return translate("frontier", "A search of another run is going on.")
        return afterwards.obstacle(self._context)

    def _is_of_this_length(self) -> bool:
        """Whether the times that are known are of rows as long as those that are asked for: else all are taken anew."""
        return Budget.read(self._found().get("budget")).length == self._view.budget().length

    def _show_possible(self) -> None:
        study, obstacle, found = self._study, self._obstacle(), self._found()
        begun = bool(found.get("points")) and not found.get("finished")
        self._view.set_possible(obstacle, begun and self._is_of_this_length())
        if obstacle or not self._is_mine:
            return
        if study.state == "failed" and study.error:
            self._view.obstacle.setText(i18n.both(study.error))
        elif study.state == "cancelled":
            self._view.obstacle.setText(translate("frontier", "Cancelled; it can be gone on with."))

    def _show_found(self) -> None:
        self._set_columns()
        self._view.set_sentences(self._sentences(), self._circumstances())
        self._view.set_lines([self._line(point) for point in self._all()] if self._points else [])
        self._show_plot()
        self._show_chosen()

    def _show_plot(self) -> None:
        across, up = self._axes()
        measures = [(name, self._title(name)) for name in MEASURES if self._has(name)]
        self._view.set_measures(measures, across, up)
        dots = [dot for point in self._all() if (dot := self._dot(point, across, up)) is not None]
        corners = frontier.line(self._all(), across, up, self._metric)
        scaled = [(frontier.scaled(across, x), frontier.scaled(up, y)) for x, y in corners]
        axes = (self._axis(across), self._axis(up))
        self._view.set_points(dots if self._points else [], scaled if self._points else [], axes)

    def _axes(self) -> tuple[str, str]:
        """As the user has them, where something was measured for both."""
        wanted = self._context.studies.plans.get(f"{JOB}.axes") or _AXES
        across, up = (name if self._has(name) else usual for name, usual in zip(wanted, _AXES, strict=True))
        return across, up

    def _has(self, measure: str) -> bool:
        return any(measure in point.measures for point in self._all())

    def _title(self, measure: str) -> str:
        return frontier.title(measure, self._metric)

    def _axis(self, measure: str) -> PlotAxis:
        return PlotAxis(
            self._title(measure),
            frontier.unit(measure),
            measure == "score" and metric_names.is_share(self._metric),
        )

    def _dot(self, point: Point, across: str, up: str) -> Dot | None:
        if not point.measured or across not in point.measures or up not in point.measures:
            return None
        lines = [self._name(point)]
        lines += [f"{name}: {value}" for name, value in self._facts(point)]
        x, y = (frontier.scaled(name, point.measures[name]) for name in (across, up))
        is_reference = point is self._reference
        return Dot(point.key, x, y, "\n".join(lines), point.pareto, point.within, is_reference)

    def _name(self, point: Point) -> str:
        return translate("frontier", "The trained model") if point is self._reference else frontier.name(point)

    def _facts(self, point: Point) -> list[tuple[str, str]]:
        """Each measure beside that of the trained model."""
        before = self._reference.measures if self._reference is not None else {}
        found = []
        for name in MEASURES:
            if name not in point.measures:
                continue
            text = frontier.shown(name, point.measures[name], self._metric)
            gap = "" if point is self._reference else frontier.compared(
                name, point.measures[name], before.get(name), self._metric)  # fmt: skip
            gap = gap.replace(" ", _JOINED)  # a narrow card breaks between the numbers only
            found.append((self._title(name), f"{text}, {gap}" if gap else text))
            slowest = point.slowest.get(name.removeprefix("latency-"))
            if slowest is not None and name.startswith("latency-"):
                most = translate("frontier", "p95 {time}").format(time=formats.milliseconds(slowest))
                found[-1] = (found[-1][0], f"{found[-1][1]}; {most.replace(' ', _JOINED)}")
        if point.agreement is not None and point is not self._reference:
            found.append((translate("frontier", "Same answers"), formats.percent(point.agreement)))
        return found

    def _set_columns(self) -> None:
        if self._view.table is not None:
            return
        columns = [(translate("frontier", "Form"), False, True)]  # what is too long for it stands beside the plot
        columns += [(frontier.heading(name), True, False) for name in COLUMNS]
        self._view.set_columns([*columns, (translate("frontier", "Verdict"), False, False)])

    def _line(self, point: Point) -> Line:
        shown = tuple(frontier.shown(name, point.measures.get(name), self._metric) for name in COLUMNS)
        verdict = translate("frontier", "for comparison") if point is self._reference else frontier.brief_verdict(point)
        sorts = (None, *(point.measures.get(name) for name in COLUMNS), None)
        return Line(point.key, (self._table_name(point), *shown, verdict), sorts)

    def _table_name(self, point: Point) -> str:
        """With the options, where several points have the same steps."""
        if point is self._reference or not point.steps:
            return self._name(point)
        alike = [other for other in self._points if frontier.name(other) == frontier.name(point)]
        return frontier.brief(point) if len(alike) > 1 else frontier.name(point)

    def _show_chosen(self) -> None:
        at = frontier.place_of(self._all(), self._key)
        if at < 0:
            self._view.set_chosen(ShownPoint())
            return
        point = self._all()[at]
        obstacle = afterwards.obstacle(self._context)
        recipe = [choice.model_dump(mode="json") for choice in self._context.project.recipe.compress]
        same = recipe == [dict(step) for step in point.steps]
        notes = [] if point is self._reference else [frontier.verdict(point), frontier.reason(point)]
        if same and point.steps:
            notes.append(translate("frontier", "The recipe has these steps."))
        if point.measured and point.steps and obstacle:
            notes.append(obstacle)
        facts = self._facts(point)
        self._view.set_chosen(
            ShownPoint(
                point.key,
                self._name(point),
                frontier.steps(point),
                facts,
                "\n".join(filter(None, notes)),
                usable=point.measured and bool(point.steps) and not obstacle,
                addable=bool(point.steps) and not same,
            )
        )

    def _sentences(self) -> list[str]:
        found = self._found()
        if not self._points:
            return []
        measured = [point for point in self._points if point.measured]
        failed = sum(point.status == "failed" for point in self._points)
        untried = len(self._points) - len(measured) - failed
        text = translate(
            "frontier", "{n} forms measured, {best} of them not beaten by another one in score, size and 1-row time."
        )  # fmt: skip
        said = [text.format(n=formats.count(len(measured)), best=formats.count(sum(p.pareto for p in measured)))]
        if failed:
            said.append(translate("frontier", "{n} could not be made; choose one in the table to see why.").format(
                n=formats.count(failed)))  # fmt: skip
        if untried:
            said.append(translate("frontier", "{n} were not tried; choose one in the table to see why.").format(
                n=formats.count(untried)))  # fmt: skip
        if self._is_mine and self._study.going_on:
            return [" ".join(said)]
        best = found.get("best")
        at = frontier.place_of(self._points, str(best.get("key") if isinstance(best, dict) else best))
        if at >= 0:
            text = translate("frontier", "The best within the budget: {name}.")
            said.append(text.format(name=self._table_name(self._points[at])))
        elif found.get("budget"):
            said.append(translate("frontier", "None keeps the budget."))
        if found.get("budget") and not Budget.read(found["budget"]).same(self._view.budget()):
            said.append(translate("frontier", "This was judged with another budget."))
        if not found.get("finished"):
            said.append(translate("frontier", "It was not finished."))
        return [" ".join(said)]

    def _circumstances(self) -> str:
        """What the times depend on, and what the search took."""
        found = self._found()
        machine = found.get("machine") or {}
        if not self._points or not machine:
            return ""
        said = [str(machine.get("processor") or "")]
        if threads := machine.get("threads"):
            said.append(translate("frontier", "{n} threads").format(n=formats.count(threads)))
        if memory := machine.get("memory_bytes"):
            said.append(translate("frontier", "{size} of memory").format(size=formats.size(memory)))
        said.append(str(machine.get("system") or ""))
        text = translate("frontier", "Measured on {machine}").format(machine=words.clauses(filter(None, said)))
        if rows := found.get("rows"):
            text = translate("frontier", "{text}; scores are of {n} validation rows").format(
                text=text, n=formats.count(rows))  # fmt: skip
        if length := Budget.read(found.get("budget")).length:
            text = translate("frontier", "{text}; times are of rows of {n} tokens").format(
                text=text, n=formats.count(length))  # fmt: skip
        if seconds := found.get("seconds"):
            text = translate("frontier", "{text}; the search took {time}").format(
                text=text, time=formats.duration(seconds))  # fmt: skip
        doubt = formats.doubt(point.get("latency") for point in [found.get("reference"), *(found.get("points") or [])]
                              if point)  # fmt: skip
        return f"{text}. {doubt}" if doubt else text

"""A search for better values of fields of a recipe, within a time; it can be stopped and gone on with.

Values are drawn by the tree-structured Parzen estimator (Bergstra et al., 2011, "Algorithms for hyper-parameter
optimization"); a trial whose validation score is below the median of the earlier ones at the same epoch is broken off
(Golovin et al., 2017, "Google Vizier", section 3.2.1). Library: optuna.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlstudio.core import recipe as recipes
from tlstudio.core.control import Control
from tlstudio.core.errors import Cancelled, StudioError
from tlstudio.core.events import Emit, Event, Log, Progress, Result
from tlstudio.core.files import explain_os_errors, read_json, safe_name, write_json
from tlstudio.core.paths import searches_folder
from tlstudio.core.reasons import Reason, reason
from tlstudio.core.recipe import Recipe
from tlstudio.metrics.names import about
from tlstudio.pipeline.spaces import Dimension, parse, varied
from tlstudio.pipeline.trials import Bench, Trial, left_out, train

if TYPE_CHECKING:
    import optuna

_STUDY = "search"
_FIRST = 4  # trials before one is broken off
_FAILURES = 3  # in a row, without any success: then it is no matter of values
_FEWEST = 6  # trials for a word about which field matters
_INTERVAL = 0.1  # seconds between two events of progress


class _BrokenOff(Exception):
    """The trial is not promising, or the time is over; ``state`` says which."""

    def __init__(self, state: str) -> None:
        super().__init__(state)
        self.state = state


@dataclass
class _Clock:
    """How far the search is: by time, or by trials where their number is limited."""

    emit: Emit
    control: Control
    seconds: float
    trials: int | None
    done: int = 0
    _last: float = 0.0

    def __post_init__(self) -> None:
        self._begin, self._paused = time.monotonic(), self.control.paused_seconds

    @property
    def passed(self) -> float:
        return time.monotonic() - self._begin - (self.control.paused_seconds - self._paused)

    @property
    def over(self) -> bool:
        return self.passed >= self.seconds or (self.trials is not None and self.done >= self.trials)

    def tell(self, number: int) -> None:
        now = time.monotonic()
        if now - self._last < _INTERVAL:
            return
        self._last = now
        left = max(self.seconds - self.passed, 0.0)
        self.emit(Progress(stage="search", done=min(self.passed, self.seconds), total=self.seconds, unit="seconds",
                           seconds_left=left, detail={"trial": number}))  # fmt: skip

    def hear(self, number: int) -> Emit:
        """What a trial emits to: its steps are the clock's ticks, its warnings are passed on."""

        def emit(event: Event) -> None:
            if isinstance(event, Progress):
                self.tell(number)
            elif isinstance(event, Log) and event.level != "info":
                self.emit(event)

        return emit


def search(
    recipe: Recipe, vary: Sequence[str], folder: Path, emit: Emit, control: Control, minutes: float = 10.0,
    trials: int | None = None, rows: int = 0,
) -> dict[str, Any]:  # fmt: skip
    """Looks for better values; each trial is a training without test and export.

    The first trial of a new search is the recipe as it is. Told are a :class:`Result` called ``epoch`` after each
    validation, ``{"trial", "epoch", "value"}``, and one called ``trial`` after each trial, as in ``trials`` below. A
    *stop* ends the search with what has been found.

    Args:
        vary: fields, as :func:`tlstudio.pipeline.spaces.parse` reads them.
        folder: of the search; one that is there already is gone on with. Holds ``study.db``, ``search.json`` and
            ``best.yaml``.
        minutes: no trial begins later, and one that runs is broken off then, unless it is the first.
        trials: at most, in this go; None for no limit.
        rows: training rows of each trial; 0 for all.

    Returns:
        ``{"folder", "metric", "title", "lower", "share", "space", "trials", "base", "best", "recipe", "importances",
        "reasons", "seconds"}``: ``trials`` ``[{"number", "values", "value", "state", "curve", "seconds", "error"}]``
        with the states complete, pruned, time, stopped and failed; ``base`` and ``best`` are such trials or None;
        ``recipe`` is the path of the best recipe, or None where the recipe as it is was best; ``importances`` the share
        of each field in the differences, empty where there are too few trials.

    Raises:
        StudioError: the recipe cannot run, nothing sensible is varied, or the folder holds another search.
        Cancelled: the user has cancelled; what was found stays in the folder.
    """
    begin = time.monotonic()
    space = parse(vary, recipe)
    bench = Bench(recipe, control)
    with bench.stages(recipe, rows=rows) as stages:
        stages.settle()
        metric = stages.metric
    _claim(folder, recipe, space, metric, rows)
    with _opened(folder, metric, recipe.training.seed) as study:
        clock = _Clock(emit, control, 60 * minutes, trials)
        _Searcher(bench, recipe, space, study, clock, rows).go()
        found = _found(study, space, metric)
        path = None
        if found["best"] is not None and found["best"] != found["base"]:
            path = folder / "best.yaml"
            recipes.save(varied(recipe, found["best"]["values"]), path)
    found["reasons"] += left_out(recipe)
    if not found["trials"] and control.stopping:
        raise Cancelled
    return {"folder": str(folder), **found, "recipe": str(path) if path else None,
            "seconds": round(time.monotonic() - begin, 1)}  # fmt: skip


def place(recipe: Recipe, vary: Sequence[str], rows: int = 0) -> Path:
    """Where a search lies unless the user says otherwise; the same search has the same place, and goes on there."""
    text = json.dumps([recipe.to_dict(), sorted(vary), rows], sort_keys=True)
    model = safe_name(Path(recipe.model.name).name or "model", 30)
    name = f"{model}-{recipe.strategy.name}-{hashlib.sha256(text.encode()).hexdigest()[:8]}".replace(" ", "-")
    return searches_folder() / name


def _claim(folder: Path, recipe: Recipe, space: Sequence[Dimension], metric: str, rows: int) -> None:
    """Notes what is searched for, or compares it with what the folder is for."""
    note = {"recipe": recipe.to_dict(), "space": [item.to_dict() for item in space], "metric": metric, "rows": rows}
    path = folder / "search.json"
    if not path.is_file():
        with explain_os_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
        write_json(path, note)
    elif read_json(path) != note:
        raise StudioError(
            "search.other", "{path} holds a search with another recipe or other fields.",
            "Choose another folder, or go on with the same recipe and the same fields.", path=str(folder),
        )  # fmt: skip


@contextlib.contextmanager
def _opened(folder: Path, metric: str, seed: int) -> Iterator[optuna.Study]:
    """The study in a folder, a new one or that of an earlier search."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    storage = optuna.storages.RDBStorage(f"sqlite:///{folder / 'study.db'}")
    try:
        study = optuna.create_study(
            storage=storage, study_name=_STUDY, load_if_exists=True,
            direction="minimize" if about(metric).lower else "maximize",
            pruner=optuna.pruners.MedianPruner(n_startup_trials=_FIRST, n_warmup_steps=0),
        )  # fmt: skip
        # another go draws other values than the one before
        study.sampler = optuna.samplers.TPESampler(seed=seed + len(study.trials), n_startup_trials=2 * _FIRST)
        for trial in study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.RUNNING,)):
            study.tell(trial.number, state=optuna.trial.TrialState.FAIL)  # of a program that was ended
        yield study
    finally:
        storage.remove_session()
        storage.engine.dispose()


class _Searcher:
    """Draws and trains, until the time or the patience is over."""

    def __init__(self, bench: Bench, recipe: Recipe, space: Sequence[Dimension], study: optuna.Study, clock: _Clock,
                 rows: int) -> None:  # fmt: skip
        self.bench, self.recipe, self.space, self.study, self.clock = bench, recipe, space, study, clock
        self.rows, self.failures = rows, 0

    def go(self) -> None:
        if "base" not in self.study.user_attrs and not self._over():
            self._base()
        while not self._over():
            trial = self.study.ask()
            self._one(trial, {item.field: item.draw(trial) for item in self.space})

    def _over(self) -> bool:
        self.clock.control.check()
        return self.clock.control.stopping or self.clock.over

    def _base(self) -> None:
        """The recipe as it is: what the others must beat. It has no place among drawn values, so it is a note."""
        entry = self._tried(-1, {}, self.recipe, None)
        if entry["state"] == "failed":
            raise StudioError.from_dict(entry["error"])
        if entry["state"] == "complete":
            self.study.set_user_attr("base", entry)

    def _one(self, trial: optuna.Trial, values: dict[str, Any]) -> None:
        import optuna

        state = optuna.trial.TrialState
        try:
            entry = self._tried(trial.number, values, None, trial)
        except BaseException:
            self.study.tell(trial, state=state.FAIL)
            raise
        for name in ("state", "seconds", "error", "values"):
            trial.set_user_attr(name, entry[name])
        states = {"complete": state.COMPLETE, "pruned": state.PRUNED, "time": state.PRUNED}
        ended = states.get(entry["state"], state.FAIL)
        self.study.tell(trial, entry["value"] if ended == state.COMPLETE else None, state=ended)
        self.failures = self.failures + 1 if entry["state"] == "failed" else 0
        if self.failures >= _FAILURES and not any(item.state == state.COMPLETE for item in self.study.trials):
            raise StudioError.from_dict(entry["error"])

    def _tried(self, number: int, values: dict[str, Any], recipe: Recipe | None,
               trial: optuna.Trial | None) -> dict[str, Any]:  # fmt: skip
        """Trains once and tells what came of it."""
        begin, curve = self.clock.passed, list[list[float]]()
        entry: dict[str, Any] = {"number": number, "values": values, "value": None, "state": "complete",
                                 "curve": curve, "error": None}  # fmt: skip
        self.clock.tell(number)

        def listen(epoch: float, value: float) -> None:
            curve.append([round(epoch, 3), value])
            self.clock.emit(Result(name="epoch", data={"trial": number, "epoch": epoch, "value": value}))
            if trial is None:
                return
            trial.report(value, len(curve))
            if trial.should_prune():
                raise _BrokenOff("pruned")
            if self.clock.passed >= self.clock.seconds:
                raise _BrokenOff("time")

        try:
            found = self._trained(recipe or varied(self.recipe, values), number, listen)
            entry |= {"value": found.value, "state": "complete" if found.complete else "stopped"}
        except _BrokenOff as end:
            entry["state"] = end.state
        except StudioError as error:
            entry |= {"state": "failed", "error": error.to_dict()}
        entry["seconds"] = round(self.clock.passed - begin, 2)
        self.clock.done += 1
        self.clock.emit(Result(name="trial", data=entry))
        return entry

    def _trained(self, recipe: Recipe, number: int, listen: Any) -> Trial:
        with self.bench.stages(recipe, self.clock.hear(number), self.rows) as stages:
            return train(stages, listen)


# --- what was found


def _found(study: optuna.Study, space: Sequence[Dimension], metric: str) -> dict[str, Any]:
    known = about(metric)
    base = study.user_attrs.get("base")
    trials = [_entry(trial, space) for trial in study.get_trials(deepcopy=False)]
    done = [entry for entry in (*([base] if base else []), *trials) if entry["state"] == "complete"]
    best = (min if known.lower else max)(done, key=lambda entry: entry["value"], default=None)
    return {
        "metric": metric,
        "title": known.title,
        "lower": known.lower,
        "share": known.share,
        "space": [item.to_dict() for item in space],
        "trials": trials,
        "base": base,
        "best": best,
        "importances": _importances(study, space),
        "reasons": _reasons(metric, base, best, trials),
    }


def _entry(trial: Any, space: Sequence[Dimension]) -> dict[str, Any]:
    names = {item.field: item for item in space}
    return {
        "number": trial.number,
        "values": {field: names[field].shown(value) for field, value in trial.params.items()},
        "value": trial.value,
        "state": trial.user_attrs.get("state", "stopped"),
        "curve": [[step, value] for step, value in sorted(trial.intermediate_values.items())],
        "seconds": trial.user_attrs.get("seconds"),
        "error": trial.user_attrs.get("error"),
    }


def _importances(study: optuna.Study, space: Sequence[Dimension]) -> dict[str, float]:
    """Share of each field in the variance (functional ANOVA: Hutter et al., 2014)."""
    import optuna

    done = study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.COMPLETE,))
    if len(space) < 2 or len(done) < _FEWEST or len({trial.value for trial in done}) < 2:
        return {}
    evaluator = optuna.importance.FanovaImportanceEvaluator(seed=0)
    found = optuna.importance.get_param_importances(study, evaluator=evaluator)
    return {name: round(float(value), 4) for name, value in found.items()}


def _reasons(
    metric: str, base: dict[str, Any] | None, best: dict[str, Any] | None, trials: Sequence[dict[str, Any]]
) -> list[Reason]:
    if best is None:
        return [reason("search.none", "No training was completed in the time; give the search more.")]
    if best is base:
        return [reason("search.base", "None of {count} trials is better than the recipe as it is.",
                       count=len(trials))]  # fmt: skip
    known = about(metric)
    scale, digits = (100.0, 1) if known.share else (1.0, 4)
    value = round(scale * best["value"], digits)
    if base is None:
        said = [reason("search.best", "{metric} of {value} is the best of {count} trials.", metric=known.title,
                       value=value, count=len(trials))]  # fmt: skip
    else:
        said = [reason("search.better", "{metric} of {value} is the best of {count} trials; the recipe as it is has "
                       "{base}.", metric=known.title, value=value, count=len(trials),
                       base=round(scale * base["value"], digits))]  # fmt: skip
    return [*said, reason("search.flatters", "The best of many flatters itself on the validation rows: run the recipe, "
                          "and compare on the test rows.")]  # fmt: skip

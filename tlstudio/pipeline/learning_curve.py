"""How much data? Trainings on growing parts of the rows, a power law through their errors, and what it foretells.

Or on a few examples of each class, several draws of each number, as few-shot learning is measured (Tunstall et al.,
2022, "Efficient few-shot learning without prompts", § 4): mean and spread; so few rows obey no law.

error(n) = a n^-b + c, as Hestness et al., 2017, "Deep learning scaling is predictable, empirically", section 2, and
Rosenfeld et al., 2020, "A constructive prediction of the generalization error across scales". The interval is that of a
bootstrap of residuals (Efron & Tibshirani, 1993, "An introduction to the bootstrap", section 9.4).
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from tlstudio.core.control import Control
from tlstudio.core.errors import Cancelled, StudioError
from tlstudio.core.events import Emit, Result
from tlstudio.core.reasons import Reason, reason
from tlstudio.core.recipe import Recipe
from tlstudio.metrics.names import About, about
from tlstudio.metrics.resampling import interval
from tlstudio.pipeline.trials import Bench, Trial, Whole, left_out, train

if TYPE_CHECKING:
    import numpy as np

REPEATS, SIZES = 2, 6
DRAWS = 5  # of each number of examples a class: few rows differ much from draw to draw
_FEWEST_ROWS = 16
_RESAMPLES = 200
_STEEPEST = 3.0
_FURTHEST = 4  # times the rows that there are: the law is drawn no further
_WORTH = 0.005  # of the metric: less than half a point is hardly worth the labelling
_NO_LAW: dict[str, Any] = {"law": None, "line": [], "now": None, "doubled": None}
_HUNDRED = ("bleu", "chrf")  # metrics whose best is 100; that of the others is 1


@dataclass(frozen=True)
class Size:
    """How many rows are trained on: in all, and at most of each class; 0 for any number."""

    rows: int
    each: int = 0


@dataclass(frozen=True)
class Law:
    """error = a n^-b + c, for n training rows."""

    a: float
    b: float
    c: float

    def error(self, rows: float) -> float:
        return float(self.a * rows**-self.b + self.c)


def curve(
    recipe: Recipe, emit: Emit, control: Control, repeats: int | None = None, sizes: int = SIZES,
    minutes: float | None = None, per_class: Sequence[int] = (),
) -> dict[str, Any]:  # fmt: skip
    """Trains on parts of the rows, each twice as large as the one before, with the strategy of the recipe.

    Each training is told as a :class:`Result` called ``point``. A *stop*, or the end of the time, ends with the
    trainings that have been done by then.

    Args:
        repeats: trainings of each size, with other rows and another seed; None takes 2, or 5 with ``per_class``.
        sizes: how many sizes at most; the largest is all rows.
        minutes: a size is not begun if it would take longer; None for no limit.
        per_class: numbers of examples of each class, in place of growing parts.

    Returns:
        ``{"metric", "title", "lower", "share", "strategy", "points", "sizes", "law", "line", "now", "doubled",
        "tested", "reasons", "seconds"}``: ``points`` are the trainings ``{"rows", "draw", "value", "error", "seconds",
        …}``, ``sizes`` their means ``{"rows", "value", "sd", "least", "most", "trainings"}`` with ``sd`` the standard
        deviation between draws, ``law`` ``{"a", "b", "c"}`` or None, ``line`` the law with its interval ``{"rows",
        "value", "low", "high"}`` for drawing, ``now`` and ``doubled`` the same at all rows and at twice as many, the
        latter with ``gain`` ``{"value", "low", "high"}``, above 0 for the better. With ``per_class`` points and sizes
        have ``each``, and there is no law.

    Raises:
        StudioError: the recipe cannot run, there are too few rows, or they have no classes.
        Cancelled: the user has cancelled.
    """
    begin = time.monotonic()
    bench = Bench(recipe, control)
    rows = bench.labelled.splits["train"]
    wanted = _sizes(bench, per_class, sizes)
    repeats = repeats or (DRAWS if per_class else REPEATS)
    whole = Whole(emit, control, "curve", repeats * sum(size.rows for size in wanted), "rows")
    trials: list[tuple[Size, int, Trial]] = []
    for size in wanted:
        if _too_long(whole, [trial for _size, _draw, trial in trials], size.rows * repeats, minutes):
            break
        for draw in range(repeats):
            control.check()
            if control.stopping:
                break
            trial = _trained(bench, recipe, size, draw, whole)
            if trial.complete:
                trials.append((size, draw, trial))
                emit(Result(name="point", data=_point(size, draw, trial)))
    if not trials:
        if control.stopping:
            raise Cancelled
        raise StudioError(
            "curve.no-time", "The time is too short for a single training.", "Give it more minutes, or fewer rows.",
        )  # fmt: skip
    found = _told(trials)
    found |= _few(found, rows.counts(), wanted) if per_class else _law(found, trials, len(rows), recipe.training.seed)
    found["reasons"] += left_out(recipe)
    return {**found, "strategy": recipe.strategy.name, "seconds": round(time.monotonic() - begin, 1)}


def _sizes(bench: Bench, per_class: Sequence[int], sizes: int) -> list[Size]:
    rows, counts = bench.labelled.splits["train"], bench.labelled.splits["train"].counts()
    if not per_class:
        return [Size(count) for count in growing(len(rows), max(_FEWEST_ROWS, 2 * len(counts)), sizes)]
    if not counts or bench.labelled.separator or "label" not in bench.labelled.roles.columns:
        raise StudioError(
            "curve.no-classes", "The rows have no classes that examples could be counted for.",
            "Ask for the learning curve over growing parts of the rows.", where="data.roles.label",
        )  # fmt: skip
    if min(per_class) < 1:
        raise StudioError(
            "curve.no-examples", "A model cannot learn from {count} examples a class.", "Write numbers from 1 on.",
            count=min(per_class),
        )  # fmt: skip
    found = [Size(sum(min(each, count) for count in counts.values()), each) for each in sorted(set(per_class))]
    return [size for at, size in enumerate(found) if not at or size.rows > found[at - 1].rows]


def growing(rows: int, fewest: int, sizes: int) -> list[int]:
    """Numbers of rows, each twice the one before; the last one is ``rows``.

    Raises:
        StudioError: there is room for less than two.
    """
    found = [rows]
    while len(found) < sizes and found[0] // 2 >= fewest:
        found.insert(0, found[0] // 2)
    if len(found) < 2:
        raise StudioError(
            "curve.few-rows", "{rows} training rows are too few for a learning curve: half of them would be less than "
            "{fewest}.", "Add labelled rows first.", where="data.path", rows=rows, fewest=fewest,
        )  # fmt: skip
    return found


def _too_long(whole: Whole, trials: list[Trial], rows: int, minutes: float | None) -> bool:
    """Whether trainings on ``rows`` rows in all would end after the time."""
    if minutes is None:
        return False
    if not trials:
        return whole.seconds > 60 * minutes
    pace = trials[-1].seconds / trials[-1].rows
    return whole.seconds + pace * rows > 60 * minutes


def _trained(bench: Bench, recipe: Recipe, size: Size, draw: int, whole: Whole) -> Trial:
    variant = recipe.changed("training.seed", recipe.training.seed + draw)
    rows = 0 if size.each else size.rows
    with (
        whole.part(size.rows, rows=size.rows, draw=draw) as emit,
        bench.stages(variant, emit, rows, draw, size.each) as stages,
    ):
        return train(stages)


def _point(size: Size, draw: int, trial: Trial) -> dict[str, Any]:
    each = {"each": size.each} if size.each else {}
    return {**trial.to_dict(), **each, "draw": draw, "error": _error(trial.metric, trial.value)}


def _error(metric: str, value: float) -> float:
    return value if about(metric).lower else _best(metric) - value


def _value(metric: str, error: float) -> float:
    """What :func:`_error` came from; it is its own inverse."""
    return _error(metric, error)


def _best(metric: str) -> float:
    return 100.0 if metric in _HUNDRED else 1.0


def _told(trials: list[tuple[Size, int, Trial]]) -> dict[str, Any]:
    """The trainings, and their mean and spread for each size; see :func:`curve`."""
    metric = trials[0][2].metric
    points = [_point(*trial) for trial in trials]
    values: dict[Size, list[float]] = {}
    for size, _draw, trial in trials:
        values.setdefault(size, []).append(trial.value)
    known = about(metric)
    return {
        "metric": metric,
        "title": known.title,
        "lower": known.lower,
        "share": known.share,
        "tested": trials[0][2].tested,
        "points": points,
        "sizes": [{**({"each": size.each} if size.each else {}), "rows": size.rows, **_spread(found)}
                  for size, found in values.items()],
    }  # fmt: skip


def _spread(values: list[float]) -> dict[str, Any]:
    sd = statistics.stdev(values) if len(values) > 1 else None
    return {"value": statistics.fmean(values), "sd": sd, "least": min(values), "most": max(values),
            "trainings": len(values)}  # fmt: skip


# --- growing parts


def _law(told: dict[str, Any], trials: list[tuple[Size, int, Trial]], rows: int, seed: int) -> dict[str, Any]:
    """The law, and what follows from it."""
    metric = told["metric"]
    points = told["points"]
    laws = fitted([point["rows"] for point in points], [point["error"] for point in points], seed)
    if laws is None:
        return {**_NO_LAW, "reasons": [reason(
            "curve.no-law", "There are too few sizes for a law; three at least are needed.")]}  # fmt: skip
    law, others = laws
    doubled = {**_at(law, others, metric, 2 * rows), "gain": _gain(law, others, rows)}
    return {
        "law": asdict(law),
        "line": [_at(law, others, metric, size)
                 for size in _drawn(min(size.rows for size, _draw, _trial in trials), _FURTHEST * rows)],
        "now": _at(law, others, metric, rows),
        "doubled": doubled,
        "reasons": _reasons(metric, doubled, rows, law),
    }  # fmt: skip


def _drawn(first: int, last: int, count: int = 40) -> list[int]:
    import numpy as np

    return sorted({round(size) for size in np.geomspace(first, last, count)})


def _at(law: Law, others: Sequence[Law], metric: str, rows: int) -> dict[str, Any]:
    """The value of the metric at a number of rows, with its interval."""
    import numpy as np

    samples = np.array([_value(metric, other.error(rows)) for other in others])
    return {"rows": rows, **interval(_value(metric, law.error(rows)), samples)}


def _gain(law: Law, others: Sequence[Law], rows: int) -> dict[str, float | None]:
    """By how much the error is smaller with twice the rows."""
    import numpy as np

    gains = np.array([other.error(rows) - other.error(2 * rows) for other in others])
    return interval(law.error(rows) - law.error(2 * rows), gains)


def _reasons(metric: str, doubled: dict[str, Any], rows: int, law: Law) -> list[Reason]:
    known, gain = about(metric), doubled["gain"]
    scale = 100.0 if known.share else 1.0
    values = {name: scale * gain[name] for name in ("value", "low", "high")}
    if known.share:
        said = [reason("curve.doubled-points", "Twice as many rows ({rows}) would bring about {value:.1f} points of "
                       "{metric} (95 % interval {low:.1f} to {high:.1f}).", rows=2 * rows, metric=known.title,
                       **values)]  # fmt: skip
    else:
        said = [reason("curve.doubled", "Twice as many rows ({rows}) would better {metric} by about {value:.3g} (95 % "
                       "interval {low:.3g} to {high:.3g}).", rows=2 * rows, metric=known.title, **values)]  # fmt: skip
    worth = _WORTH * (_best(metric) if not known.lower else max(law.error(rows), 1e-9))
    if gain["high"] < worth:
        said.append(reason("curve.enough", "More rows of the same kind will hardly help: look at the labels, or try "
                           "another backbone or strategy."))  # fmt: skip
    elif gain["low"] >= worth:
        said.append(reason("curve.more", "More rows are worth their labelling."))
    else:
        said.append(reason("curve.unsure", "Whether that is worth the labelling cannot be told from so few trainings; "
                           "more repeats narrow the interval."))  # fmt: skip
    return said


# --- a few examples of each class


def _few(told: dict[str, Any], counts: dict[str, int], wanted: Sequence[Size]) -> dict[str, Any]:
    """What follows from trainings on a few examples of each class."""
    known, sizes = about(told["metric"]), told["sizes"]
    said = [_one_size(known, size) for size in (sizes[:1] if len(sizes) == 1 else (sizes[0], sizes[-1]))]
    if len(sizes) > 1:
        said.append(_last_step(known, *sizes[-2:]))
    most = wanted[-1].each
    if short := [name for name, count in counts.items() if count < most]:
        said.append(reason("curve.short-classes", "{count} classes have fewer than {each} training rows, such as "
                           "'{label}'; all of theirs were taken.", count=len(short), each=most,
                           label=short[-1]))  # fmt: skip
    said.append(reason("curve.best-epoch", "The values are those of the best epoch on {tested} validation rows; "
                       "without such rows they would be a little worse.", tested=told["tested"]))  # fmt: skip
    return {**_NO_LAW, "reasons": said}


def _one_size(known: About, size: dict[str, Any]) -> Reason:
    """The mean of a size, and how far its draws are apart."""
    values = {name: (100 if known.share else 1) * size[name] for name in ("value", "least", "most")}
    given = {"each": size["each"], "metric": known.title, "trainings": size["trainings"], **values}
    if known.share:
        return reason("curve.draws-share", "With {each} examples a class: {metric} of {value:.1f} % on average over "
                      "{trainings} trainings, from {least:.1f} % to {most:.1f} %.", **given)  # fmt: skip
    return reason("curve.draws", "With {each} examples a class: {metric} of {value:.3g} on average over {trainings} "
                  "trainings, from {least:.3g} to {most:.3g}.", **given)  # fmt: skip


def _last_step(known: About, before: dict[str, Any], after: dict[str, Any]) -> Reason:
    """What the last additional examples brought."""
    gain = (before["value"] - after["value"]) if known.lower else (after["value"] - before["value"])
    given = {"first": before["each"], "last": after["each"], "gain": gain}
    if known.share:
        return reason("curve.last-step-points", "The step from {first} to {last} examples a class brought {gain:+.1f} "
                      "points.", **{**given, "gain": 100 * gain})  # fmt: skip
    return reason("curve.last-step", "The step from {first} to {last} examples a class brought {gain:+.3g}.",
                  **given)  # fmt: skip


# --- the law


def fitted(rows: Sequence[int], errors: Sequence[float], seed: int = 7,
           resamples: int = _RESAMPLES) -> tuple[Law, list[Law]] | None:  # fmt: skip
    """The law through errors [N] at numbers of rows [N], and the laws of its bootstrap resamples.

    With three sizes only, c is 0: three numbers through three points would say nothing. With fewer there is no law.
    """
    import numpy as np

    sizes, values = np.asarray(rows, np.float64), np.maximum(np.asarray(errors, np.float64), 0.0)
    different = len(np.unique(sizes))
    if different < 3:
        return None
    free = 3 if different > 3 else 2
    law = _fit(sizes, values, free)
    line = np.array([law.error(size) for size in sizes])
    # errors of shares spread about like their root; so residuals are exchanged in this unit
    unit = np.sqrt(np.maximum(line, 1e-6))
    left = (values - line) / unit
    left = (left - left.mean()) * np.sqrt(len(left) / max(len(left) - free, 1))
    draw = np.random.default_rng(seed)
    others = [_fit(sizes, np.maximum(line + unit * draw.choice(left, len(left)), 0.0), free, law)
              for _resample in range(resamples)]  # fmt: skip
    return law, others


def _fit(sizes: np.ndarray, errors: np.ndarray, free: int, start: Law | None = None) -> Law:
    """Least squares, in units of the root of the error; c is 0 unless three numbers are free."""
    import numpy as np
    from scipy.optimize import curve_fit

    top, most = sizes.max(), max(float(errors.max()), 1e-6)
    lowest = max(float(errors.min()), 1e-9)
    sigma = np.sqrt(np.maximum(errors, 0.05 * most))

    def line(size: np.ndarray, height: float, slope: float, floor: float = 0.0) -> np.ndarray:
        return height * (size / top) ** -slope + floor

    high = [10 * most, _STEEPEST, lowest][:free]
    begin = [lowest / 2, 0.5, lowest / 2] if start is None else [start.a * top**-start.b, start.b, start.c]
    begin = [min(max(value, 1e-9 * limit), (1 - 1e-9) * limit) for value, limit in zip(begin, high, strict=False)]
    try:
        found, _covariance = curve_fit(line, sizes, errors, begin, sigma, bounds=([0.0] * free, high), max_nfev=400)
    except RuntimeError:  # it has not converged; where it began is as good a guess as any
        found = np.array(begin)
    height, slope, floor = [*found.tolist(), 0.0][:3]
    return Law(height * top**slope, slope, floor)

"""Which strategy? Short trainings of some on the same parts of the rows, the worse ones dropped early.

Successive halving: Jamieson & Talwalkar, 2016, "Non-stochastic best arm identification and hyperparameter
optimization", figure 1, with training rows as the budget. Strategies that only train a head cost next to nothing and
are never dropped.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from tlstudio.core.control import Control
from tlstudio.core.errors import Cancelled, StudioError
from tlstudio.core.events import Emit, Result
from tlstudio.core.plugins import find
from tlstudio.core.reasons import Reason, reason
from tlstudio.core.recipe import Recipe
from tlstudio.evaluation import paired
from tlstudio.metrics.names import about
from tlstudio.pipeline.checks import check
from tlstudio.pipeline.estimate import one_pass
from tlstudio.pipeline.trials import Bench, Quick, Trial, Whole, left_out, train
from tlstudio.training.settings import Settings

if TYPE_CHECKING:
    import numpy as np

STRATEGIES = ("linear-probe", "lora", "full-fine-tuning")
RUNGS, MOST = 3, 1600  # parts of the rows that are tried, and rows of the largest
_FEWEST = 32
_CHEAPER = 0.5  # of the time: what is nearly as good and takes no longer than this is recommended
_NEARLY = 0.01
_HEAD_SHARE = 0.05  # of the work of a training through the backbone, for the bar alone


@dataclass
class Entrant:
    """A strategy that takes part.

    Attributes:
        recipe: with the strategy.
        once: whether the backbone sees the rows only once.
        trials: one for each rung that it has been on.
        scores: how good its answers to the validation rows were, by rung [N]; None where they cannot be had.
        cost: of a training on all rows.
        settings: that the rehearsal has found.
        dropped_at: rows of the rung after which it was dropped.
    """

    recipe: Recipe
    once: bool
    trials: list[Trial] = field(default_factory=list)
    scores: list[np.ndarray | None] = field(default_factory=list)
    cost: dict[str, Any] = field(default_factory=dict)
    settings: Settings | None = None
    dropped_at: int | None = None

    @property
    def name(self) -> str:
        return self.recipe.strategy.name

    @property
    def title(self) -> str:
        return str(find("tlstudio.strategies")[self.name].TITLE)


def advise(
    recipe: Recipe, emit: Emit, control: Control, strategies: Sequence[str] = STRATEGIES, rungs: int = RUNGS,
    most: int = MOST,
) -> dict[str, Any]:  # fmt: skip
    """Compares strategies for the data and the backbone of a recipe.

    Each training is told as a :class:`Result` called ``probe``. A *stop* ends with what has been tried by then.

    Args:
        strategies: names of those that take part beside the recipe's own.
        rungs: parts of the rows, each twice as large as the one before.
        most: rows of the largest part.

    Returns:
        ``{"metric", "title", "lower", "share", "rows", "tested", "rungs", "strategies", "skipped", "best",
        "recommended", "sure", "reasons", "seconds"}``. Each of ``strategies``, the best first: ``{"name", "title",
        "options", "probes", "dropped_at", "cost", "difference"}`` with ``probes`` ``[{"value", "metrics", "rows",
        "seconds", "epochs", "memory_bytes"}]``, ``cost`` of a training on all rows ``{"seconds", "memory_bytes",
        "precision", "batch_size"}``, and ``difference`` to the best ``{"rows", "value", "low", "high"}`` in the share
        of right answers, or None. ``sure``: ``clear`` where the best is surely ahead of all, else ``open``.

    Raises:
        StudioError: the recipe cannot run, or no strategy fits it.
        Cancelled: the user has cancelled.
    """
    begin = time.monotonic()
    entrants, skipped = _entrants(recipe, strategies)
    bench = Bench(recipe, control)
    train_rows = bench.labelled.splits["train"]
    counts = _rungs(len(train_rows), len(train_rows.counts()), rungs, most)
    alive = list(entrants)
    whole = Whole(emit, control, "advise", _work(alive, counts), "rows")
    for number, count in enumerate(counts):
        for entrant in list(alive):
            control.check()
            if control.stopping:
                break
            try:
                _tried(bench, entrant, count, whole)
            except StudioError as error:
                alive.remove(entrant)
                entrant.dropped_at = count
                skipped.append({"name": entrant.name, "title": entrant.title, "error": error.to_dict()})
                continue
            if len(entrant.trials) == number + 1:
                emit(Result(name="probe", data={"name": entrant.name, "title": entrant.title, "cost": entrant.cost,
                                                **entrant.trials[-1].to_dict()}))  # fmt: skip
        if control.stopping:
            break
        if number + 1 < len(counts):
            alive = _halved(alive, count)
    found = _found(entrants, control, skipped)
    found["reasons"] += left_out(recipe)
    return {**found, "rows": len(train_rows), "rungs": counts,
            "seconds": round(time.monotonic() - begin, 1)}  # fmt: skip


def _entrants(recipe: Recipe, names: Sequence[str]) -> tuple[list[Entrant], list[dict[str, Any]]]:
    """The strategies that can take part; and those that cannot, each with its error."""
    known = find("tlstudio.strategies")
    chosen: list[Entrant] = []
    skipped: list[dict[str, Any]] = []
    for name in dict.fromkeys((*names, recipe.strategy.name)):
        own = name == recipe.strategy.name
        variant = recipe if own else recipe.changed("strategy", {"name": name})
        once = name in known and known[name].ONCE
        if once and not own:  # what changes how the backbone trains has no meaning here
            variant = variant.changed("regularise", [])
        try:
            once = check(variant).strategy.once
        except StudioError as error:
            skipped.append({"name": name, "title": known[name].TITLE if name in known else name,
                            "error": error.to_dict()})  # fmt: skip
            continue
        chosen.append(Entrant(variant, once))
    if not chosen:
        raise StudioError.from_dict(skipped[0]["error"])
    return sorted(chosen, key=lambda entrant: not entrant.once), skipped


def _rungs(rows: int, classes: int, rungs: int, most: int) -> list[int]:
    """Rows of each rung; the last one is the largest."""
    found = [min(rows, most)]
    while len(found) < rungs and found[0] // 2 >= max(_FEWEST, 4 * classes):
        found.insert(0, found[0] // 2)
    return found


def _work(entrants: Sequence[Entrant], counts: Sequence[int]) -> float:
    """Rows that pass through the backbone with gradients, about, if all goes as planned."""
    through = sum(not entrant.once for entrant in entrants)
    heads, found = len(entrants) - through, 0.0
    for count in counts:
        found += count * (through + _HEAD_SHARE * heads)
        through = math.ceil(through / 2)
    return found


def _tried(bench: Bench, entrant: Entrant, count: int, whole: Whole) -> None:
    """Trains on ``count`` rows; the first time the cost of a training on all rows is found, too."""
    weight = count * (_HEAD_SHARE if entrant.once else 1.0)
    with whole.part(weight, strategy=entrant.name, title=entrant.title, rows=count) as emit:
        if not entrant.cost:
            entrant.cost, entrant.settings = _cost(bench, entrant)
        with bench.stages(entrant.recipe, emit, count, 0) as stages:
            stages.settle()
            if entrant.settings is not None:
                stages.settings = replace(stages.settings, precision=entrant.settings.precision,
                                          accumulate=entrant.settings.accumulate)  # fmt: skip
            trial = train(stages)
            if not trial.complete:
                return
            entrant.trials.append(trial)
            entrant.scores.append(stages.scores())


def _cost(bench: Bench, entrant: Entrant) -> tuple[dict[str, Any], Settings | None]:
    """Seconds and bytes of a training on all rows, at most."""
    with bench.stages(entrant.recipe) as stages:
        if not stages.checked.strategy.plugin.REHEARSES:
            return one_pass(stages), None
        return _rehearsed(stages)


def _rehearsed(stages: Quick) -> tuple[dict[str, Any], Settings]:
    found = stages.rehearsed()
    return {
        "seconds": found.seconds,
        "memory_bytes": found.memory_bytes,
        "batch_size": found.settings.batch_size,
        "precision": found.settings.precision,
    }, found.settings


def _halved(alive: list[Entrant], count: int) -> list[Entrant]:
    """The better half of those that train through the backbone, and all others."""
    through = sorted((entrant for entrant in alive if not entrant.once), key=lambda entrant: -entrant.trials[-1].gain)
    kept = through[: math.ceil(len(through) / 2)]
    for entrant in through[len(kept) :]:
        entrant.dropped_at = count
    return [entrant for entrant in alive if entrant.once or entrant in kept]


# --- what follows


def _found(entrants: list[Entrant], control: Control, skipped: list[dict[str, Any]]) -> dict[str, Any]:
    tried = [entrant for entrant in entrants if entrant.trials]
    if not tried:
        if control.stopping:
            raise Cancelled
        raise StudioError.from_dict(skipped[-1]["error"])
    order = sorted(tried, key=lambda entrant: (-entrant.trials[-1].rows, -entrant.trials[-1].gain))
    best = order[0]
    gaps = [_difference(best, entrant) for entrant in order]
    clear = len(order) > 1 and all(gap is not None and gap["high"] < 0 for gap in gaps[1:])
    thrifty = [entrant for entrant, gap in zip(order[1:], gaps[1:], strict=True)
               if gap is not None and gap["high"] >= 0 and gap["value"] >= -_NEARLY
               and entrant.cost["seconds"] <= _CHEAPER * best.cost["seconds"]]  # fmt: skip
    recommended = min(thrifty, key=lambda entrant: float(entrant.cost["seconds"]), default=best)
    metric = about(best.trials[-1].metric)
    return {
        "metric": best.trials[-1].metric,
        "title": metric.title,
        "lower": metric.lower,
        "share": metric.share,
        "tested": best.trials[-1].tested,
        "strategies": [_entry(entrant, gap) for entrant, gap in zip(order, gaps, strict=True)],
        "skipped": skipped,
        "best": best.name,
        "recommended": recommended.name,
        "sure": "clear" if clear else "open",
        "reasons": _reasons(order, gaps, recommended, clear),
    }


def _entry(entrant: Entrant, gap: dict[str, Any] | None) -> dict[str, Any]:
    return {
        "name": entrant.name,
        "title": entrant.title,
        "options": entrant.recipe.strategy.options,
        "probes": [trial.to_dict() for trial in entrant.trials],
        "dropped_at": entrant.dropped_at,
        "cost": entrant.cost,
        "difference": gap,
    }


def _difference(best: Entrant, other: Entrant) -> dict[str, Any] | None:
    """Right answers of the other less those of the best, on the last rung that both were on."""
    rung = min(len(best.trials), len(other.trials)) - 1
    first, second = best.scores[rung], other.scores[rung]
    if other is best or first is None or second is None:
        return None
    return {"rows": other.trials[rung].rows, **paired.difference(first, second)}


def _reasons(
    order: list[Entrant], gaps: list[dict[str, Any] | None], recommended: Entrant, clear: bool
) -> list[Reason]:
    best = order[0]
    trial = best.trials[-1]
    known = about(trial.metric)
    value = 100 * trial.value if known.share else trial.value
    if len(order) == 1:
        said = [reason("advise.only-one", "Only {strategy} was tried, so there is nothing to compare it with.",
                       strategy=best.title)]  # fmt: skip
    elif known.share:
        said = [reason("advise.best-points", "{strategy} is best: {metric} of {value:.1f} % on {tested} validation "
                       "rows, after training on {rows} rows.", strategy=best.title, metric=known.title, value=value,
                       tested=trial.tested, rows=trial.rows)]  # fmt: skip
    else:
        said = [reason("advise.best", "{strategy} is best: {metric} of {value:.3g} on {tested} validation rows, after "
                       "training on {rows} rows.", strategy=best.title, metric=known.title, value=value,
                       tested=trial.tested, rows=trial.rows)]  # fmt: skip
    for entrant, gap in zip(order[1:], gaps[1:], strict=True):
        said += _against(entrant, gap)
    if recommended is not best:
        said.append(reason("advise.thrifty", "{strategy} is recommended: nearly as good, in {percent:.0f} % of the "
                           "time.", strategy=recommended.title,
                           percent=100 * recommended.cost["seconds"] / max(best.cost["seconds"], 1e-9)))  # fmt: skip
    elif clear:
        said.append(reason("advise.clear", "That is more than chance explains."))
    elif len(order) > 1:
        said.append(reason("advise.open", "It may be chance: with more rows the order can change."))
    said.append(reason("advise.cost", "A training on all rows with {strategy} takes about {minutes:.1f} minutes and "
                       "{memory:.1f} GB of memory.", strategy=recommended.title,
                       minutes=recommended.cost["seconds"] / 60,
                       memory=recommended.cost["memory_bytes"] / 1e9))  # fmt: skip
    return said


def _against(entrant: Entrant, gap: dict[str, Any] | None) -> list[Reason]:
    if gap is None:
        return []
    points = {name: 100 * gap[name] for name in ("value", "low", "high")}
    return [reason("advise.against", "{strategy} on {rows} rows: {value:+.1f} points of right answers against it (95 "
                   "% interval {low:+.1f} to {high:+.1f}).", strategy=entrant.title, rows=gap["rows"],
                   **points)]  # fmt: skip

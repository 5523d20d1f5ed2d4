"""The frontier: chains of compression steps, each measured, and which of them no other beats in everything.

A search over chains that can be stopped, and gone on with, at any time: the model after each step of each chain is kept
in the folder ``frontier`` of the run, so that chains share what they begin with. The chosen point becomes the run's
result, and only then the test rows are looked at.
"""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from tlstudio.core import recipe as recipes
from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.events import Emit, Event, Finished, Log, Progress, Result, log
from tlstudio.core.files import explain_os_errors, read_json
from tlstudio.core.reasons import reason
from tlstudio.core.recipe import Choice
from tlstudio.data.labelled import Labelled
from tlstudio.metrics.names import about
from tlstudio.pipeline import chains as candidates
from tlstudio.pipeline import compressing, subsets
from tlstudio.pipeline.again import reopened
from tlstudio.pipeline.budget import Budget, Point
from tlstudio.pipeline.chains import Chain
from tlstudio.pipeline.checks import check
from tlstudio.pipeline.context import Context
from tlstudio.pipeline.forms import TRAINED_TITLE, Form
from tlstudio.pipeline.measuring import SPLIT, Bench
from tlstudio.pipeline.run import compress, explained
from tlstudio.pipeline.study import FOLDER, Study, hash_of, nodes_of, note_choice, point_of

_ROWS = 2000  # validation rows at most: enough for half a point, and a minute on a small machine
_FAR = 3.0  # times the loss that is allowed: then what goes further in the same way is not tried
_UNSTATED = 0.01  # the loss that this is reckoned from where none is stated
_MEASURING = 20.0  # seconds to measure a form, before one has been measured
_TEACHER = 1.3  # an epoch of recovery takes so many of training, for the answers of the teacher
_FATAL = ("files.disk-full",)  # what would end every other chain as well
_INTERVAL = 0.1  # seconds between two events of progress


def explore(
    folder: Path, budget: Budget, emit: Emit, control: Control, chains: Sequence[Sequence[Choice]] | None = None,
    minutes: float = 30.0,
) -> dict[str, Any]:  # fmt: skip
    """Builds and measures chains of compression steps for a finished run; the same call goes on where it ended.

    Each point is told as a :class:`Result` called ``frontier-point``, the trained model before them as
    ``frontier-reference``. A *stop*, or the end of the time, ends with what has been measured by then; what is measured
    stays in any case.

    Args:
        folder: of the run.
        budget: marks the points that are within it, and where the search need not go further.
        chains: what to try; by default chains of all steps that fit the task, see
            :func:`tlstudio.pipeline.chains.usual`.
        minutes: no chain is begun that would take longer.

    Returns:
        ``{"machine", "rows", "metric", "title", "lower", "share", "reference", "points", "best", "chosen", "budget",
        "finished", "reasons", "seconds"}``. A point has ``key``, ``title``, ``steps``, ``status`` (measured, failed or
        skipped), ``reason`` (code, message and params; None where measured), and where measured ``score`` with its 95 %
        interval ``low`` and ``high``, ``lost`` (share of the trained model's score), ``agreement`` with it, ``bytes``
        of the weights, ``folder_bytes``, ``format``, ``parameters``, ``latency`` by ``1``, ``16`` (rows, all threads),
        ``1-thread`` and ``1-thread-16`` as ``{"median_ms", "p95_ms", "ratio", "measured_ms", "repetitions"}``,
        ``memory_bytes``, ``pareto`` and ``within_budget``. ``ratio`` is the time over that of the trained model, which
        answered in turns with it; ``median_ms`` is this ratio in milliseconds of ``reference``, so that points may be
        compared, and ``measured_ms`` what the clock said. ``best`` is the key of the smallest and fastest point within
        the budget, ``finished`` whether nothing is left to try.

    Raises:
        StudioError: the run has no model, no validation rows, or other data than it had.
        Cancelled: the user has cancelled; what was found stays.
    """
    with _opened(folder, emit, control) as (context, clock):
        clock.begin(60 * minutes)
        checked = check(context.recipe)
        stages = reopened(context, checked, _chosen_rows)
        task = checked.task.plugin
        wanted = ([candidates.parsed(list(chain), task) for chain in chains] if chains is not None
                  else candidates.usual(task, folder / "model"))  # fmt: skip
        if not wanted:
            raise StudioError(
                "frontier.no-steps", "No compression step fits the task {task}.", "Export the model as it is.",
                where="compress", task=task.TITLE,
            )  # fmt: skip
        trained = compressing.trained(stages)
        study = Study(folder, budget, hash_of(folder / "model"))
        return _Explorer(study, Bench(stages, trained, budget.length), trained, clock, chains is None).go(wanted)


def choose(folder: Path, key: str, emit: Emit, control: Control) -> Finished:
    """Makes a point the result of its run: its recipe, its compressed forms, their test, exports and report.

    Args:
        folder: of the run.
        key: of a measured point, or its unique beginning; ``trained`` for the model without compression.
    """
    try:
        point = point_of(folder, key)
        choices = [Choice.model_validate(step) for step in point["steps"]]
        weights = hash_of(folder / "model")
    except StudioError as error:
        finished = Finished(outcome="failed", seconds=0.0, error=error.to_dict())
        emit(finished)
        return finished
    ready = [nodes_of(folder) / candidates.key_of(weights, choices[: count + 1]) for count in range(len(choices))]
    finished = compress(folder, choices, emit, control, partial(compressing.chain, ready=ready))
    if finished.error is None and finished.outcome != "cancelled":
        note_choice(folder, point["key"])
    return finished


def _chosen_rows(rows: Labelled) -> Labelled:
    """Training rows, and some validation rows; the test is left alone.

    Raises:
        StudioError: there are no validation rows.
    """
    if not len(rows.splits.get(SPLIT, ())):
        raise StudioError(
            "frontier.no-validation", "The run has no validation rows, on which forms of its model could be compared.",
            "Train again with a validation share above 0; the test rows are kept for the form that is chosen.",
            where="data.split.validation",
        )  # fmt: skip
    kept = {split: rows.splits[split] for split in ("train", SPLIT)}
    return subsets.sample(replace(rows, splits=kept), SPLIT, _ROWS, seed=7)


@contextlib.contextmanager
def _opened(folder: Path, emit: Emit, control: Control) -> Iterator[tuple[Context, _Clock]]:
    """The run, locked while it is worked on; its events are told as far as they belong to a study."""
    recipe = recipes.load(folder / "recipe.yaml").model_copy(update={"compress": (), "export": ()})
    results = read_json(folder / "results.json")
    with explain_os_errors(folder):
        (folder / FOLDER).mkdir(exist_ok=True)
    clock = _Clock(emit, control)
    context = Context(recipe, folder, clock.hear, control, ("tokenise", "compress"), events=f"{FOLDER}/events.jsonl")
    context.results = results
    context.lock()
    try:
        yield context, clock
    finally:
        shutil.rmtree(folder / "checkpoints", ignore_errors=True)  # of a recovery that was ended
        context.close()


class _Stopped(Exception):
    """The user has stopped a training: what it gives is not what the step would give, and is not kept."""


class _Clock:
    """How far the study is, by chains; the time left is that of the chains to come, at most that of the user."""

    def __init__(self, emit: Emit, control: Control) -> None:
        self.emit, self.control = emit, control
        self.done, self.total, self.title = 0, 1, ""
        self.left: float | None = None  # what the chains to come are expected to take
        self.begin(0.0)
        self._last = 0.0

    def begin(self, seconds: float) -> None:
        self._seconds, self._begin, self._paused = seconds, time.monotonic(), self.control.paused_seconds

    @property
    def passed(self) -> float:
        return time.monotonic() - self._begin - (self.control.paused_seconds - self._paused)

    @property
    def remaining(self) -> float:
        return max(self._seconds - self.passed, 0.0)

    def hear(self, event: Event) -> None:
        """What the work on a chain says: its steps are ticks, its sentences are passed on."""
        if isinstance(event, Progress):
            self.tell()
        elif isinstance(event, Log):
            self.emit(event)

    def tell(self, *, at_once: bool = False) -> None:
        now = time.monotonic()
        if now - self._last < _INTERVAL and not at_once:
            return
        self._last = now
        left = self.remaining if self.left is None else min(self.left, self.remaining)
        self.emit(Progress(stage="frontier", done=self.done, total=self.total, unit="chains", seconds_left=left,
                           detail={"title": self.title}))  # fmt: skip


class _Explorer:
    """Goes through chains, the cheap ones first, and leaves out what the measured ones speak against."""

    def __init__(self, study: Study, bench: Bench, trained: Form, clock: _Clock, adaptive: bool) -> None:
        self.study, self.bench, self.trained, self.clock, self.adaptive = study, bench, trained, clock, adaptive
        self.stages, self.control = bench.stages, bench.control
        self.broken: dict[str, Point] = {}  # by family: the point that lost too much
        self.failed: dict[str, dict[str, Any]] = {}  # by key of the model that could not be made: why
        self.pace = _epoch_seconds(self.stages.context.results)
        self.measuring = _MEASURING

    def go(self, wanted: Sequence[Chain]) -> dict[str, Any]:
        clock, study = self.clock, self.study
        for broken in nodes_of(study.folder).glob(".*"):  # of a program that was ended
            shutil.rmtree(broken, ignore_errors=True)
        clock.total = len(wanted) + 1
        clock.title = TRAINED_TITLE
        clock.tell(at_once=True)
        study.reference = self.bench.open(study.reference)
        known = about(self.bench.metric)
        study.facts = {"rows": len(self.stages.rows.splits[SPLIT]), "metric": self.bench.metric,
                       "title": known.title, "lower": known.lower, "share": known.share}  # fmt: skip
        self._save(finished=False)
        clock.emit(Result(name="frontier-reference", data=study.reference))
        for place, chain in enumerate(wanted):
            clock.done, clock.title = place + 1, chain.title
            clock.left = sum(self._expected(other) for other in wanted[place:])
            clock.tell(at_once=True)
            self.control.check()
            self._one(chain)
        clock.done, clock.left = clock.total, 0.0
        clock.tell(at_once=True)
        left = any((point["reason"] or {}).get("code") in _LATER for point in study.points.values())
        result = self._save(finished=not left)
        if not left:
            study.tidy()
        return result

    def _one(self, chain: Chain) -> None:
        """Measures a chain, or notes why not."""
        key = chain.keys(self.study.weights)[-1]
        point = self.study.points.get(key)
        if point is None or point["status"] != "measured":
            point = {"key": key, "title": chain.title, "steps": chain.plain, "status": "skipped", "pareto": False,
                     "within_budget": False}  # fmt: skip
            point["reason"] = self._against(chain)
            if point["reason"] is None:
                point |= self._tried(chain)
            self.study.points[key] = point
            self._save(finished=False)
        self._learn(chain, point)
        self.clock.emit(Result(name="frontier-point", data=point))

    def _against(self, chain: Chain) -> dict[str, Any] | None:
        """Why a chain is not tried."""
        if self.control.stopping:
            return _STOPPED
        if self._expected(chain) > self.clock.remaining:
            return reason("frontier.no-time", "Not tried: it would take about {minutes} minutes, more than are left.",
                          minutes=round(self._expected(chain) / 60, 1))  # fmt: skip
        if self.adaptive and chain.family in self.broken:
            before = self.broken[chain.family]
            return reason("frontier.too-far", "Not tried: it goes further than {title}, which lost {percent} % of the "
                          "score already.", title=before["title"], percent=round(100 * before["lost"], 1))  # fmt: skip
        return None

    def _tried(self, chain: Chain) -> Point:
        begin = time.monotonic()
        try:
            forms = self._built(chain)
            middle = time.monotonic()
            found = self.bench.measure(forms, chain.steps[-1])
            self.measuring = time.monotonic() - middle
            return {"status": "measured", "reason": None, **found, "seconds": round(time.monotonic() - begin, 1)}
        except _Stopped:
            return {"reason": _STOPPED}
        except Exception as problem:  # one chain of many; libraries raise what they like
            error = explained(problem, self.study.folder)
            if error.code in _FATAL:
                raise error from problem
            log(self.clock.emit, "frontier.failed", "{title} cannot be done: {reason}", "warning", title=chain.title,
                reason=error.message)  # fmt: skip
            return {"status": "failed", "reason": error.to_dict()}

    def _built(self, chain: Chain) -> list[Form]:
        """The forms of a chain; those that are there are not made again."""
        forms = [self.trained]
        for number, (key, step) in enumerate(zip(chain.keys(self.study.weights), chain.steps, strict=True), 1):
            self.control.check()
            if key in self.failed:
                raise StudioError.from_dict(self.failed[key])
            name, target = f"{number}-{step.plugin.NAME}", nodes_of(self.study.folder) / key
            if target.is_dir():
                forms.append(compressing.found(self.stages, step, forms[-1], target, name))
                continue
            begin = time.monotonic()
            try:
                forms.append(compressing.apply(self.stages, step, forms[-1], target, name))
            except Exception as problem:
                self.failed[key] = explained(problem, target).to_dict()
                raise
            if count := candidates.epochs_of(step):
                if self.control.stopping:
                    shutil.rmtree(target, ignore_errors=True)
                    raise _Stopped
                self.pace = max(self.pace, (time.monotonic() - begin) / count)
        return forms

    def _expected(self, chain: Chain) -> float:
        """Seconds that a chain takes, with the models that are there."""
        keys = chain.keys(self.study.weights)
        if (self.study.points.get(keys[-1]) or {}).get("status") == "measured":
            return 0.0
        missing = [step for key, step in zip(keys, chain.steps, strict=True)
                   if not (nodes_of(self.study.folder) / key).is_dir()]  # fmt: skip
        return self.measuring + self.pace * sum(candidates.epochs_of(step) for step in missing)

    def _learn(self, chain: Chain, point: Point) -> None:
        """A family is left where even the better end of the interval breaks the budget, and the value by far."""
        limit = self.study.budget.lost
        if not self.adaptive or not chain.family or point["status"] != "measured" or limit is None:
            return
        assert self.study.reference is not None
        lower, before = self.study.facts["lower"], self.study.reference["score"]
        end = point["low"] if lower else point["high"]
        at_best = ((end - before) if lower else (before - end)) / (abs(before) or 1.0)
        if point["lost"] > _FAR * max(limit, _UNSTATED) and at_best > limit:
            self.broken.setdefault(chain.family, point)

    def _save(self, finished: bool) -> dict[str, Any]:
        result = self.study.result(finished, self.clock.passed)
        self.study.save(result)
        return result


_STOPPED = reason("frontier.stopped", "Not tried: the search was stopped.")
_LATER = ("frontier.stopped", "frontier.no-time")  # what another go may try


def _epoch_seconds(results: dict[str, Any]) -> float:
    """Seconds that an epoch of recovery is expected to take, from the training of the run."""
    training = results.get("training") or {}
    return float(_TEACHER * (training.get("seconds") or 0.0) / max(training.get("epochs_done") or 1, 1))

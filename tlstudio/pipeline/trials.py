"""Short trainings of variants of a recipe, judged on validation rows: what the advisor and the search are made of.

The test rows are never looked at, so that a choice made here does not flatter the test later.
"""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.events import Emit, Event, Log, Metric, Progress
from tlstudio.core.progress import Meter, silent
from tlstudio.core.reasons import Reason, reason
from tlstudio.core.recipe import Recipe
from tlstudio.data.labelled import Labelled
from tlstudio.metrics.names import about
from tlstudio.models import earlier, loading
from tlstudio.models.scorers import score, usable_cores
from tlstudio.pipeline import backbones, subsets
from tlstudio.pipeline.checks import check
from tlstudio.pipeline.context import Context
from tlstudio.pipeline.stages import Stages
from tlstudio.tasks.base import TestJob

if TYPE_CHECKING:
    import numpy as np

    from tlstudio.training.rehearsal import Rehearsal

_RESAMPLES = 100  # of the intervals of a test whose scores alone are wanted

Listen = Callable[[float, float], None]


@dataclass(frozen=True)
class Trial:
    """What a short training came to, on validation rows.

    Attributes:
        metric: name of the metric that decides.
        value: of this metric, at its best epoch.
        metrics: all metrics of the best epoch.
        rows: training rows.
        tested: validation rows.
        seconds: of the training.
        epochs: that were done.
        memory_bytes: of the whole process, at most.
        complete: False where the user has stopped it.
    """

    metric: str
    value: float
    metrics: dict[str, float]
    rows: int
    tested: int
    seconds: float
    epochs: float
    memory_bytes: int
    complete: bool

    @property
    def gain(self) -> float:
        """The value, turned so that more is better."""
        return -self.value if about(self.metric).lower else self.value

    def to_dict(self) -> dict[str, Any]:
        return {
            "value": self.value,
            "metrics": self.metrics,
            "rows": self.rows,
            "seconds": round(self.seconds, 2),
            "epochs": self.epochs,
            "memory_bytes": self.memory_bytes,
        }


class Quick(Stages):
    """The stages of a recipe without notes, files and test rows."""

    def open(self, rows: Labelled) -> None:
        """Finds the model; the rows have been read."""
        import torch

        recipe = self.context.recipe
        threads = recipe.training.threads
        torch.set_num_threads(usable_cores() if threads == "auto" else threads)
        self.backbone = loading.resolve(recipe.model, self.context.control.check)
        backbones.require(self.backbone, recipe.model.source, self.checked.task.plugin)
        self.lineage = earlier.lineage(self.backbone.path)
        self.rows = rows
        self.encoded = self.encode(silent)

    def read(self) -> Labelled:
        """The rows of the recipe."""
        return self.labelled(silent)

    @property
    def metric(self) -> str:
        """What decides, once the settings are settled."""
        return self.settings.best_metric

    def rehearsed(self) -> Rehearsal:
        """Tries a few steps; the settings are then settled, with the precision and the parts of a batch found."""
        from tlstudio.training import rehearsal

        self.settle()
        precision, context = self.context.recipe.training.precision, self.context
        self.transfer = self.prepared()
        found = rehearsal.rehearse(self.transfer, self.loss(), self.settings, precision == "auto", context.emit,
                                   context.control)  # fmt: skip
        self.settings = found.settings
        return found

    def scores(self) -> np.ndarray | None:
        """How good the trained model's answer to each validation row is [N]; None where answers are not gathered."""
        import numpy as np

        task, control = self.checked.task, self.context.control
        if self.head.generate or not task.plugin.GATHERS:
            return None
        examples = self.encoded.examples("validation")
        outputs = score(self.scorer(), examples, tick=lambda _rows: control.check())
        job = TestJob(task.config, self.encoded, self.rows, "validation", outputs, _RESAMPLES,
                      self.context.recipe.training.seed, silent, control)  # fmt: skip
        return np.asarray(task.plugin.test(job).columns["score"], np.float64)


class Bench:
    """The rows of a recipe, read once, for trainings of its variants; the folder of a training is temporary.

    Args:
        recipe: what to vary.
        tested: validation rows at most.
    """

    def __init__(self, recipe: Recipe, control: Control, tested: int = 1000) -> None:
        self.recipe, self.control = light(recipe), control
        self._tested = tested
        self._data: dict[str, Labelled] = {}
        self.labelled = self.read(self.recipe)

    def read(self, recipe: Recipe) -> Labelled:
        """The rows of a variant, with validation rows; kept, unless the variant changes how they are read."""
        section = recipe.data.model_copy(update={"augment": (), "balance": "none"})
        key = section.model_dump_json() + recipe.task.model_dump_json()
        if key not in self._data:
            seed = recipe.data.split.seed
            with quick(recipe, silent, self.control) as stages:
                rows = subsets.with_validation(stages.read(), seed)
            self._data[key] = subsets.sample(rows, "validation", self._tested, seed)
        return self._data[key]

    @contextlib.contextmanager
    def stages(
        self, recipe: Recipe, emit: Emit = silent, rows: int = 0, draw: int = 0, each: int = 0
    ) -> Iterator[Quick]:
        """The stages of a variant, ready to be settled.

        Args:
            recipe: the variant.
            emit: hears of the training.
            rows: training rows at most; 0 for all.
            draw: seed of the choice of rows; fewer rows of a draw are among more of it.
            each: training rows of each class at most; 0 for any number.
        """
        labelled = self.read(recipe)
        if rows:
            labelled = subsets.sample(labelled, "train", rows, draw)
        if each:
            labelled = subsets.sample_each(labelled, "train", each, draw)
        labelled = subsets.with_splits(labelled)
        with quick(light(recipe), emit, self.control) as stages:
            kept = {split: labelled.splits[split] for split in ("train", "validation")}
            stages.open(Labelled(**{**vars(labelled), "splits": kept}))
            yield stages


@contextlib.contextmanager
def quick(recipe: Recipe, emit: Emit, control: Control) -> Iterator[Quick]:
    """The stages of a recipe in a temporary folder."""
    checked = check(recipe)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        context = Context(recipe, Path(folder), emit, control, ("rehearse", "train", "evaluate"))
        try:
            yield Quick(context, checked)
        finally:
            context.close()


def light(recipe: Recipe) -> Recipe:
    """The recipe without what comes before and after the training itself."""
    return recipe.model_copy(update={"adapt": (), "compress": (), "export": ()})


def left_out(recipe: Recipe) -> list[Reason]:
    """What a user should know about trainings of :func:`light` recipes."""
    if not recipe.adapt:
        return []
    return [reason("trial.no-adapt", "The adaptation of the backbone is left out here, since it would be done again in "
                   "each training; with it the results may differ.")]  # fmt: skip


def train(stages: Quick, listen: Listen | None = None) -> Trial:
    """Trains a variant as its strategy does; the stages then hold the model.

    Args:
        stages: opened; settled, where another than the usual settings are wanted.
        listen: hears epoch and score of each validation, and may raise to end the training.

    Raises:
        StudioError: the training came to nothing.
        Cancelled: the user has cancelled.
    """
    if not hasattr(stages, "settings"):
        stages.settle()
    heard: list[dict[str, float]] = []
    outer = stages.context.emit

    def emit(event: Event) -> None:
        outer(event)
        # of a training in phases the first may measure something else
        if isinstance(event, Metric) and event.split == "validation" and stages.metric in event.values:
            heard.append(event.values)
            if listen is not None:
                listen(event.epoch, event.values[stages.metric])

    begin = time.monotonic()
    stages.model, trained = stages.fitted(stages.context.folder / "checkpoints", emit)
    stages.tune()
    if trained.best_score is None:
        raise StudioError(
            "trial.nothing", "The training ended before its first validation.", "Give it more time.",
        )  # fmt: skip
    best = next((values for values in reversed(heard) if values[stages.metric] == trained.best_score), {})
    return Trial(
        metric=stages.metric,
        value=trained.best_score,
        metrics={name: float(value) for name, value in best.items()},
        rows=len(stages.rows.splits["train"]),
        tested=len(stages.rows.splits["validation"]),
        seconds=time.monotonic() - begin,
        epochs=trained.epochs,
        memory_bytes=trained.peak_memory_bytes,
        complete=trained.outcome != "stopped",
    )


class Whole:
    """How far a job of several trainings is; the progress of each counts as its share.

    Args:
        stage: name of the job.
        total: weight of all parts.
        unit: what is counted.
    """

    def __init__(self, emit: Emit, control: Control, stage: str, total: float, unit: str) -> None:
        self._emit, self._meter, self._begun = emit, Meter(emit, control, stage, total, unit), 0.0

    @property
    def seconds(self) -> float:
        """Working seconds so far."""
        return self._meter.seconds

    @property
    def total(self) -> float:
        return self._meter.total

    @total.setter
    def total(self, value: float) -> None:
        self._meter.total = value

    @contextlib.contextmanager
    def part(self, weight: float = 1.0, **detail: Any) -> Iterator[Emit]:
        """Gives what a part is to emit to; only its progress, its curve and its warnings are passed on."""
        begin = self._meter.done
        self._meter.advance(0, **detail)

        def emit(event: Event) -> None:
            if isinstance(event, Progress) and event.stage == "train":
                done = begin + weight * min(event.done / max(event.total, 1e-9), 1.0)
                self._meter.advance(max(done - self._meter.done, 0.0), **detail)
            elif isinstance(event, Metric) or (isinstance(event, Log) and event.level != "info"):
                self._emit(event)

        yield emit
        end = begin + weight
        if abs(self.total - end) < 1e-6 * self.total:  # sums of shares; the bar must reach its end
            end = self.total
        rest, self._meter.done = end, 0.0  # set anew, not added to: x + (y - x) need not be y
        self._meter.advance(rest, **detail)

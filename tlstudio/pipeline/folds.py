"""Cross-validation: the other folds are trained and tested like the first, whose model is the one that is kept.

A score on one small test set says little; the mean over folds, with its spread, says more (Kohavi, 1995, "A study of
cross-validation and bootstrap for accuracy estimation and model selection").
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tlstudio.core.events import Checkpoint, Event, Log, Metric, Progress, log
from tlstudio.metrics.names import about
from tlstudio.models.scorers import score
from tlstudio.tasks.base import Encoded, Outputs

if TYPE_CHECKING:
    from tlstudio.pipeline.stages import Stages


def cross_validate(first: Stages) -> dict[str, Any]:
    """Trains on all folds but the first, which ``first`` has done.

    Returns:
        ``{"folds": [{"fold", "rows", "metrics"}], "mean", "sd", "pooled"}``: metrics of each fold, their mean and
        standard deviation (n - 1), and, where the task can, the metrics with intervals over all rows, each tested by
        the model that has not seen it.
    """
    import numpy as np

    recipe, task = first.context.recipe, first.checked.task
    count = recipe.data.split.folds
    tested = [(first.encoded, first.answers)]
    for fold in range(1, count):
        other = None if first.context.control.stopping else _tested(first, fold, count)
        if first.context.control.stopping or other is None:
            break  # the user wants the end: a fold that was cut short would spoil the mean
        tested.append(other)
    entries = [_entry(first, fold, *part) for fold, part in enumerate(tested, 1)]
    names = [name for name in task.plugin.curves(first.encoded) if name != "loss"] or ["loss"]
    table = {name: [entry["metrics"][name] for entry in entries] for name in names}
    mean = {name: float(np.mean(values)) for name, values in table.items()}
    sd = {name: float(np.std(values, ddof=1)) if len(values) > 1 else 0.0 for name, values in table.items()}
    log(first.context.emit, "folds.mean", "Over {folds} folds: {metric} {mean} ± {sd} (standard deviation).",
        folds=len(entries), metric=about(names[0]).title, mean=round(mean[names[0]], 3),
        sd=round(sd[names[0]], 3))  # fmt: skip
    return {"folds": entries, "mean": mean, "sd": sd, "pooled": _pooled(first, tested)}


def _pooled(first: Stages, tested: list[tuple[Encoded, Outputs]]) -> dict[str, Any]:
    task, recipe = first.checked.task.plugin, first.context.recipe
    if not hasattr(task, "pooled"):
        return {}
    encoded, outputs = zip(*tested, strict=True)
    found: dict[str, Any] = task.pooled(
        encoded, outputs, bootstrap=recipe.evaluate.bootstrap, seed=recipe.training.seed,
        check=first.context.control.check,
    )  # fmt: skip
    return found


def _entry(first: Stages, fold: int, encoded: Encoded, outputs: Outputs) -> dict[str, Any]:
    task = first.checked.task
    found = task.plugin.measure(task.config, encoded, "test", outputs, 0.0)
    values = {name: float(value) for name, value in found.items() if name != "loss"}
    return {"fold": fold, "rows": len(encoded.splits["test"]), "metrics": values}


def _tested(first: Stages, fold: int, count: int) -> tuple[Encoded, Outputs]:
    """The rows of one fold and the answers of a model that was trained on the others."""
    emit = _Quiet(first, fold, count)
    stages = first.of_fold(fold, emit)
    stages.model = stages.fitted(first.context.folder / "checkpoints" / f"fold-{fold}", emit)[0]
    stages.tune()
    examples = stages.encoded.examples("test")
    return stages.encoded, score(stages.scorer(), examples, tick=lambda _n: first.context.control.check())


class _Quiet:
    """Passes on the progress of a fold as its share of all folds; its curves and notes would only confuse."""

    def __init__(self, first: Stages, fold: int, count: int) -> None:
        self._emit, self._fold, self._count = first.context.emit, fold, count

    def __call__(self, event: Event) -> None:
        if isinstance(event, (Metric, Checkpoint, Log)):
            return
        if not isinstance(event, Progress) or event.stage != "train":
            return
        done = self._fold - 1 + event.done / max(event.total, 1e-9)
        left = None
        if event.seconds_left is not None:
            whole = event.seconds_left / max(1 - event.done / max(event.total, 1e-9), 1e-9)
            left = event.seconds_left + whole * (self._count - 1 - self._fold)
        self._emit(Progress(stage="cross_validate", done=done, total=self._count - 1, unit="folds", seconds_left=left))

"""Cross-validation: the other folds are trained and tested like the first, whose model is the one that is kept.

A score on one small test set says little; the mean over folds, with its spread, says more (Kohavi, 1995, "A study of
cross-validation and bootstrap for accuracy estimation and model selection").
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tlstudio.core.events import Checkpoint, Event, Log, Metric, Progress, log
from tlstudio.evaluation import metrics
from tlstudio.models.scorers import TorchScorer, score

if TYPE_CHECKING:
    import numpy as np

    from tlstudio.pipeline.stages import Stages

_QUICK = ("accuracy", "macro_f1")


def cross_validate(first: Stages, test_logits: np.ndarray) -> dict[str, Any]:
    """Trains on all folds but the first, which ``first`` has done.

    Args:
        test_logits: of the first fold, [N, C].

    Returns:
        ``{"folds": [{"fold", "rows", "metrics"}], "mean", "sd", "pooled"}``: metrics of each fold, their mean and
        standard deviation (n - 1), and the metrics with intervals over all rows, each tested by the model that has
        not seen it.
    """
    import numpy as np

    count = first.context.recipe.data.split.folds
    logits, labels = [test_logits], [np.asarray(first.encoded.targets("test"))]
    for fold in range(1, count):
        tested = None if first.context.control.stopping else _tested(first, fold, count)
        if first.context.control.stopping or tested is None:
            break  # the user wants the end: a fold that was cut short would spoil the mean
        logits.append(tested[0])
        labels.append(tested[1])
    entries = [_entry(fold, one, truth) for fold, (one, truth) in enumerate(zip(logits, labels, strict=True), 1)]
    table = {name: [entry["metrics"][name] for entry in entries] for name in _QUICK}
    pooled = metrics.evaluate(
        np.concatenate(logits), np.concatenate(labels).tolist(), first.encoded.labels,
        bootstrap=first.context.recipe.evaluate.bootstrap, seed=first.context.recipe.training.seed,
        check=first.context.control.check,
    )  # fmt: skip
    mean = {name: float(np.mean(values)) for name, values in table.items()}
    sd = {name: float(np.std(values, ddof=1)) if len(values) > 1 else 0.0 for name, values in table.items()}
    log(first.context.emit, "folds.mean", "Over {folds} folds: accuracy {mean} % ± {sd} (standard deviation).",
        folds=len(entries), mean=round(100 * mean["accuracy"], 1), sd=round(100 * sd["accuracy"], 1))  # fmt: skip
    return {"folds": entries, "mean": mean, "sd": sd, "pooled": pooled["metrics"]}


def _entry(fold: int, logits: np.ndarray, labels: np.ndarray) -> dict[str, Any]:
    found = metrics.quick(logits, labels)
    return {"fold": fold, "rows": len(labels), "metrics": {name: float(found[name]) for name in _QUICK}}


def _tested(first: Stages, fold: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Logits and labels of one fold, from a model that was trained on the others."""
    import numpy as np

    emit = _Quiet(first, fold, count)
    stages = first.of_fold(fold, emit)
    model = stages.fitted(first.context.folder / "checkpoints" / f"fold-{fold}", emit)[0]
    logits = score(TorchScorer(model), stages.encoded.ids("test"), tick=lambda _n: first.context.control.check())
    return logits, np.asarray(stages.encoded.targets("test"))


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

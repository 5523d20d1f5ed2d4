"""Metrics of a single-label classifier with 95 % bootstrap intervals; point values equal scikit-learn's.

Classes that do not occur, as scikit-learn has it:

* Precision, recall and F1 of a class are 0 where they are undefined (``zero_division=0``).
* A macro mean runs over the classes that occur among the labels or the predictions.
* The area under the ROC curve of a class needs rows of it and rows of others; a class without is left out of the
  mean (scikit-learn gives no value at all then). No class left gives None.

Each resample is treated in the same way, so an interval is that of the very number beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tlstudio.core.errors import StudioError
from tlstudio.metrics import calibration, resampling
from tlstudio.metrics.resampling import Floats

NAMES = (
    "accuracy",
    "macro_precision",
    "macro_recall",
    "macro_f1",
    "weighted_precision",
    "weighted_recall",
    "weighted_f1",
    "matthews",
    "roc_auc",
    "log_loss",
    "ece",
)
Integers = NDArray[np.int64]
_PER_CLASS = ("precision", "recall", "f1")


@dataclass(frozen=True)
class Counts:
    """Weighted counts of each class in each of B samples; all arrays [B, C]."""

    hits: Floats
    support: Floats
    predicted: Floats


class _Rows:
    """What the metrics need of the N test rows, computed once.

    Args:
        probabilities: [N, C].
        labels: [N], class indices.
    """

    def __init__(self, probabilities: Floats, labels: Integers) -> None:
        rows, classes = probabilities.shape
        self.labels = labels
        self.predicted = probabilities.argmax(axis=1)
        self.true_class = np.eye(classes)[labels]
        self.predicted_class = np.eye(classes)[self.predicted]
        self.hit_class = self.true_class * self.predicted_class
        # scikit-learn clips at the machine epsilon too, so that one certain error does not make the loss infinite
        given = probabilities[np.arange(rows), labels]
        self.losses = -np.log(np.maximum(given, np.finfo(np.float64).eps))
        confidence = probabilities[np.arange(rows), self.predicted]
        self.gaps = calibration.gaps(confidence, self.predicted == labels)
        self._probabilities = probabilities

    @cached_property
    def rankings(self) -> list[Ranking]:
        """One for each class that occurs.

        Two classes have the same area, so one ranking is enough (and equals scikit-learn's binary value).
        """
        classes = self._probabilities.shape[1]
        used = [1] if classes == 2 else np.unique(self.labels)
        return [Ranking(self._probabilities[:, index], self.labels == index) for index in used]

    def counts(self, weights: Floats) -> Counts:
        return Counts(weights.T @ self.hit_class, weights.T @ self.true_class, weights.T @ self.predicted_class)


class Ranking:
    """Scores of one class in order, for the area under its ROC curve under any weights.

    The area is the share of (row of the class, other row) pairs in the right order, ties counting half
    (Mann-Whitney; Fawcett 2006).
    """

    def __init__(self, scores: Floats, positive: NDArray[np.bool_]) -> None:
        self.order = np.argsort(scores, kind="stable")
        ordered = scores[self.order]
        self.starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
        self.positive = positive[self.order].astype(np.float64)[:, None]

    def area(self, weights: Floats) -> Floats:
        """Areas [b] for weights [N, b]; NaN where the class or the rest has no weight."""
        positive, total = self.sums(weights)
        negative = total - positive
        below = np.cumsum(negative, axis=0) - negative / 2
        pairs = positive.sum(axis=0) * negative.sum(axis=0)
        with np.errstate(invalid="ignore"):
            return np.einsum("nb,nb->b", positive, below) / np.where(pairs > 0, pairs, np.nan)

    def sums(self, weights: Floats) -> tuple[Floats, Floats]:
        """Weight of the rows of the class, and of all rows, at each distinct score, lowest first: [S, b] each."""
        ordered = weights[self.order]
        return self._by_score(ordered * self.positive), self._by_score(ordered)

    def _by_score(self, values: Floats) -> Floats:
        return values if len(self.starts) == len(values) else np.add.reduceat(values, self.starts, axis=0)


def evaluate(
    logits: ArrayLike,
    labels: ArrayLike,
    names: Sequence[str],
    *,
    bootstrap: int = 1000,
    seed: int = 7,
    check: Callable[[], None] | None = None,
) -> dict[str, Any]:
    """All metrics of a test, each as ``{"value", "low", "high"}``.

    Args:
        logits: [N, C].
        labels: [N], indices into ``names``.
        names: the C class names.
        bootstrap: number of resamples behind each interval.
        seed: the same seed gives the same intervals.
        check: called for each block of resamples; may raise Cancelled.

    Returns:
        ``rows``, ``metrics`` (see NAMES), ``per_class``, ``confusion`` (rows: true, columns: predicted),
        ``calibration`` and ``absent``: the classes without a row in this test.

    Raises:
        StudioError: no rows, or a logit that is not a finite number.
    """
    scores, truth = _checked(logits, labels)
    rows = _Rows(probabilities(scores), truth)
    point_all, point_class = _measure(rows, np.ones((len(truth), 1)))
    parts = [_measure(rows, weights) for weights in resampling.blocks(len(truth), bootstrap, seed, check)]
    sampled_all = np.concatenate([part[0] for part in parts])
    sampled_class = np.concatenate([part[1] for part in parts])
    metrics = {
        name: resampling.interval(point_all[0, index], sampled_all[:, index]) for index, name in enumerate(NAMES)
    }
    support = np.bincount(truth, minlength=len(names))
    return {
        "rows": len(truth),
        "metrics": metrics,
        "per_class": class_entries(names, support, point_class[0], sampled_class),
        "confusion": confusion(truth, rows.predicted, len(names)).tolist(),
        "calibration": calibration.table(scores, truth),
        "absent": [name for name, count in zip(names, support, strict=True) if not count],
    }


def evaluate_predictions(
    predicted: ArrayLike,
    labels: ArrayLike,
    classes: int,
    *,
    bootstrap: int = 1000,
    seed: int = 7,
    check: Callable[[], None] | None = None,
) -> dict[str, resampling.Interval]:
    """Accuracy and macro F1 with intervals, where only the predicted classes [N] are known."""
    guesses, truth = np.asarray(predicted, np.int64), np.asarray(labels, np.int64)
    need_rows(len(truth))
    rows = _Rows(np.eye(classes)[guesses], truth)
    point = _short(rows.counts(np.ones((len(truth), 1))))
    parts = [_short(rows.counts(weights)) for weights in resampling.blocks(len(truth), bootstrap, seed, check)]
    sampled = np.concatenate(parts)
    return {name: resampling.interval(point[0, index], sampled[:, index]) for index, name in enumerate(_SHORT)}


def quick(logits: ArrayLike, labels: ArrayLike) -> dict[str, float]:
    """Loss, accuracy and macro F1 without intervals: cheap enough for every epoch.

    A loss that is not finite stays so, because training stops at it.
    """
    scores, truth = np.asarray(logits, np.float64), np.asarray(labels, np.int64)
    need_rows(len(truth))
    classes = scores.shape[1]
    predicted = scores.argmax(axis=1)
    shifted = scores - scores.max(axis=1, keepdims=True)
    losses = np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(len(truth)), truth]
    matrix = confusion(truth, predicted, classes).astype(np.float64)
    counts = Counts(np.diag(matrix)[None], matrix.sum(axis=1)[None], matrix.sum(axis=0)[None])
    accuracy, macro_f1 = _short(counts)[0]
    return {"loss": float(losses.mean()), "accuracy": float(accuracy), "macro_f1": float(macro_f1)}


def probabilities(logits: ArrayLike) -> Floats:
    """Softmax [N, C] in double precision."""
    scores = np.asarray(logits, np.float64)
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def confusion(labels: Integers, predicted: Integers, classes: int) -> Integers:
    """Counts [C, C]; rows are true classes, columns predicted ones."""
    cells = np.bincount(labels * classes + predicted, minlength=classes * classes)
    return cells.reshape(classes, classes).astype(np.int64)


_SHORT = ("accuracy", "macro_f1")


def _short(counts: Counts) -> Floats:
    """Accuracy and macro F1, [B, 2]."""
    accuracy = counts.hits.sum(axis=1) / counts.support.sum(axis=1)
    scores = class_scores(counts)[2]
    return np.stack([accuracy, macro_mean(scores, counts)], axis=1)


def _measure(rows: _Rows, weights: Floats) -> tuple[Floats, Floats]:
    """All metrics [b, len(NAMES)] and the scores of each class [b, 3, C] under weights [N, b].

    Scores of a class that does not occur in a resample are NaN there.
    """
    counts = rows.counts(weights)
    size = counts.support.sum(axis=1)
    scores = class_scores(counts)
    macro = [macro_mean(score, counts) for score in scores]
    weighted = [(score * counts.support).sum(axis=1) / size for score in scores]
    values = [
        counts.hits.sum(axis=1) / size,
        *macro,
        *weighted,
        _matthews(counts),
        _mean_area(rows.rankings, weights),
        weights.T @ rows.losses / size,
        np.abs(weights.T @ rows.gaps).sum(axis=1) / size,
    ]
    return np.stack(values, axis=1), class_table(counts)


def class_table(counts: Counts) -> Floats:
    """Precision, recall and F1 of each class, [B, 3, C]; NaN where the class does not occur in a sample."""
    return np.where(occurs(counts)[:, None, :], np.stack(class_scores(counts), axis=1), np.nan)


def class_scores(counts: Counts) -> tuple[Floats, Floats, Floats]:
    """Precision, recall and F1 of each class, [B, C] each; 0 where undefined."""
    precision = divide(counts.hits, counts.predicted)
    recall = divide(counts.hits, counts.support)
    return precision, recall, divide(2 * counts.hits, counts.predicted + counts.support)


def occurs(counts: Counts) -> NDArray[np.bool_]:
    """Which classes are among the labels or the predictions of each sample, [B, C]."""
    return counts.support + counts.predicted > 0


def macro_mean(score: Floats, counts: Counts) -> Floats:
    """Mean of a score [B, C] over the classes that occur, [B]; 0 where none does."""
    present = occurs(counts).astype(np.float64)
    return divide((score * present).sum(axis=1), present.sum(axis=1))


def _matthews(counts: Counts) -> Floats:
    """Multi-class Matthews correlation (Gorodkin 2004), [B]; 0 where labels or predictions are all one class."""
    size = counts.support.sum(axis=1)
    both = counts.hits.sum(axis=1) * size - (counts.support * counts.predicted).sum(axis=1)
    truth = size**2 - (counts.support**2).sum(axis=1)
    guess = size**2 - (counts.predicted**2).sum(axis=1)
    return divide(both, np.sqrt(truth * guess))


def _mean_area(rankings: list[Ranking], weights: Floats) -> Floats:
    """Mean one-against-rest area over the classes that have one, [b]; NaN where none has."""
    areas = np.stack([ranking.area(weights) for ranking in rankings])
    defined = np.isfinite(areas)
    count = defined.sum(axis=0)
    return np.where(count > 0, np.where(defined, areas, 0).sum(axis=0) / np.maximum(count, 1), np.nan)


def divide(numerator: Floats, denominator: Floats) -> Floats:
    """Quotient of two arrays of one shape; 0 where the denominator is not above 0."""
    return np.divide(numerator, denominator, out=np.zeros_like(numerator, np.float64), where=denominator > 0)


def class_entries(names: Sequence[str], support: Integers, point: Floats, sampled: Floats) -> list[dict[str, Any]]:
    """One entry a class: precision, recall and F1 with intervals. ``point`` is [3, C], ``sampled`` [B, 3, C]."""
    point = np.nan_to_num(point, nan=0.0)
    return [
        {
            "label": name,
            "support": int(support[index]),
            **{
                metric: resampling.interval(point[row, index], sampled[:, row, index])
                for row, metric in enumerate(_PER_CLASS)
            },
        }
        for index, name in enumerate(names)
    ]


def _checked(logits: ArrayLike, labels: ArrayLike) -> tuple[Floats, Integers]:
    scores, truth = np.asarray(logits, np.float64), np.asarray(labels, np.int64)
    need_rows(len(truth))
    need_finite(scores)
    return scores, truth


def need_finite(scores: Floats) -> None:
    """Raises StudioError where the scores of a row, [N] or [N, C], are not all finite."""
    wrong = np.flatnonzero(~np.isfinite(scores.reshape(len(scores), -1)).all(axis=1))
    if len(wrong):
        raise StudioError(
            "evaluation.not-finite",
            "The model gave no finite scores for {count} of {rows} test rows, the first being row {row}.",
            "Train again with a lower learning rate or in fp32 precision.",
            where="training.learning_rate",
            count=len(wrong),
            rows=len(scores),
            row=int(wrong[0]),
        )


def need_rows(rows: int) -> None:
    """Raises StudioError where there is nothing to test on."""
    if not rows:
        raise StudioError(
            "evaluation.no-rows",
            "There are no rows to test on.",
            "Give a test file, or a test share above 0.",
            where="data.split.test",
        )

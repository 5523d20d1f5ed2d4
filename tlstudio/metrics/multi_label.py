"""Metrics of a classifier that may give a row several labels, or none; point values equal scikit-learn's.

A label is given where its probability reaches its threshold. Precision, recall and F1 over all labels (micro) count
every yes-or-no answer; their means of classes (macro) run over the labels that occur in the truth or among the
predictions, undefined ones counting 0 (Tsoumakas and Katakis, "Multi-Label Classification: An Overview", 2007).
The areas under the ROC and precision-recall curves do not depend on thresholds; a label that no row has, or that
every row has in the case of ROC, is left out of the mean.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tlstudio.metrics import resampling
from tlstudio.metrics.classification import (
    Counts,
    Ranking,
    class_entries,
    class_scores,
    class_table,
    divide,
    macro_mean,
    need_finite,
    need_rows,
)
from tlstudio.metrics.resampling import Floats

NAMES = (
    "micro_precision",
    "micro_recall",
    "micro_f1",
    "macro_precision",
    "macro_recall",
    "macro_f1",
    "subset_accuracy",
    "hamming_loss",
)
AREAS = ("roc_auc", "average_precision")
DEFAULT = 0.5  # threshold where nothing was tuned
BASELINE = ("majority", "Most frequent set of labels")  # name, title
_AREA_CELLS = 200_000_000  # of rows x labels x resamples: about ten seconds
_FEWEST = 100  # resamples behind the interval of an area, however many rows there are
Booleans = NDArray[np.bool_]


class _Rows:
    """The answers of N rows as columns, so that sums of them are one matrix product.

    Args:
        given: [N, C], the labels predicted.
        truth: [N, C].
    """

    def __init__(self, given: Booleans, truth: Booleans) -> None:
        self.hits = (given & truth).astype(np.float64)
        self.truth = truth.astype(np.float64)
        self.given = given.astype(np.float64)
        wrong = given != truth
        self.per_row = np.stack([~wrong.any(axis=1), wrong.mean(axis=1)], axis=1).astype(np.float64)

    def counts(self, weights: Floats) -> Counts:
        return Counts(weights.T @ self.hits, weights.T @ self.truth, weights.T @ self.given)

    def measure(self, weights: Floats) -> Floats:
        """The metrics of NAMES, [b, 8], under weights [N, b]."""
        counts = self.counts(weights)
        everything = Counts(
            *(part.sum(axis=1, keepdims=True) for part in (counts.hits, counts.support, counts.predicted))
        )
        micro = np.concatenate(class_scores(everything), axis=1)
        macro = np.stack([macro_mean(score, counts) for score in class_scores(counts)], axis=1)
        return np.concatenate([micro, macro, weights.T @ self.per_row / weights.sum(axis=0)[:, None]], axis=1)


def evaluate(
    probabilities: ArrayLike,
    truth: ArrayLike,
    names: Sequence[str],
    thresholds: ArrayLike = DEFAULT,
    *,
    bootstrap: int = 1000,
    seed: int = 7,
    check: Callable[[], None] | None = None,
) -> dict[str, Any]:
    """All metrics of a test, each as ``{"value", "low", "high"}``.

    Args:
        probabilities: [N, C], each from 0 to 1 by itself (sigmoid).
        truth: [N, C], whether the row has the label.
        names: the C labels.
        thresholds: [C], or one for all.
        bootstrap: resamples behind each interval; fewer, at least 100, for the areas of a very large test.
        seed: the same seed gives the same intervals.
        check: called between blocks of resamples; may raise Cancelled.

    Returns:
        ``rows``, ``metrics`` (NAMES and AREAS), ``per_class`` (with ``threshold``), and ``absent``: the labels that
        no row of this test has.

    Raises:
        StudioError: no rows, or a probability that is not a finite number.
    """
    scores, right = np.asarray(probabilities, np.float64), np.asarray(truth, bool)
    need_rows(len(right))
    need_finite(scores)
    limits = np.broadcast_to(np.asarray(thresholds, np.float64), (len(names),))
    rows = _Rows(given(scores, limits), right)
    metrics = resampling.intervals(NAMES, rows.measure, len(right), bootstrap, seed, check)
    metrics |= _areas(scores, right, bootstrap, seed, check)
    support = right.sum(axis=0).astype(np.int64)
    return {
        "rows": len(right),
        "metrics": metrics,
        "per_class": _per_class(rows, names, support, limits, bootstrap, seed, check),
        "absent": [name for name, count in zip(names, support, strict=True) if not count],
    }


def quick(probabilities: ArrayLike, truth: ArrayLike, thresholds: ArrayLike = DEFAULT) -> dict[str, float]:
    """Binary cross-entropy (``loss``, mean over rows and labels) and the main metrics without intervals.

    A loss that is not finite stays so, because training stops at it.
    """
    scores, right = np.asarray(probabilities, np.float64), np.asarray(truth, bool)
    need_rows(len(right))
    chances = np.maximum(np.where(right, scores, 1 - scores), np.finfo(np.float64).eps)
    values = _Rows(given(scores, thresholds), right).measure(np.ones((len(right), 1)))[0]
    chosen = {name: float(values[NAMES.index(name)]) for name in ("micro_f1", "macro_f1", "subset_accuracy")}
    return {"loss": float(-np.log(chances).mean()), **chosen}


def given(probabilities: ArrayLike, thresholds: ArrayLike = DEFAULT) -> Booleans:
    """The labels [N, C] whose probability reaches the threshold: [C], or one for all."""
    return np.asarray(probabilities, np.float64) >= np.asarray(thresholds, np.float64)


def tune_thresholds(probabilities: ArrayLike, truth: ArrayLike, per_class: bool) -> Floats:
    """The thresholds [C] with the highest F1 on validation rows.

    Every distinct probability is tried, and the threshold lies half-way to the next lower one; of several equally
    good ones the nearest to 0.5 is taken.

    Args:
        probabilities: [N, C].
        truth: [N, C].
        per_class: the best F1 of each label by itself; otherwise one threshold for all, with the best F1 over all
            labels (micro). A label that no validation row has keeps 0.5.

    Raises:
        StudioError: no rows, or a probability that is not a finite number.
    """
    scores, right = np.asarray(probabilities, np.float64), np.asarray(truth, bool)
    need_rows(len(right))
    need_finite(scores)
    if not per_class:
        return np.full(scores.shape[1], _best_threshold(scores.ravel(), right.ravel()))
    return np.array([_best_threshold(scores[:, index], right[:, index]) for index in range(scores.shape[1])])


def baseline(
    train_truth: ArrayLike,
    test_truth: ArrayLike,
    *,
    bootstrap: int = 1000,
    seed: int = 7,
    check: Callable[[], None] | None = None,
) -> dict[str, Any]:
    """Always the set of labels that is most frequent in training: ``{"name", "title", "metrics"}`` (NAMES)."""
    right = np.asarray(test_truth, bool)
    need_rows(len(right))
    rows = _Rows(np.broadcast_to(most_frequent_set(train_truth), right.shape), right)
    metrics = resampling.intervals(NAMES, rows.measure, len(right), bootstrap, seed, check)
    return {"name": BASELINE[0], "title": BASELINE[1], "metrics": metrics}


def most_frequent_set(truth: ArrayLike) -> Booleans:
    """The most frequent row [C] of a truth [N, C]; the first of several equally frequent ones in sorted order."""
    sets, counts = np.unique(np.asarray(truth, bool), axis=0, return_counts=True)
    return sets[counts.argmax()]


def _best_threshold(scores: Floats, truth: Booleans) -> float:
    """The threshold of one list of scores [N] with the highest F1."""
    if not truth.any():
        return DEFAULT
    order = np.argsort(-scores, kind="stable")
    ordered = scores[order]
    ends = np.flatnonzero(np.r_[ordered[1:] != ordered[:-1], True])  # the last row of each distinct score
    hits = np.cumsum(truth[order])[ends]
    f1 = 2 * hits / (ends + 1 + truth.sum())
    lower = np.r_[ordered[ends][1:], 0.0]
    middle = (ordered[ends] + lower) / 2
    limits = np.where(middle > lower, middle, ordered[ends])  # neighbouring floats have no middle
    best = np.flatnonzero(f1 == f1.max())
    return float(limits[best][np.abs(limits[best] - DEFAULT).argmin()])


def _areas(
    scores: Floats, truth: Booleans, bootstrap: int, seed: int, check: Callable[[], None] | None
) -> dict[str, resampling.Interval]:
    """Mean areas of the labels under both curves."""
    rankings = [Ranking(scores[:, index], truth[:, index]) for index in range(scores.shape[1])]

    def measure(weights: Floats) -> Floats:
        each = []
        for ranking in rankings:
            if check:
                check()
            each.append(np.stack([ranking.area(weights), average_precision(ranking, weights)], axis=1))
        return _defined_mean(np.stack(each))

    affordable = max(_FEWEST, _AREA_CELLS // max(scores.size, 1))
    return resampling.intervals(AREAS, measure, len(scores), min(bootstrap, affordable), seed, check)


def average_precision(ranking: Ranking, weights: Floats) -> Floats:
    """Sum of precision times the rise of recall over falling scores, [b]; NaN where no row has the label."""
    positive, total = ranking.sums(weights)
    found = np.cumsum(positive[::-1], axis=0)[::-1]
    precision = divide(found, np.cumsum(total[::-1], axis=0)[::-1])
    with np.errstate(invalid="ignore"):
        return (positive * precision).sum(axis=0) / np.where(found[0] > 0, found[0], np.nan)


def _defined_mean(values: Floats) -> Floats:
    """Mean over the first axis of [C, b, M] without NaN; NaN where there is nothing else."""
    defined = np.isfinite(values)
    count = defined.sum(axis=0)
    return np.where(count > 0, np.where(defined, values, 0).sum(axis=0) / np.maximum(count, 1), np.nan)


def _per_class(
    rows: _Rows,
    names: Sequence[str],
    support: NDArray[np.int64],
    thresholds: Floats,
    bootstrap: int,
    seed: int,
    check: Callable[[], None] | None,
) -> list[dict[str, Any]]:
    point = class_table(rows.counts(np.ones((len(rows.truth), 1))))[0]
    blocks = resampling.blocks(len(rows.truth), bootstrap, seed, check)
    sampled = np.concatenate([np.empty((0, 3, len(names))), *(class_table(rows.counts(weights)) for weights in blocks)])
    entries = class_entries(names, support, point, sampled)
    return [{**entry, "threshold": float(limit)} for entry, limit in zip(entries, thresholds, strict=True)]

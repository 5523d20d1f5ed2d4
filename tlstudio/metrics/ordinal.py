"""Metrics of classes that have an order, such as one to five stars; point values equal scikit-learn's and SciPy's.

Classes count as the numbers 0, 1, …; so a step between neighbours is the same everywhere. Quadratic weighted kappa
is one minus the squared distances over those of independent answers with the same frequencies (Cohen, "Weighted
kappa", 1968); it and Spearman's correlation are undefined (None) where one of the two lists holds one class only.

Rows with the same truth and answer are added up first, so a resample costs as much as there are occupied cells of
the confusion matrix.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tlstudio.metrics import resampling
from tlstudio.metrics.classification import (
    Counts,
    class_entries,
    class_scores,
    class_table,
    confusion,
    macro_mean,
    need_finite,
    need_rows,
)
from tlstudio.metrics.resampling import Floats

NAMES = ("accuracy", "macro_f1", "mae_classes", "off_by_one", "kappa", "spearman")
BASELINES = (("majority", "Largest class"), ("median", "Middle class"))  # name, title
Integers = NDArray[np.int64]


class _Cells:
    """The U distinct pairs of truth and answer among N rows.

    Args:
        truth: [N], classes 0…C-1.
        guess: [N], predicted classes.
        classes: C.
    """

    def __init__(self, truth: Integers, guess: Integers, classes: int) -> None:
        pairs = truth * classes + guess
        self._order = np.argsort(pairs, kind="stable")
        found, self._starts = np.unique(pairs[self._order], return_index=True)
        self.truth, self.guess = found // classes, found % classes
        self._true_class, self._guess_class = np.eye(classes)[self.truth], np.eye(classes)[self.guess]

    def sums(self, weights: Floats) -> Floats:
        """Weight of each pair, [U, b], of row weights [N, b]."""
        return np.add.reduceat(weights[self._order], self._starts, axis=0)

    def counts(self, cells: Floats) -> Counts:
        hits = self._true_class * self._guess_class
        return Counts(cells.T @ hits, cells.T @ self._true_class, cells.T @ self._guess_class)


def evaluate(
    predicted: ArrayLike,
    labels: ArrayLike,
    names: Sequence[str],
    *,
    bootstrap: int = 1000,
    seed: int = 7,
    check: Callable[[], None] | None = None,
) -> dict[str, Any]:
    """All metrics of a test, each as ``{"value", "low", "high"}``.

    Args:
        predicted: classes [N], or scores [N, C] of which the highest counts.
        labels: [N], indices into ``names``.
        names: the C classes in their order.
        bootstrap: resamples behind each interval.
        seed: the same seed gives the same intervals.
        check: called for each block of resamples; may raise Cancelled.

    Returns:
        ``rows``, ``metrics`` (see NAMES), ``per_class``, ``confusion`` (rows: true, columns: predicted), ``absent``.

    Raises:
        StudioError: no rows, or a score that is not a finite number.
    """
    guess, truth = _checked(predicted, labels)
    cells = _Cells(truth, guess, len(names))

    def table(weights: Floats) -> Floats:
        return class_table(cells.counts(cells.sums(weights)))

    blocks = resampling.blocks(len(truth), bootstrap, seed, check)
    sampled = np.concatenate([np.empty((0, 3, len(names))), *map(table, blocks)])
    support = np.bincount(truth, minlength=len(names))
    return {
        "rows": len(truth),
        "metrics": resampling.intervals(NAMES, partial(_measure, cells), len(truth), bootstrap, seed, check),
        "per_class": class_entries(names, support, table(np.ones((len(truth), 1)))[0], sampled),
        "confusion": confusion(truth, guess, len(names)).tolist(),
        "absent": [name for name, count in zip(names, support, strict=True) if not count],
    }


def quick(predicted: ArrayLike, labels: ArrayLike, classes: int) -> dict[str, float]:
    """The metrics without intervals, for every epoch; one that is undefined is 0, as chance is."""
    guess, truth = _checked(predicted, labels)
    values = _measure(_Cells(truth, guess, classes), np.ones((len(truth), 1)))[0]
    return {name: float(np.nan_to_num(value)) for name, value in zip(NAMES, values, strict=True)}


def baselines(
    train_labels: ArrayLike,
    test_labels: ArrayLike,
    classes: int,
    *,
    bootstrap: int = 1000,
    seed: int = 7,
    check: Callable[[], None] | None = None,
) -> list[dict[str, Any]]:
    """Always the largest class, and always the middle one of training, which has the least mean distance."""
    seen, truth = np.asarray(train_labels, np.int64), np.asarray(test_labels, np.int64)
    need_rows(len(truth))
    answers = (np.bincount(seen, minlength=classes).argmax(), np.sort(seen)[len(seen) // 2])
    entries = []
    for (name, title), answer in zip(BASELINES, answers, strict=True):
        cells = _Cells(truth, np.full(len(truth), answer), classes)
        metrics = resampling.intervals(NAMES, partial(_measure, cells), len(truth), bootstrap, seed, check)
        entries.append({"name": name, "title": title, "metrics": metrics})
    return entries


def _checked(predicted: ArrayLike, labels: ArrayLike) -> tuple[Integers, Integers]:
    """Predicted and true classes, [N] each."""
    given, truth = np.asarray(predicted), np.asarray(labels, np.int64)
    need_rows(len(truth))
    if given.ndim == 1:
        return given.astype(np.int64), truth
    need_finite(given)
    return given.argmax(axis=1).astype(np.int64), truth


def _measure(cells: _Cells, weights: Floats) -> Floats:
    """The metrics of NAMES, [b, 6], under row weights [N, b]."""
    sums = cells.sums(weights)
    counts = cells.counts(sums)
    size = sums.sum(axis=0)
    steps = np.abs(cells.truth - cells.guess)
    values = [
        (sums.T @ (steps == 0)) / size,
        macro_mean(class_scores(counts)[2], counts),
        (sums.T @ steps) / size,
        (sums.T @ (steps <= 1)) / size,
        _kappa(cells, sums),
        _spearman(cells, counts, sums),
    ]
    return np.stack(values, axis=1)


def _kappa(cells: _Cells, sums: Floats) -> Floats:
    """Quadratic weighted kappa [b]: 1 - Σ(t-p)² / (Σt² + Σp² - 2 Σt Σp / n)."""
    size = sums.sum(axis=0)
    truth, guess = cells.truth.astype(np.float64), cells.guess.astype(np.float64)
    observed = sums.T @ (truth - guess) ** 2
    expected = sums.T @ (truth**2 + guess**2) - 2 * (sums.T @ truth) * (sums.T @ guess) / size
    constant = np.abs(expected) < 1e-9 * size
    return np.where(constant, np.nan, 1 - observed / np.where(constant, 1, expected))


def _spearman(cells: _Cells, counts: Counts, sums: Floats) -> Floats:
    """Pearson's correlation of the mean ranks of the classes, [b]."""
    true_ranks = _ranks(counts.support)[:, cells.truth]
    guess_ranks = _ranks(counts.predicted)[:, cells.guess]
    weights = sums.T
    size = weights.sum(axis=1, keepdims=True)
    left = true_ranks - (weights * true_ranks).sum(axis=1, keepdims=True) / size
    right = guess_ranks - (weights * guess_ranks).sum(axis=1, keepdims=True) / size
    both = (weights * left * right).sum(axis=1)
    spread = (weights * left**2).sum(axis=1) * (weights * right**2).sum(axis=1)
    return np.where(spread > 1e-9, both / np.sqrt(np.where(spread > 1e-9, spread, 1)), np.nan)


def _ranks(counts: Floats) -> Floats:
    """Mean rank of the rows of each class, [b, C]; ties share theirs."""
    return np.cumsum(counts, axis=1) - counts / 2 + 0.5

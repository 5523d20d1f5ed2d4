"""Metrics of predicted numbers; point values equal SciPy's and scikit-learn's.

Correlations are undefined (None) where one of the lists is constant, and so is R² where the truth is. Spearman's is
Pearson's of the ranks, ties sharing their mean rank; R² is one minus the squared errors over those of the mean of
the truth.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from tlstudio.metrics import resampling
from tlstudio.metrics.classification import need_finite, need_rows
from tlstudio.metrics.resampling import Floats

NAMES = ("pearson", "spearman", "mse", "rmse", "mae", "r2")
BASELINE = ("mean", "Mean of training")  # name, title
_ERRORS = ("mse", "rmse", "mae", "r2")
_NOTHING = 1e-12  # of a spread, relative to the size of the numbers: rounding, not variance


def evaluate(
    predicted: ArrayLike,
    truth: ArrayLike,
    *,
    bootstrap: int = 1000,
    seed: int = 7,
    check: Callable[[], None] | None = None,
) -> dict[str, Any]:
    """All metrics of a test, each as ``{"value", "low", "high"}``.

    Args:
        predicted: [N].
        truth: [N], in the same units.
        bootstrap: resamples behind each interval.
        seed: the same seed gives the same intervals.
        check: called for each block of resamples; may raise Cancelled.

    Returns:
        ``rows`` and ``metrics`` (see NAMES).

    Raises:
        StudioError: no rows, or a prediction that is not a finite number.
    """
    guess, right = np.asarray(predicted, np.float64), np.asarray(truth, np.float64)
    need_rows(len(right))
    need_finite(guess)
    measure = _measure(guess, right)
    return {
        "rows": len(right),
        "metrics": resampling.intervals(NAMES, measure, len(right), bootstrap, seed, check),
    }


def quick(predicted: ArrayLike, truth: ArrayLike) -> dict[str, float]:
    """The metrics and ``loss`` (the mean squared error) without intervals, for every epoch.

    A correlation that is undefined is 0, as chance is; an error that is not finite stays so, because training stops
    at it.
    """
    guess, right = np.asarray(predicted, np.float64), np.asarray(truth, np.float64)
    need_rows(len(right))
    values = dict(zip(NAMES, _measure(guess, right)(np.ones((len(right), 1)))[0].tolist(), strict=True))
    for name in ("pearson", "spearman", "r2"):
        values[name] = float(np.nan_to_num(values[name]))
    return {"loss": values["mse"], **values}


def mean_baseline(
    train_truth: ArrayLike,
    test_truth: ArrayLike,
    *,
    bootstrap: int = 1000,
    seed: int = 7,
    check: Callable[[], None] | None = None,
) -> dict[str, Any]:
    """Always the mean of training: ``{"name", "title", "metrics"}``; a constant has no correlation."""
    right = np.asarray(test_truth, np.float64)
    guess = np.full(len(right), np.asarray(train_truth, np.float64).mean())
    metrics = evaluate(guess, right, bootstrap=bootstrap, seed=seed, check=check)["metrics"]
    return {"name": BASELINE[0], "title": BASELINE[1], "metrics": {name: metrics[name] for name in _ERRORS}}


def correlations(left: ArrayLike, right: ArrayLike) -> Callable[[Floats], Floats]:
    """Pearson's and Spearman's correlation of two lists [N] as a function of weights [N, b] that gives [b, 2]."""
    first, second = np.asarray(left, np.float64), np.asarray(right, np.float64)
    lines = [values - values.mean() for values in (first, second)]
    ranks = [_Ranks(values) for values in (first, second)]

    def measure(weights: Floats) -> Floats:
        straight = _correlation(lines[0][:, None], lines[1][:, None], weights)
        return np.stack([straight, _correlation(ranks[0].of(weights), ranks[1].of(weights), weights)], axis=1)

    return measure


def _measure(guess: Floats, truth: Floats) -> Callable[[Floats], Floats]:
    """The metrics of NAMES as a function of weights [N, b] that gives [b, 6]."""
    both = correlations(guess, truth)
    error, centred = guess - truth, truth - truth.mean()
    sums = np.stack([error**2, np.abs(error), centred, centred**2], axis=1)
    least = _NOTHING * max(float(np.square(truth).mean()), np.finfo(np.float64).tiny)

    def measure(weights: Floats) -> Floats:
        means = weights.T @ sums / weights.sum(axis=0)[:, None]
        spread = means[:, 3] - means[:, 2] ** 2
        r2 = np.where(spread > least, 1 - means[:, 0] / np.where(spread > least, spread, 1), np.nan)
        errors = np.stack([means[:, 0], np.sqrt(means[:, 0]), means[:, 1], r2], axis=1)
        return np.concatenate([both(weights), errors], axis=1)

    return measure


class _Ranks:
    """Values [N] in order, for their ranks in any resample."""

    def __init__(self, values: Floats) -> None:
        order = np.argsort(values, kind="stable")
        ordered = values[order]
        self._order = order
        self._starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
        self._group = np.empty(len(values), np.int64)
        self._group[order] = np.cumsum(np.r_[False, ordered[1:] != ordered[:-1]])

    def of(self, weights: Floats) -> Floats:
        """Mean ranks [N, b] under weights [N, b]."""
        tied = np.add.reduceat(weights[self._order], self._starts, axis=0)
        return (np.cumsum(tied, axis=0) - tied / 2 + 0.5)[self._group]


def _correlation(left: Floats, right: Floats, weights: Floats) -> Floats:
    """Weighted Pearson correlation [b] of [N, b] or [N, 1]; NaN where one side is constant."""
    size = weights.sum(axis=0)
    first, second = left - (weights * left).sum(axis=0) / size, right - (weights * right).sum(axis=0) / size
    scales = [(weights * side**2).sum(axis=0) for side in (first, second)]
    sizes = [(weights * side**2).sum(axis=0) for side in (left, right)]
    varies = (scales[0] > _NOTHING * sizes[0]) & (scales[1] > _NOTHING * sizes[1])
    spread = np.sqrt(np.where(varies, scales[0], 1)) * np.sqrt(np.where(varies, scales[1], 1))
    return np.where(varies, np.clip((weights * first * second).sum(axis=0) / spread, -1, 1), np.nan)

"""Bootstrap resamples as weights: how often each row was drawn, for many resamples at once.

A resample of N rows with replacement is a multinomial count per row, so that every metric of it is a weighted
sum; a block of resamples is one matrix product instead of a loop (Efron and Tibshirani 1993, chapter 6).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Interval = dict[str, float | None]

_BLOCK_CELLS = 1 << 21  # row weights held at once: 16 MB as float64
_LOW, _HIGH = 2.5, 97.5  # percentiles of a 95 % interval


def blocks(rows: int, resamples: int, seed: int, check: Callable[[], None] | None = None) -> Iterator[Floats]:
    """Yields weights [rows, b] until ``resamples`` columns have been given; each column sums to ``rows``.

    ``check`` is called before each block, so that the user can cancel. The same seed gives the same resamples,
    which is what makes two models on the same rows comparable.
    """
    generator = np.random.default_rng(seed)
    size = max(1, min(resamples, _BLOCK_CELLS // max(rows, 1)))
    for begin in range(0, resamples, size):
        if check:
            check()
        width = min(size, resamples - begin)
        drawn = generator.integers(0, rows, size=(width, rows))
        cells = drawn * width + np.arange(width)[:, None]
        counts = np.bincount(cells.ravel(), minlength=rows * width)
        yield counts.reshape(rows, width).astype(np.float64)


def interval(value: float, samples: Floats) -> Interval:
    """The value with the 2.5th and 97.5th percentile of its resamples [B].

    Resamples in which the metric is undefined (NaN) are left out. The interval is widened to hold the value where
    it would not: resampling biases the expected calibration error upwards.
    An undefined value gives None for all three.
    """
    if not np.isfinite(value):
        return {"value": None, "low": None, "high": None}
    defined = samples[np.isfinite(samples)]
    if not len(defined):
        return {"value": float(value), "low": float(value), "high": float(value)}
    low, high = np.percentile(defined, [_LOW, _HIGH])
    return {"value": float(value), "low": float(min(low, value)), "high": float(max(high, value))}


def intervals(
    names: Sequence[str],
    measure: Callable[[Floats], Floats],
    rows: int,
    resamples: int,
    seed: int,
    check: Callable[[], None] | None = None,
) -> dict[str, Interval]:
    """Each metric with its interval.

    Args:
        names: of the M metrics.
        measure: gives the metrics [b, M] of b samples from their weights [rows, b]; NaN where undefined.
        rows: rows of the test, at least one.
        resamples: behind each interval.
        seed: the same seed gives the same resamples.
        check: called for each block of resamples; may raise Cancelled.
    """
    point = measure(np.ones((rows, 1)))[0]
    parts = [measure(weights) for weights in blocks(rows, resamples, seed, check)]
    sampled = np.concatenate([np.empty((0, len(names))), *parts])
    return {name: interval(point[index], sampled[:, index]) for index, name in enumerate(names)}

"""Whether a confidence of 80 % is right in 80 % of cases: expected calibration error and the reliability table.

Guo, Pleiss, Sun and Weinberger, "On Calibration of Modern Neural Networks", ICML 2017: 15 bins of equal width over
the confidence of the predicted class.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tlstudio.metrics.resampling import Floats

BINS = 15


def bin_of(confidence: Floats, bins: int = BINS) -> NDArray[np.int64]:
    """The bin of each confidence [N]; bin i covers (i / bins, (i + 1) / bins] as in the paper."""
    return np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)


def gaps(confidence: Floats, correct: NDArray[np.bool_], bins: int = BINS) -> Floats:
    """Correct minus confidence of each row in the column of its bin, [N, bins].

    With row weights w, the error is ``abs(w @ gaps).sum() / w.sum()``: the weighted form of the paper's equation 3.
    """
    result = np.zeros((len(confidence), bins))
    result[np.arange(len(confidence)), bin_of(confidence, bins)] = correct - confidence
    return result


def expected_error(confidence: Floats, correct: NDArray[np.bool_], bins: int = BINS) -> float:
    """Expected calibration error in [0, 1] of N > 0 rows."""
    return float(np.abs(gaps(confidence, correct, bins).sum(axis=0)).sum() / len(confidence))


def table(logits: ArrayLike, labels: ArrayLike, bins: int = BINS) -> list[dict[str, Any]]:
    """The bins: ``low``, ``high``, mean ``confidence`` and ``accuracy`` (None where empty) and ``count``."""
    scores, truth = np.asarray(logits, np.float64), np.asarray(labels, np.int64)
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    confidence = powers.max(axis=1) / powers.sum(axis=1)
    correct = scores.argmax(axis=1) == truth
    places = bin_of(confidence, bins)
    counts = np.bincount(places, minlength=bins)
    sums = np.bincount(places, confidence, minlength=bins)
    hits = np.bincount(places, correct.astype(np.float64), minlength=bins)
    return [
        {
            "low": index / bins,
            "high": (index + 1) / bins,
            "confidence": float(sums[index] / counts[index]) if counts[index] else None,
            "accuracy": float(hits[index] / counts[index]) if counts[index] else None,
            "count": int(counts[index]),
        }
        for index in range(bins)
    ]

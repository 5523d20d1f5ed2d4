"""How probable each label is for each row, by a linear classifier that has not seen the row.

Multinomial logistic regression with an L2 penalty, fitted with L-BFGS (Nocedal, 1980; scipy's) on plain numpy or
scipy.sparse features. Our own loss function, because it is asked at each step: so that a cancel is heard at once, which
a call of scikit-learn's ``fit`` does not allow.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from tlstudio.data.detect.words import numbered, words
from tlstudio.data.splits import mixed

if TYPE_CHECKING:
    import numpy as np

FOLDS = 5
_LEARNT = 16_000  # rows that one classifier is fitted on, at most: more change hardly any answer
_STRENGTH = 10.0  # C of scikit-learn: the inverse of the penalty
_STEPS = 100
_HASHES = 1 << 20
_WEIGHTS = 2_000_000  # features times classes of texts, at most
_PORTION = 500


def cross_validated(
    features: Any, codes: np.ndarray, ids: np.ndarray, classes: int, check: Callable[[], None],
    tick: Callable[[int], None] = lambda _rows: None,
) -> np.ndarray:  # fmt: skip
    """float32 [n, classes]: probabilities by classifiers that were fitted on other folds.

    Args:
        features: float32 [n, D], or a scipy.sparse matrix of that shape.
        codes: int [n], the given labels.
        ids: uint64 [n], numbers of the contents; equal contents are in one fold.
        check: is called at each step; may raise to cancel.
        tick: gets the rows of each fold that is done.
    """
    import numpy as np

    order = mixed(ids, 23)
    fold = (order % np.uint64(FOLDS)).astype(np.int64)
    found = np.zeros((len(codes), classes), dtype=np.float32)
    for number in range(FOLDS):
        asked = np.flatnonzero(fold == number)
        learnt = np.flatnonzero(fold != number)
        learnt = np.sort(learnt[np.argsort(order[learnt], kind="stable")[:_LEARNT]])
        weights, bias = fitted(features[learnt], codes[learnt], classes, check)
        found[asked] = _softmax(features[asked] @ weights + bias)
        tick(len(asked))
    return found


def fitted(features: Any, codes: np.ndarray, classes: int, check: Callable[[], None]) -> tuple[np.ndarray, np.ndarray]:
    """Weights float32 [D, C] and bias float32 [C] of least penalised mean cross-entropy."""
    import numpy as np
    from scipy.optimize import minimize

    rows, width = features.shape
    target = np.zeros((rows, classes), dtype=np.float32)
    target[np.arange(rows), codes] = 1
    penalty = 1 / (_STRENGTH * max(rows, 1))
    transposed = features.T.tocsr() if hasattr(features, "tocsr") else features.T

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        check()
        weights = flat[: width * classes].reshape(width, classes).astype(np.float32)
        guessed = _softmax(features @ weights + flat[width * classes :].astype(np.float32))
        value = -np.log(np.maximum((guessed * target).sum(1), 1e-12)).mean() + penalty / 2 * (weights**2).sum()
        error = (guessed - target) / max(rows, 1)
        slope = np.concatenate([(transposed @ error + penalty * weights).ravel(), error.sum(0)])
        return float(value), slope.astype(np.float64)

    start = np.zeros(width * classes + classes)
    flat = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": _STEPS, "maxcor": 6, "ftol": 1e-5}).x
    return flat[: width * classes].reshape(width, classes).astype(np.float32), flat[width * classes :].astype(np.float32)


def bag_of_words(portions: Sequence[list[str]] | Any, classes: int) -> Any:
    """Words and word pairs of texts as a scipy.sparse matrix [n, D] of rows of unit length.

    Terms are weighted with (1 + log f) log((1 + n) / (1 + n_t)) (Salton and Buckley, 1988); the most frequent are kept,
    as many as fit the number of classes.
    """
    import numpy as np
    from scipy.sparse import csr_array

    parts, counts = [], np.zeros(_HASHES, dtype=np.int32)
    for texts in portions:
        for low in range(0, len(texts), _PORTION):
            terms, frequencies, ends = _terms(texts[low : low + _PORTION])
            counts += np.bincount(terms, minlength=_HASHES).astype(np.int32)
            parts.append((terms, frequencies, ends))
    rows = sum(len(ends) for _terms_, _frequencies, ends in parts)
    kept = _most_frequent(counts, max(1000, min(50_000, _WEIGHTS // max(classes, 1))))
    column = np.full(_HASHES, -1, dtype=np.int32)
    column[kept] = np.arange(len(kept))
    rarity = np.log((1 + rows) / (1 + counts[kept])).astype(np.float32)
    data, columns, lengths = [], [], []
    for terms, frequencies, ends in parts:
        known = column[terms] >= 0
        columns.append(column[terms[known]])
        data.append((1 + np.log(frequencies[known])) * rarity[columns[-1]])
        lengths.append(np.diff(np.append(0, np.append(0, np.cumsum(known))[ends])))
    pointer = np.append(0, np.cumsum(np.concatenate(lengths))) if lengths else np.zeros(1, dtype=np.int64)
    values = np.concatenate(data).astype(np.float32) if data else np.zeros(0, np.float32)
    matrix = csr_array((values, np.concatenate(columns) if columns else [], pointer), shape=(rows, len(kept)))
    return _of_unit_length(matrix)


# --- inside


def _terms(texts: list[str]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Hashed terms of each text, ascending, how often each stands in it, and where each text ends [n]."""
    import numpy as np

    flat, starts = numbered([words(text) for text in texts])
    row = np.repeat(np.arange(len(texts), dtype=np.uint64), np.diff(starts))
    together = row[1:] == row[:-1]
    wide = flat.astype(np.uint64)
    pairs = ((wide[:-1] << np.uint64(32)) | wide[1:])[together]
    hashes = np.concatenate([mixed(wide, 0), mixed(pairs, 1)]) % np.uint64(_HASHES)
    keys = np.sort((np.concatenate([row, row[1:][together]]) << np.uint64(32)) | hashes)
    first = np.flatnonzero(np.append(True, keys[1:] != keys[:-1])[: len(keys)])
    frequencies = np.diff(np.append(first, len(keys)))
    keys = keys[first]
    ends = np.searchsorted(keys >> np.uint64(32), np.arange(1, len(texts) + 1))
    return (keys & np.uint64(0xFFFFFFFF)).astype(np.int64), frequencies, ends


def _most_frequent(counts: np.ndarray, most: int) -> np.ndarray:
    """Hashes that stand in two texts at least, the most frequent ones."""
    import numpy as np

    known = np.flatnonzero(counts >= 2)
    return np.sort(known[np.argsort(-counts[known], kind="stable")[:most]])


def _of_unit_length(matrix: Any) -> Any:
    import numpy as np
    from scipy.sparse import diags_array

    norms = np.sqrt(np.asarray(matrix.multiply(matrix).sum(1)).ravel())
    return (diags_array((1 / np.maximum(norms, 1e-9)).astype(np.float32)) @ matrix).tocsr()


def _softmax(scores: np.ndarray) -> np.ndarray:
    import numpy as np

    shifted = np.exp(scores - scores.max(1, keepdims=True))
    return np.asarray(shifted / shifted.sum(1, keepdims=True), dtype=np.float32)

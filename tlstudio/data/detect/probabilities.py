"""How probable each label is for each row, by a linear classifier that has not seen the row.

Multinomial logistic regression with an L2 penalty, fitted with L-BFGS (Nocedal, 1980; scipy's) on plain numpy or
scipy.sparse features. Our own loss function, because it is asked at each step: so that a cancel is heard at once, which
a call of scikit-learn's ``fit`` does not allow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from tlstudio.data.detect.words import numbered, words
from tlstudio.data.splits import mixed

if TYPE_CHECKING:
    import numpy as np

_FOLDS, _FOLDS_OF_WORDS = 5, 3
_LEARNT, _LEARNT_OF_WORDS = 16_000, 8_000  # rows that a classifier is fitted on: more change hardly any answer
_STEPS = 50
_HASHES = 1 << 20
_TERMS = 10_000  # of a bag of words, at most
_WEIGHTS = 1_000_000  # terms times classes, at most


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

    folds, most = (_FOLDS_OF_WORDS, _LEARNT_OF_WORDS) if _is_sparse(features) else (_FOLDS, _LEARNT)
    order = mixed(ids, 23)
    fold = (order % np.uint64(folds)).astype(np.int64)
    found = np.zeros((len(codes), classes), dtype=np.float32)
    for number in range(folds):
        asked = np.flatnonzero(fold == number)
        learnt = np.flatnonzero(fold != number)
        learnt = np.sort(learnt[np.argsort(order[learnt], kind="stable")[:most]])
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
    # C of scikit-learn, the inverse of the penalty: chosen on R8 with planted wrong labels
    penalty = 1 / ((30.0 if _is_sparse(features) else 5.0) * max(rows, 1))
    transposed = features.T.tocsr() if _is_sparse(features) else features.T

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        check()
        weights = flat[: width * classes].reshape(width, classes).astype(np.float32)
        guessed = _softmax(features @ weights + flat[width * classes :].astype(np.float32))
        value = -np.log(np.maximum((guessed * target).sum(1), 1e-12)).mean() + penalty / 2 * (weights**2).sum()
        error = (guessed - target) / max(rows, 1)
        slope = np.concatenate([(transposed @ error + penalty * weights).ravel(), error.sum(0)])
        return float(value), slope.astype(np.float64)

    start = np.zeros(width * classes + classes)
    flat = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": _STEPS, "maxcor": 6, "ftol": 1e-3}).x
    return flat[: width * classes].reshape(width, classes).astype(np.float32), flat[width * classes :].astype(
        np.float32
    )


def bag_of_words(read: Callable[[], Iterable[list[str]]], rows: int, classes: int) -> Any:
    """Words and word pairs of texts as a scipy.sparse matrix [rows, D] of rows of unit length.

    Terms are weighted with (1 + log f) log((1 + n) / (1 + n_t)) (Salton and Buckley, 1988); the most frequent of the
    first some thousand texts are kept, as many as fit the number of classes.

    Args:
        read: gives the texts, a portion at a time; it is called twice.
    """
    import numpy as np
    from scipy.sparse import csr_array

    kept, rarity = _vocabulary(read(), max(500, min(_TERMS, _WEIGHTS // max(classes, 1))))
    column = np.full(_HASHES, -1, dtype=np.int32)
    column[kept] = np.arange(len(kept))
    data, columns, lengths = [np.zeros(0, np.float32)], [np.zeros(0, np.int32)], [np.zeros(0, np.int64)]
    for terms, frequencies, ends in _all_terms(read()):
        known = column[terms] >= 0
        columns.append(column[terms[known]])
        data.append(((1 + np.log(frequencies[known])) * rarity[columns[-1]]).astype(np.float32))
        lengths.append(np.diff(np.append(0, np.append(0, np.cumsum(known))[ends])))
    pointer = np.append(0, np.cumsum(np.concatenate(lengths)))
    return _of_unit_length(csr_array((np.concatenate(data), np.concatenate(columns), pointer), shape=(rows, len(kept))))


# --- inside


def _is_sparse(features: Any) -> bool:
    return hasattr(features, "tocsr")


def _vocabulary(portions: Iterable[list[str]], most: int) -> tuple[np.ndarray, np.ndarray]:
    """Hashes of the most frequent terms, ascending, and how rare each is, float32."""
    import numpy as np

    counts, rows = np.zeros(_HASHES, dtype=np.int64), 0
    for terms, _frequencies, ends in _all_terms(portions):
        counts += np.bincount(terms, minlength=_HASHES)
        rows += len(ends)
        if rows >= _LEARNT_OF_WORDS:
            break
    known = np.flatnonzero(counts >= 2)
    kept = np.sort(known[np.argsort(-counts[known], kind="stable")[:most]])
    return kept, np.log((1 + rows) / (1 + counts[kept])).astype(np.float32)


def _all_terms(portions: Iterable[list[str]]) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    for texts in portions:
        yield _terms(texts)


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


def _of_unit_length(matrix: Any) -> Any:
    import numpy as np
    from scipy.sparse import diags_array

    norms = np.sqrt(np.asarray(matrix.multiply(matrix).sum(1)).ravel())
    return (diags_array((1 / np.maximum(norms, 1e-9)).astype(np.float32)) @ matrix).tocsr()


def _softmax(scores: np.ndarray) -> np.ndarray:
    import numpy as np

    shifted = np.exp(scores - scores.max(1, keepdims=True))
    return np.asarray(shifted / shifted.sum(1, keepdims=True), dtype=np.float32)

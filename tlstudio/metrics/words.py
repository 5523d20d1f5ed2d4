"""Linear models on tf-idf of words and pairs of words: the order of the text is lost, and nothing is pretrained.

Of a pair of texts the features are the words that both have, those that only the first has and those that only the
second has (products and positive parts of the differences of the two vectors), and the cosine of the two.
"""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tlstudio.core.control import Control

# A word of two letters or more as scikit-learn has it; a Chinese or Japanese character is a word by itself,
# since those languages write no spaces (with pairs this makes character bigrams).
_WORD = r"[぀-ヿ㐀-鿿]|[^\W぀-ヿ㐀-鿿]{2,}"
_MOST_ROWS = 50_000  # more rows make the vocabulary of word pairs larger than the memory budget, not the score better
_MOST_CELLS = 2_000_000  # rows x labels, where each label has a model of its own: a minute
ONE, PAIRS = ("bag-of-words", "Bag of words"), ("shared-words", "Words in common")  # names and titles
_FEWEST_ROWS = 1_000
_LONGEST = 20_000  # characters
_ROUNDS, _ITERATIONS = 10, 20  # of the solver; the user's wish to cancel is read between rounds

Columns = Sequence[Iterable[str]]  # a column of texts, or the two columns of pairs


def classes(train: Columns, labels: ArrayLike, test: Columns, *, control: Control, seed: int = 7) -> NDArray[np.int64]:
    """The class [M] of each test text by logistic regression; at most 50,000 training rows are used.

    Args:
        train: N texts, or N pairs.
        labels: [N], class numbers.
        test: M texts or pairs.
        control: the user's wishes.
        seed: of the draw of training rows.

    Raises:
        Cancelled: the user has cancelled.
    """
    known = np.asarray(labels, np.int64)
    kept = sample(len(known), seed)
    found = _features(train, test, kept, control)
    if found is None:
        return np.full(_count(test), np.bincount(known).argmax())
    return np.asarray(_fit(found[0], known[kept], control).predict(found[1]), np.int64)


def several(train: Columns, truth: ArrayLike, test: Columns, *, control: Control, seed: int = 7) -> NDArray[np.float64]:
    """The probability [M, C] of each label by one logistic regression a label; arguments as of :func:`classes`.

    Args:
        truth: [N, C], whether the row has the label.
    """
    known = np.asarray(truth, bool)
    most = max(_MOST_CELLS // max(known.shape[1], 1), _FEWEST_ROWS)
    kept = sample(len(known), seed, min(most, _MOST_ROWS))
    found = _features(train, test, kept, control)
    share = known.mean(axis=0)
    if found is None:
        return np.broadcast_to(share, (_count(test), known.shape[1]))
    chances = np.empty((found[1].shape[0], known.shape[1]))
    for label, wanted in enumerate(known[kept].T):
        constant = wanted.all() or not wanted.any()
        chances[:, label] = (
            wanted[0] if constant else _fit(found[0], wanted.astype(np.int64), control).predict_proba(found[1])[:, 1]
        )
    return chances


def numbers(train: Columns, values: ArrayLike, test: Columns, *, control: Control, seed: int = 7) -> NDArray[Any]:
    """The number [M] of each test row by ridge regression; arguments as of :func:`classes`.

    Args:
        values: [N].
    """
    from sklearn.linear_model import Ridge

    known = np.asarray(values, np.float64)
    kept = sample(len(known), seed)
    found = _features(train, test, kept, control)
    if found is None:
        return np.full(_count(test), known.mean())
    control.check()
    return np.asarray(Ridge(alpha=1.0, solver="sparse_cg").fit(found[0], known[kept]).predict(found[1]), np.float64)


def sample(rows: int, seed: int, most: int | None = None) -> NDArray[np.bool_]:
    """Which of the rows are used: all, or a random part."""
    kept = np.zeros(rows, bool)
    kept[np.random.default_rng(seed).permutation(rows)[: _MOST_ROWS if most is None else most]] = True
    return kept


def _features(train: Columns, test: Columns, kept: NDArray[np.bool_], control: Control) -> tuple[Any, Any] | None:
    """Sparse features of the kept training rows and of the test rows; None where no text holds a word."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    words = TfidfVectorizer(token_pattern=_WORD, ngram_range=(1, 2), sublinear_tf=True, dtype=np.float32)
    chosen = [itertools.compress(_watched(column, control), kept) for column in train]
    try:
        if len(chosen) == 1:
            return words.fit_transform(chosen[0]), words.transform(_watched(test[0], control))
        texts = [list(column) for column in chosen]
        words.fit(itertools.chain(*texts))
    except ValueError:  # "empty vocabulary": texts of signs only
        return None
    return _compared(*map(words.transform, texts)), _compared(
        *(words.transform(_watched(column, control)) for column in test)
    )


def _compared(one: Any, other: Any) -> Any:
    """Features of pairs [N, 3 V + 1] from the unit vectors [N, V] of both."""
    from scipy import sparse

    both, difference = one.multiply(other), one - other
    parts = [both, difference.maximum(0), (-difference).maximum(0), sparse.csr_matrix(both.sum(axis=1))]
    return sparse.hstack(parts).tocsr()


def _watched(texts: Iterable[str], control: Control) -> Iterator[str]:
    for text in texts:
        control.check()
        yield text[:_LONGEST]


def _count(columns: Columns) -> int:
    return sum(1 for _text in columns[0])


def _fit(features: Any, labels: NDArray[np.int64], control: Control) -> Any:
    """Logistic regression fitted in rounds that continue one another, so that it can be cancelled."""
    from sklearn.dummy import DummyClassifier
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    if len(np.unique(labels)) < 2:
        return DummyClassifier(strategy="most_frequent").fit(features, labels)
    model = LogisticRegression(C=10.0, max_iter=_ITERATIONS, warm_start=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the end of a round, not a problem
        for _ in range(_ROUNDS):
            control.check()
            model.fit(features, labels)
            if np.max(model.n_iter_) < _ITERATIONS:
                break
    return model

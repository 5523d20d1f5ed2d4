"""What needs no pretrained network: the largest class, and words counted. A model must beat these to be worth it."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tlstudio.core.control import Control
from tlstudio.evaluation.metrics import evaluate_predictions

# A word of two letters or more as scikit-learn has it; a Chinese or Japanese character is a word by itself,
# since those languages write no spaces (with pairs this makes character bigrams).
_WORD = r"[぀-ヿ㐀-鿿]|[^\W぀-ヿ㐀-鿿]{2,}"
MAJORITY_TITLE, WORDS_TITLE = "Largest class", "Bag of words"
_MAJORITY, _WORDS = ("majority", MAJORITY_TITLE), ("bag-of-words", WORDS_TITLE)  # name, title
_MOST_ROWS = 50_000  # more rows make the vocabulary of word pairs larger than the memory budget, not the score better
_LONGEST = 20_000  # characters
_ROUNDS, _ITERATIONS = 10, 20  # of the solver; the user's wish to cancel is read between rounds


def majority(
    train_labels: Sequence[int],
    test_labels: Sequence[int],
    names: Sequence[str],
    *,
    control: Control,
    bootstrap: int = 1000,
    seed: int = 7,
) -> dict[str, Any]:
    """Always the class that is most frequent in training.

    Returns:
        ``{"name", "title", "metrics": {"accuracy", "macro_f1"}}``, each metric with its interval.

    Raises:
        Cancelled: the user has cancelled.
    """
    counts = np.bincount(np.asarray(train_labels, np.int64), minlength=len(names))
    predicted = np.full(len(test_labels), counts.argmax())
    return _entry(_MAJORITY, predicted, test_labels, names, control=control, bootstrap=bootstrap, seed=seed)


def bag_of_words(
    train_texts: Iterable[str],
    train_labels: Sequence[int],
    test_texts: Iterable[str],
    test_labels: Sequence[int],
    names: Sequence[str],
    *,
    control: Control,
    bootstrap: int = 1000,
    seed: int = 7,
) -> dict[str, Any]:
    """Logistic regression on tf-idf of words and pairs of words; the order of the text is lost.

    At most 50,000 training rows, drawn by ``seed``, and 20,000 characters of a text are read.

    Raises:
        Cancelled: the user has cancelled.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer

    labels = np.asarray(train_labels, np.int64)
    kept = _sample(len(labels), seed)
    words = TfidfVectorizer(token_pattern=_WORD, ngram_range=(1, 2), sublinear_tf=True, dtype=np.float32)
    chosen = (text for text, keep in zip(train_texts, kept, strict=True) if keep)
    try:
        features = words.fit_transform(_watched(chosen, control))
    except ValueError:  # "empty vocabulary": texts of signs only hold no word, so nothing is known but the labels
        predicted = np.full(len(test_labels), np.bincount(labels, minlength=len(names)).argmax())
    else:
        model = _fit(features, labels[kept], control)
        predicted = model.predict(words.transform(_watched(test_texts, control)))
    return _entry(_WORDS, predicted, test_labels, names, control=control, bootstrap=bootstrap, seed=seed)


def _sample(rows: int, seed: int) -> NDArray[np.bool_]:
    """Which of the rows are used: all, or a random part."""
    kept = np.zeros(rows, bool)
    kept[np.random.default_rng(seed).permutation(rows)[:_MOST_ROWS]] = True
    return kept


def _watched(texts: Iterable[str], control: Control) -> Iterable[str]:
    for text in texts:
        control.check()
        yield text[:_LONGEST]


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


def _entry(
    kind: tuple[str, str],
    predicted: NDArray[Any],
    labels: Sequence[int],
    names: Sequence[str],
    *,
    control: Control,
    bootstrap: int,
    seed: int,
) -> dict[str, Any]:
    metrics = evaluate_predictions(predicted, labels, len(names), bootstrap=bootstrap, seed=seed, check=control.check)
    return {"name": kind[0], "title": kind[1], "metrics": metrics}

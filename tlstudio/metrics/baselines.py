"""What needs no pretrained network: the largest class, and words counted. A model must beat these to be worth it."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tlstudio.core.control import Control
from tlstudio.metrics import words
from tlstudio.metrics.classification import evaluate_predictions

MAJORITY_TITLE, WORDS_TITLE = "Largest class", "Bag of words"
_MAJORITY, _WORDS = ("majority", MAJORITY_TITLE), ("bag-of-words", WORDS_TITLE)  # name, title


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
    predicted = words.classes([train_texts], train_labels, [test_texts], control=control, seed=seed)
    return _entry(_WORDS, predicted, test_labels, names, control=control, bootstrap=bootstrap, seed=seed)


def linear(
    name: str,
    title: str,
    train: ArrayLike,
    train_labels: Sequence[int],
    test: ArrayLike,
    test_labels: Sequence[int],
    names: Sequence[str],
    *,
    control: Control,
    bootstrap: int = 1000,
    seed: int = 7,
) -> dict[str, Any]:
    """Logistic regression on a few simple numbers of each row, such as mean colours or the loudness of mel bands.

    Args:
        name: of the baseline.
        title: of the baseline.
        train: [N, F], numbers of the training rows; each is scaled to mean 0 and variance 1.
        train_labels: [N], class numbers.
        test: [M, F].
        test_labels: [M].
        names: class names.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    known, asked = np.asarray(train, np.float64), np.asarray(test, np.float64)
    middle, spread = known.mean(0), known.std(0) + 1e-9
    control.check()
    if len(np.unique(train_labels)) < 2:
        predicted = np.full(len(asked), train_labels[0])
    else:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # nearly there is good enough for a yardstick
            model = LogisticRegression(max_iter=200).fit((known - middle) / spread, np.asarray(train_labels))
        predicted = model.predict((asked - middle) / spread) if len(asked) else np.zeros(0, np.int64)
    return _entry((name, title), predicted, test_labels, names, control=control, bootstrap=bootstrap, seed=seed)


def given(
    name: str,
    title: str,
    predicted: ArrayLike,
    test_labels: Sequence[int],
    names: Sequence[str],
    *,
    control: Control,
    bootstrap: int = 1000,
    seed: int = 7,
) -> dict[str, Any]:
    """What answers [M] of any other kind come to, as class numbers."""
    answers = np.asarray(predicted, np.int64)
    return _entry((name, title), answers, test_labels, names, control=control, bootstrap=bootstrap, seed=seed)


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

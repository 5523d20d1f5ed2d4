"""Metrics of answers to questions by the official rules of SQuAD (``evaluate-v2.0.py``; Rajpurkar et al. 2016, 2018).

Answers are compared in lower case without ASCII punctuation, the articles a, an and the, and extra whitespace; the
best of several references counts. A question without an answer is right where nothing is answered.

Chinese and Japanese write no spaces, so there each character counts as a word and their own punctuation is dropped
(as the scorers of CMRC 2018 and JSQuAD do); other text is scored exactly as by the official script.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tlstudio.metrics import resampling
from tlstudio.metrics.classification import need_rows
from tlstudio.metrics.resampling import Floats, Interval

NAMES = ("exact_match", "answer_f1")
UNANSWERED_NAMES = ("answered_f1", "no_answer_accuracy")
BASELINE = ("no-answer", "Never answers")  # name, title
CJK = "\u3040-\u30fa\u30fc-\u30ff\u3400-\u9fff\uf900-\ufaff"  # kana and Chinese characters, for a regular expression
_CHARACTER = re.compile(f"([{CJK}])")
_ARTICLES = re.compile(r"\b(a|an|the)\b")
# ASCII as the official script has it; then CJK punctuation, full-width ASCII punctuation, half-width CJK punctuation
_CJK_SIGNS = [*range(0x3001, 0x3004), *range(0x3008, 0x3020), 0x30FB, *range(0xFF5F, 0xFF66)]
_WIDE_SIGNS = [ord(sign) + 0xFEE0 for sign in string.punctuation]
_PUNCTUATION = str.maketrans("", "", string.punctuation + "".join(map(chr, _CJK_SIGNS + _WIDE_SIGNS)))


def evaluate(
    predicted: Sequence[str],
    references: Sequence[Sequence[str]],
    *,
    bootstrap: int = 1000,
    seed: int = 7,
    check: Callable[[], None] | None = None,
) -> dict[str, Any]:
    """All metrics of a test, each as ``{"value", "low", "high"}``, from 0 to 1.

    Args:
        predicted: N answers; empty where the model says that there is none.
        references: the right answers of each question; none, or only empty ones, where it has no answer.
        bootstrap: resamples behind each interval.
        seed: the same seed gives the same intervals.
        check: called for each block of rows and resamples; may raise Cancelled.

    Returns:
        ``rows``, ``unanswerable`` (questions without an answer) and ``metrics``: NAMES, and where some questions have
        no answer UNANSWERED_NAMES (``answered_f1`` being the F1 of the others).

    Raises:
        StudioError: no rows.
    """
    values, answerable = _rows(predicted, references, check)
    metrics = _metrics(values, answerable, bootstrap, seed, check)
    return {"rows": len(values), "unanswerable": int((~answerable).sum()), "metrics": metrics}


def quick(predicted: Sequence[str], references: Sequence[Sequence[str]]) -> dict[str, float]:
    """The same metrics without intervals, for every epoch; one that no question bears on is 0."""
    metrics = _metrics(*_rows(predicted, references, None), 0, 0, None)
    return {name: float(entry["value"] or 0.0) for name, entry in metrics.items()}


def baseline(
    references: Sequence[Sequence[str]],
    *,
    bootstrap: int = 1000,
    seed: int = 7,
    check: Callable[[], None] | None = None,
) -> dict[str, Any]:
    """Never answers: ``{"name", "title", "metrics"}``; right exactly for the questions that have no answer."""
    result = evaluate([""] * len(references), references, bootstrap=bootstrap, seed=seed, check=check)
    return {"name": BASELINE[0], "title": BASELINE[1], "metrics": result["metrics"]}


def score(predicted: str, references: Sequence[str]) -> tuple[float, float]:
    """Exact match (0 or 1) and F1 of one answer, each the best over the references."""
    guess = tokens(predicted)
    right = [words for words in map(tokens, references) if words] or [[]]
    return float(max(guess == words for words in right)), max(_overlap(guess, words) for words in right)


def tokens(text: str) -> list[str]:
    """The words of an answer as they are compared."""
    plain = text.lower().translate(_PUNCTUATION)
    return _CHARACTER.sub(r" \1 ", _ARTICLES.sub(" ", plain)).split()


def _overlap(guess: list[str], right: list[str]) -> float:
    if not guess or not right:
        return float(guess == right)
    shared = (Counter(guess) & Counter(right)).total()
    return 2 * shared / (len(guess) + len(right))


def _rows(
    predicted: Sequence[str], references: Sequence[Sequence[str]], check: Callable[[], None] | None
) -> tuple[Floats, Any]:
    """Exact match and F1 of each row, [N, 2], and whether its question has an answer, [N]."""
    need_rows(len(references))
    values = np.zeros((len(references), 2))
    answerable = np.zeros(len(references), bool)
    for row, (guess, right) in enumerate(zip(predicted, references, strict=True)):
        if check and row % 256 == 0:
            check()
        values[row] = score(guess, right)
        answerable[row] = any(tokens(text) for text in right)
    return values, answerable


def _metrics(
    values: Floats, answerable: Any, bootstrap: int, seed: int, check: Callable[[], None] | None
) -> dict[str, Interval]:
    has = answerable.astype(np.float64)
    sums = np.stack([values[:, 0], values[:, 1], values[:, 1] * has, values[:, 0] * (1 - has)], axis=1)
    sizes = np.stack([np.ones(len(has)), np.ones(len(has)), has, 1 - has], axis=1)
    names = NAMES if answerable.all() else (*NAMES, *UNANSWERED_NAMES)

    def measure(weights: Floats) -> Floats:
        size = (weights.T @ sizes)[:, : len(names)]
        total = (weights.T @ sums)[:, : len(names)]
        return np.divide(total, size, out=np.full_like(total, np.nan), where=size > 0)

    return resampling.intervals(names, measure, len(values), bootstrap, seed, check)

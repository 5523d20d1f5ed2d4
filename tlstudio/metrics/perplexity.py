"""How well a language model foresees texts: perplexity, with 95 % bootstrap intervals over the texts.

Perplexity is exp(sum of the losses / number of tokens), where a loss is the negative natural logarithm of the
probability that the model gave the token (Jelinek et al. 1977; as in transformers, "Perplexity of fixed-length
models"). Of a masked language model only the masked tokens count. Numbers compare only between models that cut texts
into the same tokens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from tlstudio.core.errors import StudioError
from tlstudio.metrics import resampling
from tlstudio.metrics.resampling import Floats

BASELINE = ("unigram", "Frequency of each token")  # name, title
_MOST = 700.0  # exp of more is beyond a double


def evaluate(
    table: Floats, *, guessed: bool = False, bootstrap: int = 1000, seed: int = 7,
    check: Callable[[], None] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """``rows`` and ``metrics``: perplexity, and where ``guessed`` the accuracy of the first guess.

    Args:
        table: [N, 3] for each text: sum of the losses, tokens, and tokens that had the highest probability.
        guessed: whether the share of right first guesses is told as masked_accuracy.
        bootstrap: resamples behind each interval; whole texts are drawn.
        seed: the same seed gives the same intervals.
        check: called between resamples; may raise Cancelled.

    Raises:
        StudioError: no token counts.
    """
    if not len(table) or not table[:, 1].sum():
        raise StudioError(
            "evaluate.no-tokens", "The test texts hold no token that could be predicted.",
            "Give longer texts in the Data step.", where="data.path",
        )  # fmt: skip
    names = ["perplexity", *(["masked_accuracy"] if guessed else [])]

    def measure(weights: Floats) -> Floats:
        sums = weights.T @ table
        with np.errstate(invalid="ignore", divide="ignore"):
            means = sums[:, [0, 2]] / sums[:, 1:2]  # a resample may hold only texts without tokens
        result: Floats = np.column_stack([np.exp(np.minimum(means[:, 0], _MOST)), means[:, 1]])[:, : len(names)]
        return result

    return {"rows": len(table), "metrics": resampling.intervals(names, measure, len(table), bootstrap, seed, check)}


def of_loss(loss: float) -> float:
    """The perplexity of a mean loss."""
    return float(np.exp(min(loss, _MOST)))


def unigram(known: Iterable[np.ndarray], vocabulary: int, texts: Iterable[tuple[int, np.ndarray]], rows: int) -> Floats:
    """The table [rows, 3] of a model that knows only how frequent each token is (add-one, Laplace 1814).

    Args:
        known: token ids of the training texts, in parts.
        vocabulary: number of tokens that there are.
        texts: row of each text and its token ids; a row may come several times.
        rows: number of texts.
    """
    counts = np.ones(vocabulary)
    for ids in known:
        counts += np.bincount(ids, minlength=vocabulary)[:vocabulary]
    losses, likeliest = np.log(counts.sum()) - np.log(counts), int(counts.argmax())
    table = np.zeros((rows, 3))
    for row, ids in texts:
        table[row] += losses[ids].sum(), len(ids), (ids == likeliest).sum()
    return table

"""Metrics of embeddings: similarity of pairs, order of triplets, and retrieval, with 95 % bootstrap intervals.

Similarity is the cosine. Retrieval ranks every document of the test for every query (Manning, Raghavan and Schütze,
"Introduction to Information Retrieval", 2008, chapter 8); ``mrr`` and ``ndcg`` look at the first ten and every right
document counts alike, as in sentence-transformers' InformationRetrievalEvaluator. A wrong document with the same
similarity goes before a right one, and equal similarities of a triplet count as wrong, so that a model which maps
all texts to one point finds nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from tlstudio.metrics import resampling
from tlstudio.metrics.classification import need_finite, need_rows
from tlstudio.metrics.regression import correlations
from tlstudio.metrics.resampling import Floats

PAIR_NAMES = ("cosine_spearman", "pearson")
LABELLED_NAMES = ("pair_accuracy",)
TRIPLET_NAMES = ("triplet_accuracy",)
RETRIEVAL_NAMES = ("recall_at_1", "recall_at_5", "mrr", "ndcg")
CUT = 10  # documents that mrr and ndcg look at
_BLOCK_CELLS = 1 << 22  # similarities held at once: 32 MB


def pairs(
    similarities: ArrayLike,
    truth: ArrayLike,
    *,
    bootstrap: int = 1000,
    seed: int = 7,
    check: Callable[[], None] | None = None,
) -> dict[str, Any]:
    """Whether pairs that are rated as similar [N] have a high similarity [N]: ``rows`` and PAIR_NAMES.

    None where one of the lists is constant.

    Raises:
        StudioError: no rows, or a similarity that is not finite. The same holds of the functions below.
    """
    guess, right = _checked(similarities), np.asarray(truth, np.float64)
    straight_first = correlations(guess, right)

    def measure(weights: Floats) -> Floats:
        return straight_first(weights)[:, ::-1]

    return _result(PAIR_NAMES, measure, len(right), bootstrap, seed, check)


def labelled_pairs(
    similarities: ArrayLike,
    same: ArrayLike,
    threshold: float | None = None,
    *,
    bootstrap: int = 1000,
    seed: int = 7,
    check: Callable[[], None] | None = None,
) -> dict[str, Any]:
    """Whether pairs that belong together, ``same`` [N], are those whose similarity [N] reaches the threshold.

    Args:
        similarities: [N].
        same: [N], true for pairs that belong together.
        threshold: from `best_threshold` on validation pairs; the best of these very pairs if not given, which
            flatters a little.
        bootstrap: resamples behind the interval.
        seed: the same seed gives the same interval.
        check: may raise Cancelled.

    Returns:
        ``rows``, ``threshold`` and ``metrics``: ``pair_accuracy``.
    """
    scores, right = _checked(similarities), np.asarray(same, bool)
    limit = best_threshold(scores, right) if threshold is None else threshold
    hits = ((scores >= limit) == right).astype(np.float64)[:, None]
    return {"threshold": limit, **_means(LABELLED_NAMES, hits, bootstrap, seed, check)}


def best_threshold(similarities: ArrayLike, same: ArrayLike) -> float:
    """The threshold that tells most pairs apart, half-way between two similarities; of several, the highest."""
    scores, right = _checked(similarities), np.asarray(same, bool)
    order = np.argsort(-scores, kind="stable")
    ordered = scores[order]
    ends = np.flatnonzero(np.r_[ordered[1:] != ordered[:-1], True])  # the last row of each distinct similarity
    gained = np.r_[0, np.cumsum(np.where(right[order], 1, -1))[ends]]  # over calling no pair the same
    best = int(gained.argmax())
    if best == 0:
        return float(np.nextafter(ordered[0], np.inf))
    upper = ordered[ends[best - 1]]
    if best == len(ends):
        return float(upper)
    lower = ordered[ends[best]]
    middle = (upper + lower) / 2
    return float(middle if middle > lower else upper)  # neighbouring floats have no middle


def triplets(
    positive: ArrayLike,
    negative: ArrayLike,
    *,
    bootstrap: int = 1000,
    seed: int = 7,
    check: Callable[[], None] | None = None,
) -> dict[str, Any]:
    """Share of triplets whose similarity to the positive [N] is above that to the negative [N]: TRIPLET_NAMES."""
    hits = (_checked(positive) > _checked(negative)).astype(np.float64)[:, None]
    return _means(TRIPLET_NAMES, hits, bootstrap, seed, check)


def retrieval(
    queries: ArrayLike,
    documents: ArrayLike,
    right: Sequence[Collection[int]] | None = None,
    *,
    bootstrap: int = 1000,
    seed: int = 7,
    check: Callable[[], None] | None = None,
) -> dict[str, Any]:
    """How high the right documents rank among all, by cosine.

    Args:
        queries: embeddings [N, D].
        documents: embeddings [M, D], each text once: a copy of a right document would count as wrong.
        right: the places of the right documents of each query, at least one; document i for query i if not given.
        bootstrap: resamples of queries behind each interval.
        seed: the same seed gives the same intervals.
        check: called for each block of queries and resamples; may raise Cancelled.

    Returns:
        ``rows`` (queries), ``documents`` and ``metrics``: RETRIEVAL_NAMES; with several right documents a query has
        its recall where one of them is among the first.
    """
    ranks = ranks_of(queries, documents, right, check)
    values = np.array([_values(places) for places in ranks])
    return {"documents": len(np.asarray(documents)), **_means(RETRIEVAL_NAMES, values, bootstrap, seed, check)}


def quick_pairs(similarities: ArrayLike, truth: ArrayLike) -> dict[str, float]:
    """`pairs` without intervals, for every epoch; a correlation that is undefined is 0, as chance is."""
    return _quick(pairs(similarities, truth, bootstrap=0))


def quick_labelled_pairs(similarities: ArrayLike, same: ArrayLike) -> dict[str, float]:
    """`labelled_pairs` at the best threshold of these pairs, without an interval."""
    return _quick(labelled_pairs(similarities, same, bootstrap=0))


def quick_triplets(positive: ArrayLike, negative: ArrayLike) -> dict[str, float]:
    """`triplets` without an interval."""
    return _quick(triplets(positive, negative, bootstrap=0))


def quick(queries: ArrayLike, documents: ArrayLike, right: Sequence[Collection[int]] | None = None) -> dict[str, float]:
    """`retrieval` without intervals, for every epoch."""
    return _quick(retrieval(queries, documents, right, bootstrap=0))


def cosine(left: ArrayLike, right: ArrayLike) -> Floats:
    """Similarity of each pair [N] of embeddings [N, D] and [N, D]; 0 for an embedding of length 0."""
    return np.einsum("nd,nd->n", _unit(left), _unit(right))


def ranks_of(
    queries: ArrayLike,
    documents: ArrayLike,
    right: Sequence[Collection[int]] | None = None,
    check: Callable[[], None] | None = None,
) -> list[list[int]]:
    """Ranks of the right documents of each query, from 1, best first (see `retrieval`)."""
    first, second = _unit(queries), _unit(documents)
    need_rows(len(first))
    wanted = [[place] for place in range(len(first))] if right is None else [sorted(set(places)) for places in right]
    size = max(1, _BLOCK_CELLS // max(len(second), 1))
    ranks: list[list[int]] = []
    for begin in range(0, len(first), size):
        if check:
            check()
        similarities = first[begin : begin + size] @ second.T
        ranks += [_ranks(row, places) for row, places in zip(similarities, wanted[begin : begin + size], strict=True)]
    return ranks


def nearest(queries: ArrayLike, documents: ArrayLike, count: int = 5) -> list[list[tuple[int, float]]]:
    """The most similar documents of each query, best first, as (place, similarity)."""
    second = _unit(documents)
    found = []
    for query in _unit(queries):
        similarities = second @ query
        places = np.argsort(-similarities, kind="stable")[:count]
        found.append([(int(place), float(similarities[place])) for place in places])
    return found


def _ranks(similarities: Floats, right: list[int]) -> list[int]:
    """Ranks of the right documents among the similarities [M] to all, wrong ones first where equal."""
    own = np.sort(similarities[right])[::-1]
    above = (similarities[None, :] >= own[:, None]).sum(axis=1)  # right and wrong ones, itself among them
    right_above = (own[None, :] >= own[:, None]).sum(axis=1)
    return (above - right_above + np.arange(1, len(own) + 1)).tolist()


def _values(ranks: list[int]) -> tuple[float, float, float, float]:
    """RETRIEVAL_NAMES of one query from the ranks of its right documents, best first."""
    best = ranks[0]
    gain = sum(1 / np.log2(rank + 1) for rank in ranks if rank <= CUT)
    ideal = sum(1 / np.log2(rank + 1) for rank in range(1, min(len(ranks), CUT) + 1))
    return float(best <= 1), float(best <= 5), 1 / best if best <= CUT else 0.0, float(gain / ideal)


def _unit(embeddings: ArrayLike) -> Floats:
    """Embeddings [N, D] of length 1."""
    values = np.asarray(embeddings, np.float64)
    need_rows(len(values))
    need_finite(values)
    lengths = np.linalg.norm(values, axis=1, keepdims=True)
    return values / np.where(lengths > 0, lengths, 1)


def _checked(similarities: ArrayLike) -> Floats:
    values = np.asarray(similarities, np.float64)
    need_rows(len(values))
    need_finite(values)
    return values


def _means(
    names: Sequence[str], values: Floats, bootstrap: int, seed: int, check: Callable[[], None] | None
) -> dict[str, Any]:
    """Means of the columns of [N, M]."""

    def measure(weights: Floats) -> Floats:
        return weights.T @ values / weights.sum(axis=0)[:, None]

    return _result(names, measure, len(values), bootstrap, seed, check)


def _result(
    names: Sequence[str],
    measure: Callable[[Floats], Floats],
    rows: int,
    bootstrap: int,
    seed: int,
    check: Callable[[], None] | None,
) -> dict[str, Any]:
    return {"rows": rows, "metrics": resampling.intervals(names, measure, rows, bootstrap, seed, check)}


def _quick(result: dict[str, Any]) -> dict[str, float]:
    return {name: float(entry["value"] or 0.0) for name, entry in result["metrics"].items()}

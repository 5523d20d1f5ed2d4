"""Similarity, triplets and retrieval against SciPy and a slow reference.

The reference is a transcription of sentence-transformers 6.2 (InformationRetrievalEvaluator.compute_metrics), whose
import alone would cost ten seconds.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from tlstudio.core.errors import Cancelled, StudioError
from tlstudio.metrics import ranking
from tlstudio.metrics.names import METRICS


def _embeddings(seed: int, rows: int = 60, width: int = 8, noise: float = 1.0):
    generator = np.random.default_rng(seed)
    documents = generator.normal(size=(rows, width))
    return documents + noise * generator.normal(size=documents.shape), documents


def _slow(queries, documents, right):
    """accuracy@1, accuracy@5, MRR@10 and nDCG@10."""
    sums = np.zeros(4)
    for query, places in zip(queries, right, strict=True):
        similarities = [float(query @ d / np.linalg.norm(query) / np.linalg.norm(d)) for d in documents]
        order = sorted(range(len(documents)), key=lambda place: -similarities[place])[:10]
        relevant = [place in places for place in order]
        sums[0] += any(relevant[:1])
        sums[1] += any(relevant[:5])
        sums[2] += next((1 / rank for rank, hit in enumerate(relevant, 1) if hit), 0)
        gain = sum(hit / np.log2(rank + 1) for rank, hit in enumerate(relevant, 1))
        sums[3] += gain / sum(1 / np.log2(rank + 1) for rank in range(1, min(10, len(places)) + 1))
    return sums / len(queries)


@pytest.mark.parametrize("noise", [0.5, 1.5, 5.0])
def test_retrieval_equals_a_slow_reference(noise):
    queries, documents = _embeddings(1, noise=noise)
    found = ranking.retrieval(queries, documents, bootstrap=100)
    values = [entry["value"] for entry in found["metrics"].values()]
    assert values == pytest.approx(_slow(queries, documents, [{i} for i in range(60)]))
    assert tuple(found["metrics"]) == ranking.RETRIEVAL_NAMES and set(found["metrics"]) <= set(METRICS)
    assert list(ranking.quick(queries, documents).values()) == pytest.approx(values)
    assert all(entry["low"] <= entry["value"] <= entry["high"] for entry in found["metrics"].values())


def test_several_right_documents_equal_a_slow_reference():
    queries, documents = _embeddings(2, noise=1.2)
    generator = np.random.default_rng(3)
    right = [{i, *generator.integers(0, 60, generator.integers(0, 14)).tolist()} for i in range(60)]
    found = ranking.retrieval(queries, documents, right, bootstrap=10)["metrics"]
    assert [entry["value"] for entry in found.values()] == pytest.approx(_slow(queries, documents, right))


def test_retrieval_by_hand():
    documents = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])
    queries = np.array([[2.0, 0.1], [1.0, 0.5]])  # ranks 1 and 2
    assert ranking.ranks_of(queries, documents, [[0], [1]]) == [[1], [2]]
    values = ranking.quick(queries, documents, [[0], [1]])
    expected = {"recall_at_1": 0.5, "recall_at_5": 1.0, "mrr": 0.75, "ndcg": (1 + 1 / np.log2(3)) / 2}
    assert values == pytest.approx(expected)
    assert ranking.nearest(queries[:1], documents, 2)[0][0] == (0, pytest.approx(2 / np.hypot(2, 0.1)))


def test_ties_go_against_the_model():
    same = np.ones((20, 4))
    assert set(ranking.quick(same, same).values()) == {0.0}
    assert ranking.ranks_of(same[:1], same[:3], [[0, 1]]) == [[2, 3]]
    assert ranking.quick_triplets([0.5, 0.9], [0.5, 0.1]) == {"triplet_accuracy": 0.5}


def test_pairs_equal_scipy():
    generator = np.random.default_rng(4)
    truth = np.round(generator.random(80) * 5)
    similarities = truth / 5 + generator.normal(size=80)
    found = ranking.pairs(similarities, truth, bootstrap=50)["metrics"]
    assert found["cosine_spearman"]["value"] == pytest.approx(stats.spearmanr(similarities, truth).statistic)
    assert found["pearson"]["value"] == pytest.approx(stats.pearsonr(similarities, truth).statistic)
    assert ranking.quick_pairs([0.1, 0.1], [1, 2]) == {"cosine_spearman": 0.0, "pearson": 0.0}


@pytest.mark.parametrize("seed", range(6))
def test_the_best_threshold_is_the_best_there_is(seed):
    generator = np.random.default_rng(seed)
    same = generator.random(40) < [0.5, 0.9][seed % 2]
    scores = np.round(same * 0.4 + generator.normal(size=40) * 0.4, 1)
    limit = ranking.best_threshold(scores, same)
    tried = [((scores >= cut) == same).mean() for cut in (*np.unique(scores), np.inf)]
    found = ranking.labelled_pairs(scores, same, bootstrap=50)
    assert found["threshold"] == limit
    assert found["metrics"]["pair_accuracy"]["value"] == pytest.approx(max(tried))
    assert ranking.quick_labelled_pairs(scores, same) == {"pair_accuracy": pytest.approx(max(tried))}


def test_thresholds_by_hand():
    assert ranking.best_threshold([0.9, 0.5, 0.1], [1, 1, 0]) == pytest.approx(0.3)
    assert ranking.best_threshold([0.9, 0.5], [0, 0]) > 0.9
    assert ranking.best_threshold([0.9, 0.5], [1, 1]) == 0.5
    assert ranking.labelled_pairs([0.9, 0.5], [1, 0], 0.4, bootstrap=5)["metrics"]["pair_accuracy"]["value"] == 0.5


def test_cosine():
    found = ranking.cosine([[1, 0], [1, 1], [0, 0]], [[2, 0], [-1, -1], [1, 1]])
    assert found == pytest.approx([1.0, -1.0, 0.0])


def test_bad_input_and_cancelling():
    with pytest.raises(StudioError, match="no rows"):
        ranking.pairs([], [])
    with pytest.raises(StudioError, match="finite"):
        ranking.retrieval([[np.nan, 1.0]], [[1.0, 1.0]])

    def check():
        raise Cancelled

    with pytest.raises(Cancelled):
        ranking.retrieval(*_embeddings(1), check=check)

"""Embeddings of pairs and triplets, judged: metrics by what a row of the data is, and what people see of the rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tlstudio.metrics import ranking
from tlstudio.tasks import sides, texts
from tlstudio.tasks.base import Encoded, Outputs, TestJob

if TYPE_CHECKING:
    import numpy as np

_SAMPLES = 50
_FOUND = 5  # neighbours of a sample
_BLOCK = 256  # queries between two looks at the user's wish to cancel
_CELLS, _FEWEST, _MOST = 50_000_000, 512, 8192  # features x texts, and features: 200 MB
_LONGEST, _MOST_TEXTS = 2_000, 50_000  # characters, texts
Sides = Sequence["np.ndarray"]  # vectors [N, D] of the first texts, the second …
ShownRows = tuple[dict[str, Any], dict[str, list[Any]]]  # additions to the results, columns of the predictions


@dataclass(frozen=True)
class Kind:
    """What a row of the data is. ``roles``: further columns; ``losses``: the first is the usual one."""

    roles: tuple[str, ...]
    losses: tuple[str, ...]
    quick: tuple[str, ...]
    headline: str


# the first whose columns the data has
KINDS: dict[str, Kind] = {
    "triplets": Kind(("negative",), ("in-batch", "triplet"), ("mrr", "recall_at_1", "triplet_accuracy"),
                     "triplet_accuracy"),
    "scores": Kind(("number",), ("cosent", "cosine"), ("cosine_spearman",), "cosine_spearman"),
    "labels": Kind(("label",), ("contrastive", "online-contrastive"), ("pair_accuracy",), "pair_accuracy"),
    "pairs": Kind((), ("in-batch",), ("mrr", "recall_at_1"), "recall_at_1"),
}  # fmt: skip


def vectors_of(encoded: Encoded, outputs: Outputs) -> list[np.ndarray]:
    """Answers to single texts as vectors [N, D] of each side."""
    import numpy as np

    assert isinstance(encoded, sides.SideEncoded)
    whole = np.stack(list(outputs))
    return [whole[side :: encoded.sides] for side in range(encoded.sides)]


def letters(train: Sequence[str], asked: Sequence[Sequence[str]], check: Callable[[], None]) -> list[np.ndarray]:
    """tf-idf of groups of two to four letters, float32 [N, F] for each side; it knows no meaning, only spelling.

    Source: Salton & Buckley, 1988, "Term-weighting approaches in automatic text retrieval"; scikit-learn.
    """
    import numpy as np
    from sklearn.feature_extraction.text import TfidfVectorizer

    rows = sum(map(len, asked))
    most = int(np.clip(_CELLS // max(rows, 1), _FEWEST, _MOST))
    model = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True, max_features=most,
                            dtype=np.float32)  # fmt: skip
    check()
    model.fit([text[:_LONGEST] for text in train[:_MOST_TEXTS]])
    check()
    return [model.transform([text[:_LONGEST] for text in column]).toarray() for column in asked]


class Judged:
    """Vectors of a split, by what its rows are.

    Args:
        encoded: the rows.
        split: which of them.
        vectors: of each side.
        threshold: from which similarity on labelled pairs belong together; the best one of these pairs if None, which
            flatters a little.
    """

    def __init__(self, encoded: Encoded, split: str, vectors: Sides, threshold: float | None = None) -> None:
        self.kind, self.rows, self.vectors = encoded.facts["pairs"], encoded.splits[split], vectors
        self.targets, self._threshold = list(self.rows["labels"]), threshold

    @property
    def threshold(self) -> float:
        """Of labelled pairs."""
        own = self._threshold
        return ranking.best_threshold(self.similarities(), self.targets) if own is None else own

    def similarities(self, side: int = 1) -> np.ndarray:
        return ranking.cosine(self.vectors[0], self.vectors[side])

    def quick(self) -> dict[str, float]:
        if self.kind == "scores":
            return ranking.quick_pairs(self.similarities(), self.targets)
        if self.kind == "labels":
            return ranking.quick_labelled_pairs(self.similarities(), self.targets)
        pool = sides.pool(self.rows)
        found = ranking.quick(self.vectors[0], pool.vectors(self.vectors), pool.right)
        if self.kind == "triplets":
            found |= ranking.quick_triplets(self.similarities(), self.similarities(2))
        return found

    def whole(self, **options: Any) -> dict[str, Any]:
        """All metrics with intervals."""
        if self.kind == "scores":
            return ranking.pairs(self.similarities(), self.targets, **options)
        if self.kind == "labels":
            return ranking.labelled_pairs(self.similarities(), self.targets, self._threshold, **options)
        pool = sides.pool(self.rows)
        found = ranking.retrieval(self.vectors[0], pool.vectors(self.vectors), pool.right, **options)
        if self.kind == "triplets":
            ordered = ranking.triplets(self.similarities(), self.similarities(2), **options)
            found["metrics"] = {**ordered["metrics"], **found["metrics"]}
        return found


class Shown:
    """What people see of the test rows: samples, and the columns of the predictions."""

    def __init__(self, job: TestJob, judged: Judged) -> None:
        self.job, self.judged, self.numbers = job, judged, job.row_numbers()
        self.texts = [job.texts(role) for role in (*texts.PAIR, "negative")[: len(judged.vectors)]]

    def all(self) -> ShownRows:
        """Additions to the results, and columns."""
        makers: dict[str, Callable[[], ShownRows]] = {"scores": self._scores, "labels": self._labels}
        shown, columns = makers.get(self.judged.kind, self._retrieval)()
        similarity = self.judged.similarities().tolist()
        names = ("text_b", "negative")[: len(self.texts) - 1]
        return shown, {**dict(zip(names, self.texts[1:], strict=True)), **columns, "similarity": similarity}

    def _scores(self) -> ShownRows:
        low, high = self.job.encoded.facts["scores"]
        cosine, truth = self.judged.similarities().tolist(), self.judged.targets
        score = [
            max(0.0, 1 - abs(one - (value - low) / (high - low))) for one, value in zip(cosine, truth, strict=True)
        ]
        items = [
            {"row": self.numbers[at], "text": self.texts[0][at], "text_b": self.texts[1][at],
             "label": float(truth[at]), "predicted": cosine[at]}
            for at in spread(score)
        ]  # fmt: skip
        columns = {"label": [f"{value:g}" for value in truth], "predicted": [f"{one:.4f}" for one in cosine],
                   "score": score}  # fmt: skip
        return {"samples": {"kind": "numbers", "items": items}}, columns

    def _labels(self) -> ShownRows:
        cosine, limit = self.judged.similarities().tolist(), self.judged.threshold
        names = ("different", "same")
        truth = [names[value] for value in self.judged.targets]
        found = [names[int(one >= limit)] for one in cosine]
        wrong = [at for at, label in enumerate(truth) if found[at] != label]
        wrong.sort(key=lambda at: -abs(cosine[at] - limit))
        errors = [
            {"row": self.numbers[at], "text": " ⇄ ".join(side[at] for side in self.texts), "label": truth[at],
             "predicted": found[at], "confidence": min(1.0, abs(cosine[at] - limit))}
            for at in wrong[:_SAMPLES]
        ]  # fmt: skip
        right = [float(one == other) for one, other in zip(truth, found, strict=True)]
        return {"errors": errors}, {"label": truth, "predicted": found, "score": right}

    def _retrieval(self) -> ShownRows:
        """The score of a row is one over the rank of the first right document."""
        pool, queries, check = sides.pool(self.judged.rows), self.judged.vectors[0], self.job.control.check
        documents = pool.vectors(self.judged.vectors)
        ranks = ranking.ranks_of(queries, documents, pool.right, check)
        score = [1 / places[0] for places in ranks]
        best: list[int] = []
        for start in range(0, len(queries), _BLOCK):
            check()
            best += [found[0][0] for found in ranking.nearest(queries[start : start + _BLOCK], documents, 1)]
        shown = [self.texts[side][row] for side, row in pool.places]
        chosen = spread(score)
        near = ranking.nearest(queries[chosen], documents, _FOUND)
        items = [
            {"row": self.numbers[at], "query": self.texts[0][at], "expected": self.texts[1][at],
             "found": [{"text": shown[place], "score": similarity, "right": place in pool.right[at]}
                       for place, similarity in found]}
            for at, found in zip(chosen, near, strict=True)
        ]  # fmt: skip
        columns: dict[str, list[Any]] = {
            "label": self.texts[1],
            "predicted": [shown[place] for place in best],
            "score": score,
        }
        return {"samples": {"kind": "neighbours", "items": items}}, columns


def spread(score: Sequence[float]) -> list[int]:
    """Rows to be shown: evenly spread over the test, the worst first."""
    import numpy as np

    places = sorted({int(place) for place in np.linspace(0, len(score) - 1, min(len(score), _SAMPLES)).round()})
    return sorted(places, key=lambda place: score[place])

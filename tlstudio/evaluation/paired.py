"""Two models on the same test rows: the difference between them, with an interval that uses the pairing.

Rows that both get right, or both wrong, say nothing about the difference; a paired bootstrap leaves their noise out
(Efron and Tibshirani, 1993, chapter 8; Dror et al., 2018, "The hitchhiker's guide to testing statistical
significance in NLP").
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tlstudio.core.errors import StudioError
from tlstudio.metrics.resampling import Interval, blocks, interval

CONTENTS = ("text", "text_b", "tokens", "question", "context", "source_text", "prompt", "image", "audio")


def difference(
    first: NDArray[np.float64],
    second: NDArray[np.float64],
    *,
    bootstrap: int = 1000,
    seed: int = 7,
    check: Callable[[], None] | None = None,
) -> Interval:
    """Mean score of the second minus mean score of the first, with its 95 % interval.

    Args:
        first: how good the answer to each of N rows is, [N]; 1 for right, 0 for wrong.
        second: the same of the other model, rows in the same order.
    """
    gain = second.astype(np.float64) - first.astype(np.float64)
    samples = [weights.T @ gain / len(gain) for weights in blocks(len(gain), bootstrap, seed, check)]
    return interval(float(gain.mean()), np.concatenate(samples))


def difference_of_seeds(
    first: NDArray[np.float64], second: NDArray[np.float64], *, bootstrap: int = 1000, seed: int = 7,
    check: Callable[[], None] | None = None,
) -> Interval:  # fmt: skip
    """As :func:`difference`, of several trainings with other seeds: seeds and rows are both drawn again.

    With few seeds the interval is too narrow for what other seeds would give: it knows only those that it has seen.

    Args:
        first: how good the answers are, [S, N], of S trainings of one recipe.
        second: the same of the other recipe, with the same seeds in the same order.
    """
    gain = second.astype(np.float64) - first.astype(np.float64)
    seeds, rows = gain.shape
    draw = np.random.default_rng(seed)
    samples = []
    for weights in blocks(rows, bootstrap, seed, check):
        chosen = draw.multinomial(seeds, np.full(seeds, 1 / seeds), size=weights.shape[1]).T
        samples.append((chosen * (gain @ weights)).sum(0) / (seeds * rows))
    return interval(float(gain.mean()), np.concatenate(samples))


def compare_groups(
    first: Sequence[Path], second: Sequence[Path], check: Callable[[], None] | None = None
) -> dict[str, Any]:
    """How the runs of one recipe differ from those of another, with the same seeds in the same order.

    Returns:
        As :func:`compare_runs`; a row is better in one where it is over all seeds.

    Raises:
        StudioError: as :func:`compare_runs`.
    """
    pairs = [_alike(one, two) for one, two in zip(first, second, strict=True)]
    one, two = (np.stack([pair[side] for pair in pairs]) for side in (0, 1))
    gain = two.mean(0) - one.mean(0)
    return {
        "rows": one.shape[1],
        "difference": difference_of_seeds(one, two, check=check),
        "only_first": int((gain < 0).sum()),
        "only_second": int((gain > 0).sum()),
    }


def compare_runs(first: Path, second: Path, check: Callable[[], None] | None = None) -> dict[str, Any]:
    """How the second run's predictions differ from the first's on the same test rows.

    Returns:
        ``{"rows", "difference": Interval, "only_first", "only_second"}``: rows that only one of them does better.

    Raises:
        StudioError: a run has no predictions, or they are of other test rows.
    """
    one, two = _alike(first, second)
    return {
        "rows": len(one),
        "difference": difference(one, two, check=check),
        "only_first": int((one > two).sum()),
        "only_second": int((two > one).sum()),
    }


@dataclass(frozen=True)
class Tested:
    """What a run answered: what each of N test rows was about, and how good the answer is, [N]."""

    run: str
    about: list[tuple[str, ...]]
    scores: NDArray[np.float64]

    @property
    def binary(self) -> bool:
        """Whether answers are right or wrong, and nothing between."""
        return bool(np.isin(self.scores, (0.0, 1.0)).all())


def read_tested(folder: Path) -> Tested:
    """The predictions of a run.

    Raises:
        StudioError: it has none, or they are damaged.
    """
    try:
        about, scores = _scores(folder)
    except (ValueError, KeyError, TypeError) as error:  # of pyarrow, too
        raise StudioError(
            "compare.damaged", "The predictions of the run {run} are damaged.", "Train the run again.", run=folder.name
        ) from error
    return Tested(folder.name, about, scores)


def common_rows(first: Tested, second: Tested) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The places of the rows that both runs were tested on, in the order of the first.

    Rows that say the same are the same row; where one stands several times, the first is paired with the first.
    """
    places: dict[tuple[str, ...], list[int]] = {}
    for at, row in enumerate(second.about):
        places.setdefault(row, []).append(at)
    pairs, taken = [], dict.fromkeys(places, 0)
    for at, row in enumerate(first.about):
        if taken.get(row, 0) < len(places.get(row, ())):
            pairs.append((at, places[row][taken[row]]))
            taken[row] += 1
    both = np.array(pairs, dtype=np.intp).reshape(-1, 2)
    return both[:, 0], both[:, 1]


def compare_tested(first: Tested, second: Tested, check: Callable[[], None] | None = None) -> dict[str, Any]:
    """How the answers of the second run differ from the first's on the test rows that both have.

    Returns:
        ``{"rows", "difference": Interval, "only_first", "only_second", "p", "test"}``; the last is ``mcnemar`` where
        answers are right or wrong, else ``sign``. All but ``rows`` is None where there are no common rows.
    """
    one, two = common_rows(first, second)
    if not len(one):
        names = ("difference", "only_first", "only_second", "p", "test")
        return {"rows": 0, **dict.fromkeys(names)}
    gain = second.scores[two] - first.scores[one]
    better, worse = int((gain > 0).sum()), int((gain < 0).sum())
    return {
        "rows": len(one),
        "difference": difference(first.scores[one], second.scores[two], check=check),
        "only_first": worse,
        "only_second": better,
        "p": exact_p(worse, better),
        "test": "mcnemar" if first.binary and second.binary else "sign",
    }


def exact_p(worse: int, better: int) -> float:
    """The exact two-sided p-value of McNemar's test: were the rows on which two models differ divided by a coin?

    Rows that both answer alike say nothing (McNemar, 1947, "Note on the sampling error of the difference between
    correlated proportions"). For scores between right and wrong the same formula is the sign test.
    """
    rows, fewer = worse + better, min(worse, better)
    if not rows:
        return 1.0
    whole = math.lgamma(rows + 1) - rows * math.log(2)
    tail = sum(math.exp(whole - math.lgamma(k + 1) - math.lgamma(rows - k + 1)) for k in range(fewer + 1))
    return min(1.0, 2 * tail)


def holm(values: Sequence[float]) -> list[float]:
    """The p-values of several tests, raised so that one false alarm in all stays as rare as in a single test.

    Holm, 1979, "A simple sequentially rejective multiple test procedure".
    """
    raised, highest = [0.0] * len(values), 0.0
    for place, at in enumerate(sorted(range(len(values)), key=lambda at: values[at])):
        highest = max(highest, min(1.0, (len(values) - place) * values[at]))
        raised[at] = highest
    return raised


def _alike(first: Path, second: Path) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The scores of two runs [N] each, if they were tested on the same rows."""
    one, two = (_scores(folder) for folder in (first, second))
    if one[0] != two[0]:
        raise StudioError(
            "compare.other-rows", "The runs {first} and {second} were tested on different rows.",
            "Compare runs with the same data and the same split.", first=first.name, second=second.name,
        )  # fmt: skip
    return one[1], two[1]


def _scores(folder: Path) -> tuple[list[tuple[str, ...]], NDArray[np.float64]]:
    """What each prediction was about, and how good it is."""
    import pyarrow.parquet as pq

    path = folder / "predictions.parquet"
    if not path.is_file():
        raise StudioError(
            "compare.no-predictions", "The run {run} has no predictions.", "Choose a run that was completed.",
            run=folder.name,
        )  # fmt: skip
    table = pq.read_table(path).to_pydict()
    # truth too: other labels for the same texts make another test
    about = [table[name] for name in ("row", "file", *CONTENTS, "label") if name in table]
    # runs of earlier versions have no scores: they were classifiers
    scores = table.get("score") or [float(a == b) for a, b in zip(table["label"], table["predicted"], strict=True)]
    return [tuple(map(str, row)) for row in zip(*about, strict=True)], np.asarray(scores, dtype=np.float64)

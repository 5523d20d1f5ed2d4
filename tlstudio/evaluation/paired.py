"""Two models on the same test rows: the difference between them, with an interval that uses the pairing.

Rows that both get right, or both wrong, say nothing about the difference; a paired bootstrap leaves their noise out
(Efron and Tibshirani, 1993, chapter 8; Dror et al., 2018, "The hitchhiker's guide to testing statistical
significance in NLP").
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
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


def _alike(first: Path, second: Path) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The scores of two runs [N] each, if they were tested on the same rows."""
    one, two = (_scores(folder) for folder in (first, second))
    if one[0] != two[0]:
        raise StudioError(
            "compare.other-rows", "The runs {first} and {second} were tested on different rows.",
            "Compare runs with the same data and the same split.", first=first.name, second=second.name,
        )  # fmt: skip
    return one[1], two[1]


def _scores(folder: Path) -> tuple[list[tuple[Any, ...]], NDArray[np.float64]]:
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

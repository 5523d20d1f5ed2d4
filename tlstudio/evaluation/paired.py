"""Two models on the same test rows: the difference between them, with an interval that uses the pairing.

Rows that both get right, or both wrong, say nothing about the difference; a paired bootstrap leaves their noise out
(Efron and Tibshirani, 1993, chapter 8; Dror et al., 2018, "The hitchhiker's guide to testing statistical
significance in NLP").
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tlstudio.core.errors import StudioError
from tlstudio.evaluation.resampling import Interval, blocks, interval


def difference(
    first: NDArray[np.bool_],
    second: NDArray[np.bool_],
    *,
    bootstrap: int = 1000,
    seed: int = 7,
    check: Callable[[], None] | None = None,
) -> Interval:
    """Accuracy of the second minus accuracy of the first, with its 95 % interval.

    Args:
        first: whether each of N rows is right, bool [N].
        second: the same of the other model, rows in the same order.
    """
    gain = second.astype(np.float64) - first.astype(np.float64)
    samples = [weights.T @ gain / len(gain) for weights in blocks(len(gain), bootstrap, seed, check)]
    return interval(float(gain.mean()), np.concatenate(samples))


def compare_runs(first: Path, second: Path, check: Callable[[], None] | None = None) -> dict[str, Any]:
    """How the second run's predictions differ from the first's on the same test rows.

    Returns:
        ``{"rows", "accuracy": Interval, "only_first", "only_second"}``: rows that only one of them gets right.

    Raises:
        StudioError: a run has no predictions, or they are of other test rows.
    """
    one, two = (_correct(folder) for folder in (first, second))
    if one[0] != two[0]:
        raise StudioError(
            "compare.other-rows", "The runs {first} and {second} were tested on different rows.",
            "Compare runs with the same data and the same split.", first=first.name, second=second.name,
        )  # fmt: skip
    return {
        "rows": len(one[1]),
        "accuracy": difference(one[1], two[1], check=check),
        "only_first": int((one[1] & ~two[1]).sum()),
        "only_second": int((two[1] & ~one[1]).sum()),
    }


def _correct(folder: Path) -> tuple[list[tuple[int, str]], NDArray[np.bool_]]:
    """Row and text of each prediction, and whether it is right."""
    import pyarrow.parquet as pq

    path = folder / "predictions.parquet"
    if not path.is_file():
        raise StudioError(
            "compare.no-predictions", "The run {run} has no predictions.", "Choose a run that was completed.",
            run=folder.name,
        )  # fmt: skip
    table = pq.read_table(path, columns=["row", "text", "label", "predicted"]).to_pydict()
    right = np.array([a == b for a, b in zip(table["label"], table["predicted"], strict=True)], dtype=np.bool_)
    return list(zip(table["row"], table["text"], strict=True)), right

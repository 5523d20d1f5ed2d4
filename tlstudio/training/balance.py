"""Class-balanced sampling: every class is drawn equally often, whatever its size.

"Class-balanced sampling" of Kang et al. 2020, "Decoupling representation and classifier for long-tailed recognition",
section 3, without replacement: the rows of a class are gone through in random order, again and again, and go on in the
next epoch where they ended in the last. So a large class is still seen whole, over several epochs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tlstudio.core.errors import StudioError

if TYPE_CHECKING:
    import numpy as np


def balanced_indices(labels: Sequence[int] | np.ndarray, seed: int, epoch: int) -> np.ndarray:
    """Indices of the rows of one epoch, int64 [N], in random order.

    Args:
        labels: class of each row [N]; classes without rows are no classes.
        seed: of the training run.
        epoch: from 0; the same seed and epoch give the same rows.

    Returns:
        As many indices as there are rows. The counts of two classes differ by one at most, and those of two rows of a
        class by two, because an epoch can end one round through the class and begin another.
    """
    import numpy as np

    rows = np.asarray(labels)
    order = np.argsort(rows, kind="stable")
    members = np.split(order, np.flatnonzero(np.diff(rows[order])) + 1) if len(rows) else []
    ranks = np.random.default_rng([seed, 0]).permutation(len(members)).tolist()
    parts = []
    for number, rank in enumerate(ranks):
        # summed over all ranks r the terms (total + r) // classes give the total (Hermite's identity)
        start, stop = ((len(rows) * each + rank) // len(members) for each in (epoch, epoch + 1))
        parts.append(members[number][_stretch(len(members[number]), start, stop, [seed, 1, number])])
    indices = np.concatenate(parts) if parts else np.zeros(0, np.int64)
    return np.random.default_rng([seed, 2, epoch]).permutation(indices)


def _stretch(count: int, start: int, stop: int, seed: list[int]) -> np.ndarray:
    """Places start … stop - 1 of an endless row of permutations of ``count`` things; whole ones come in any order."""
    import numpy as np

    def part(turn: int, low: int, high: int) -> np.ndarray:
        return np.random.default_rng([*seed, turn]).permutation(count)[low:high]

    first, last = start // count, stop // count
    if first == last:
        return part(first, start % count, stop % count)
    whole = np.tile(np.arange(count), last - first - 1)
    return np.concatenate([part(first, start % count, count), whole, part(last, 0, stop % count)])


def classes_of(rows: Any) -> list[int]:
    """The class of each training row.

    Raises:
        StudioError: the rows do not have one class each, as in multi-label tasks.
    """
    import numpy as np

    if hasattr(rows, "column_names"):
        labels = list(rows["labels"]) if "labels" in rows.column_names else []
    else:
        labels = [row.get("labels") for row in rows]
    if len(labels) == len(rows) and all(isinstance(label, (int, np.integer)) for label in labels):
        return labels
    raise StudioError(
        "training.no-classes",
        "Rows can be drawn equally from all classes only where each row has exactly one class.",
        "Set data.balance to none.",
        where="data.balance",
    )

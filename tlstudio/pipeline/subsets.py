"""Parts of labelled rows that stand for all of them: every class is in them, in about its share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tlstudio.data.labelled import Labelled
from tlstudio.data.rows import Rows

if TYPE_CHECKING:
    import numpy as np

_HELD_OUT = 0.2  # of the training rows, where the data has no validation rows
_RARE = 4  # rows a label at least, on average, for labels to be classes that rows are spread over


def spread(rows: Rows, seed: int) -> np.ndarray:
    """The places of all rows in such an order that each beginning of it is a stratified sample.

    The first rows are one of each class; then each class is spread evenly over the order. Where labels are no classes,
    such as the many combinations of several labels, the order is random.

    Returns:
        int64 [N].
    """
    import numpy as np

    draw = np.random.default_rng(seed)
    order = draw.permutation(len(rows))
    if rows.codes is None or len(np.unique(rows.codes)) * _RARE > len(rows):
        return order
    places = np.empty(len(rows))
    for code in np.unique(rows.codes):
        own = order[rows.codes[order] == code]
        places[own] = (np.arange(len(own)) + draw.random()) / len(own)
        places[own[0]] = -1 + draw.random() / 2
    found: np.ndarray = np.argsort(places, kind="stable")
    return found


def part(rows: Rows, places: Sequence[int] | np.ndarray) -> Rows:
    """The rows at ``places``, in their own order."""
    import numpy as np

    chosen = np.sort(np.asarray(places, np.int64))
    codes = None if rows.codes is None else rows.codes[chosen]
    return replace(rows, indices=rows.indices[chosen], codes=codes, ids=rows.ids[chosen])


def sample(labelled: Labelled, split: str, count: int, seed: int) -> Labelled:
    """The data with at most ``count`` rows in a split; samples of one seed lie within one another."""
    rows = labelled.splits[split]
    if len(rows) <= count:
        return labelled
    return with_splits(labelled, **{split: part(rows, spread(rows, seed)[:count])})


def sample_each(labelled: Labelled, split: str, count: int, seed: int) -> Labelled:
    """The data with at most ``count`` rows of each class in a split; samples of one seed lie within one another.

    The rows must have classes.
    """
    import numpy as np

    rows = labelled.splits[split]
    assert rows.codes is not None
    order = np.random.default_rng(seed).permutation(len(rows))
    order = order[np.argsort(rows.codes[order], kind="stable")]  # one class after the other, each in random order
    codes = rows.codes[order]
    rank = np.arange(len(rows)) - np.searchsorted(codes, codes)
    return with_splits(labelled, **{split: part(rows, order[(rank < count) & (codes >= 0)])})


def with_splits(labelled: Labelled, **splits: Any) -> Labelled:
    """The data with other rows in some splits."""
    return replace(labelled, splits={**labelled.splits, **splits})


def with_validation(labelled: Labelled, seed: int) -> Labelled:
    """The data with validation rows; where it has none, a fifth of the training rows are held out."""
    train = labelled.splits["train"]
    if len(labelled.splits.get("validation", ())) or len(train) < 2:
        return labelled
    order = spread(train, seed)
    count = max(1, round(len(train) * _HELD_OUT))
    # the order begins with one row of each class, which must stay; its end is a stratified sample as well
    return with_splits(labelled, train=part(train, order[:-count]), validation=part(train, order[-count:]))

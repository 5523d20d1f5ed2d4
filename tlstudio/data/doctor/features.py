"""Features of the drawn rows by the chosen backbone, computed once for all checks that use them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tlstudio.data.detect.pictures import looked_at
from tlstudio.data.doctor.base import Examined
from tlstudio.data.splits import mixed

if TYPE_CHECKING:
    import numpy as np

_ROWS = 20_000  # embedded at most: minutes of work for a small backbone on a processor
_AT_ONCE = 128


@dataclass(frozen=True)
class Featured:
    """``numbers`` int64 [k]: drawn rows, ascending; ``features`` [k, D]: a float32 array, or a sparse matrix."""

    numbers: np.ndarray
    features: Any


def featured(examined: Examined) -> Featured:
    """Features of labelled rows by ``examined.embed``; broken images have none."""
    return examined.once("features", lambda: _computed(examined))


def _computed(examined: Examined) -> Featured:
    import numpy as np

    assert examined.embed is not None  # the check is made only then
    drawn, content = examined.drawn, examined.labelled.content
    usable = np.ones(len(drawn), dtype=bool) if drawn.codes is None else drawn.codes >= 0
    if content not in examined.text_columns:
        usable &= ~_broken(examined)
    numbers = np.flatnonzero(usable)
    numbers = np.sort(numbers[np.argsort(mixed(drawn.ids[numbers], 29), kind="stable")[:_ROWS]])
    texts = drawn.texts(content, numbers)
    order = sorted(range(len(texts)), key=lambda number: -len(texts[number]))  # texts of one length need no padding
    found: np.ndarray | None = None
    for low in range(0, len(order), _AT_ONCE):
        examined.control.check()
        chosen = order[low : low + _AT_ONCE]
        features = np.asarray(examined.embed([texts[number] for number in chosen]), dtype=np.float32)
        found = np.zeros((len(order), features.shape[1]), dtype=np.float32) if found is None else found
        found[chosen] = features
        examined.tick(len(chosen) // 2)
    return Featured(numbers, np.zeros((0, 1), dtype=np.float32) if found is None else found)


def _broken(examined: Examined) -> np.ndarray:
    """bool [n]: drawn rows whose image cannot be read."""
    import numpy as np

    parts = []
    for split in examined.drawn.splits:
        rows = examined.labelled.splits[split]
        numbers = rows.indices[examined.drawn.position[examined.drawn.numbers(split)]]
        facts = looked_at(rows.table, examined.labelled.content, numbers, examined.control)
        parts.append(facts.broken[numbers])
    return np.concatenate(parts)

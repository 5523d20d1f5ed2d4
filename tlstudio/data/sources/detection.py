"""What sources of boxes share: boxes as text, clipped to the image, and a count of those that cannot be learnt from."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from tlstudio.data.rowwise import box_text
from tlstudio.data.sources.flatten import sound

if TYPE_CHECKING:
    import pyarrow as pa

_ROWS = 1_000
_LISTS = ("boxes", "box_labels")


class Objects:
    """The boxes of one image.

    Args:
        width: pixels of the image; boxes are cut at its edges. 0 where it is not known.
        height: as ``width``.
    """

    def __init__(self, width: float = 0, height: float = 0) -> None:
        self._edges = (width or math.inf, height or math.inf)
        self._boxes: list[str] = []
        self._labels: list[str] = []
        self._left: Counter[str] = Counter()

    def add(self, label: str, box: Sequence[float]) -> None:
        """A box: left, top, right, bottom in pixels; without an area inside the image it is left out."""
        cut = [min(max(value, 0.0), self._edges[place % 2]) for place, value in enumerate(box)]
        cut = [round(value, 3) for value in cut]
        if cut[0] < cut[2] and cut[1] < cut[3]:
            self._boxes.append(box_text(cut))
            self._labels.append(sound(label))
        else:
            self.leave_out("without area")

    def leave_out(self, why: str) -> None:
        self._left[why] += 1

    def cells(self) -> dict[str, Any]:
        """``boxes``, ``box_labels``, and in ``left_out`` how many boxes are not there, such as "2 crowd"."""
        left = ", ".join(f"{count} {why}" for why, count in sorted(self._left.items()))
        return {"boxes": self._boxes, "box_labels": self._labels, "left_out": left}


def row_batches(rows: Iterable[dict[str, Any]], texts: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """Rows as Arrow: ``image``, ``boxes``, ``box_labels``, and the columns ``texts``."""
    import pyarrow as pa

    schema = schema_of(texts)
    some: list[dict[str, Any]] = []
    for row in rows:
        some.append(row)
        if len(some) == _ROWS:
            yield pa.RecordBatch.from_pylist(some, schema)
            some = []
    if some:
        yield pa.RecordBatch.from_pylist(some, schema)


def schema_of(texts: Sequence[str]) -> pa.Schema:
    import pyarrow as pa

    lists = [(name, pa.list_(pa.string())) for name in _LISTS]
    return pa.schema([("image", pa.string()), *lists, *((name, pa.string()) for name in texts)])

"""Reads some rows of a large table: by number, without the copy of a whole column that Arrow's own ``take`` makes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

LONGEST = 100_000  # characters of a text that are looked at; no flaw hides only behind them
MESSAGE = '{"role": '  # begins each message as the sources write it
_ROWS, _CHARACTERS = 1_000, 1 << 20  # of a portion: some milliseconds of work


def plain(value: Any) -> str:
    """A cell as text; tokens are joined by spaces, and of messages only what they say."""
    if isinstance(value, str):
        return value[:LONGEST]
    if value and value[0].startswith(MESSAGE):
        return "\n".join(str(json.loads(item)["content"]) for item in value)[:LONGEST]
    return " ".join(value)[:LONGEST]


def joined(columns: Sequence[list[str]]) -> list[str]:
    """The texts of several columns as one for each row."""
    return columns[0] if len(columns) == 1 else ["\n".join(cells) for cells in zip(*columns, strict=True)]


def taken(column: pa.ChunkedArray, numbers: np.ndarray) -> list[str]:
    """The cells of the rows ``numbers`` [k], in that order.

    ``ChunkedArray.take`` of pyarrow 26 joins all chunks first: two gigabytes of memory for a hundred rows.
    """
    import numpy as np
    import pyarrow as pa

    ends = np.cumsum([len(chunk) for chunk in column.chunks]) if column.num_chunks else np.zeros(0, dtype=np.int64)
    chunks = np.searchsorted(ends, numbers, side="right")
    found: list[str] = [""] * len(numbers)
    for chunk in np.unique(chunks):
        places = np.flatnonzero(chunks == chunk) if len(chunks) < 1000 else _places(chunks, chunk)
        first = int(ends[chunk - 1]) if chunk else 0
        values = column.chunk(int(chunk)).take(pa.array(numbers[places] - first)).to_pylist()
        for place, value in zip(places.tolist(), values, strict=True):
            found[place] = plain(value)
    return found


def _places(chunks: np.ndarray, chunk: int) -> np.ndarray:
    import numpy as np

    if (chunks[1:] >= chunks[:-1]).all():
        low, high = np.searchsorted(chunks, (chunk, chunk + 1))
        return np.arange(low, high)
    return np.flatnonzero(chunks == chunk)


def portions(batches: Iterable[list[str]]) -> Iterator[list[str]]:
    """The same texts in lists that take some milliseconds of work each, so that a cancel is heard soon."""
    for batch in batches:
        portion: list[str] = []
        size = 0
        for text in batch:
            portion.append(text)
            size += len(text)
            if len(portion) == _ROWS or size > _CHARACTERS:
                yield portion
                portion, size = [], 0
        if portion:
            yield portion

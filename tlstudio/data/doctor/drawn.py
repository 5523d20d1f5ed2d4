"""The rows that slow checks look at: all of them, or a fixed draw of many, read once and kept in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tlstudio.core.control import Control
from tlstudio.data.detect.reading import joined, plain, portions, taken
from tlstudio.data.labelled import Labelled
from tlstudio.data.roles import FILES, TEXTS
from tlstudio.data.rows import Rows
from tlstudio.data.splits import mixed

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

ROWS = 200_000  # drawn at most
_BYTES = 128 << 20  # of texts in memory at most


@dataclass(frozen=True)
class Drawn:
    """Rows of all splits, one split after another.

    Attributes:
        splits: names of the splits.
        split: int8 [n], index into ``splits``.
        position: int64 [n], place in the split's rows, ascending within a split.
        ids: uint64 [n], numbers of the contents.
        codes: int32 [n], label of each row, -1 without; None where no column is a label.
        names: the label names.
        columns: contents by column, in the order of the rows.
        text_columns: those of them that are texts and not paths of images or recordings.
        total: rows that there are.
    """

    splits: tuple[str, ...]
    split: np.ndarray
    position: np.ndarray
    ids: np.ndarray
    codes: np.ndarray | None
    names: list[str]
    columns: dict[str, pa.ChunkedArray] = field(repr=False)
    text_columns: frozenset[str]
    total: int

    def __len__(self) -> int:
        return len(self.split)

    @property
    def complete(self) -> bool:
        return len(self) == self.total

    def place(self, number: int) -> tuple[str, int]:
        """Split, and position in its rows."""
        return self.splits[self.split[number]], int(self.position[number])

    def numbers(self, split: str) -> np.ndarray:
        """int64 [k]: the rows of one split."""
        import numpy as np

        return np.flatnonzero(self.split == self.splits.index(split))

    def portions(self, *columns: str) -> Iterator[tuple[int, list[str]]]:
        """(number of the first row, texts), some milliseconds of work each; texts of several columns are joined."""
        first = 0
        chunks = zip(*(self.columns[column].chunks for column in columns), strict=True)  # read together, alike long
        for texts in portions(joined([list(map(plain, cells.to_pylist())) for cells in some]) for some in chunks):
            yield first, texts
            first += len(texts)

    def texts(self, column: str, numbers: np.ndarray) -> list[str]:
        """Texts of some rows."""
        return taken(self.columns[column], numbers)


def draw(labelled: Labelled, control: Control, most: int = ROWS) -> Drawn:
    """Reads the rows; with more of them than ``most`` those whose hash is low, the same each time.

    Rows with equal contents are drawn together, so that duplicates are found in a draw as well.
    """
    import numpy as np
    import pyarrow as pa

    splits = labelled.splits
    columns = _columns(labelled)
    chosen = _positions(splits, min(most, _affordable(labelled, columns)))
    parts = [_read(splits[split], positions, columns, control) for split, positions in chosen.items()]
    types = {column: next(iter(splits.values())).table.open().schema.field(column).type for column in columns}
    return Drawn(
        tuple(splits),
        np.repeat(np.arange(len(chosen), dtype=np.int8), [len(positions) for positions in chosen.values()]),
        np.concatenate(list(chosen.values())),
        np.concatenate([splits[split].ids[positions] for split, positions in chosen.items()]),
        _codes(splits, chosen),
        labelled.labels,
        {column: pa.chunked_array([chunk for part in parts for chunk in part[column]], types[column])
         for column in columns},
        frozenset(columns) - {name for role in FILES for name in labelled.roles.columns.get(role, ())},
        sum(len(rows) for rows in splits.values()),
    )  # fmt: skip


# --- inside


def _columns(labelled: Labelled) -> list[str]:
    roles = labelled.roles
    texts = [roles.one(role) for role in (*TEXTS, "tokens", "messages") if role in roles.columns]
    return list(dict.fromkeys([labelled.content, *texts]))


def _affordable(labelled: Labelled, columns: list[str]) -> int:
    """How many rows fit into memory, by the mean length of the first some thousand."""
    sizes = rows = 0
    for part in labelled.splits.values():
        for batch in part.batches(columns):
            sizes += sum(column.nbytes for column in batch.columns)
            rows += batch.num_rows
            break
    return max(100, int(_BYTES / max(sizes / max(rows, 1), 1)))


def _positions(splits: dict[str, Rows], most: int) -> dict[str, np.ndarray]:
    import numpy as np

    total = sum(len(rows) for rows in splits.values())
    if total <= most:
        return {split: np.arange(len(rows)) for split, rows in splits.items()}
    order = {split: mixed(rows.ids, 0) for split, rows in splits.items()}
    cut = np.partition(np.concatenate(list(order.values())), most - 1)[most - 1]
    return {split: np.flatnonzero(values <= cut) for split, values in order.items()}


def _read(rows: Rows, positions: np.ndarray, columns: list[str], control: Control) -> dict[str, list[pa.Array]]:
    """Copies, so that what they are cut from can be freed."""
    import numpy as np
    import pyarrow as pa

    found: dict[str, list[pa.Array]] = {column: [] for column in columns}
    first = 0
    for batch in rows.batches(columns):
        control.check()
        low, high = np.searchsorted(positions, (first, first + batch.num_rows))
        if high > low:
            for column, array in zip(columns, batch.columns, strict=True):
                found[column].append(array.take(pa.array(positions[low:high] - first)))
        first += batch.num_rows
    return found


def _codes(splits: dict[str, Rows], chosen: dict[str, np.ndarray]) -> np.ndarray | None:
    import numpy as np

    parts = [(rows.codes, chosen[split]) for split, rows in splits.items()]
    if any(codes is None for codes, _positions in parts):
        return None
    return np.concatenate([codes[positions] for codes, positions in parts if codes is not None])

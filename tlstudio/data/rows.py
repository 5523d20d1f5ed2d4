"""The rows of one split: where they lie on the disk, what they are called, and how they are read."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tlstudio.core.errors import StudioError
from tlstudio.data.roles import HELPERS, Roles
from tlstudio.data.tables import Table

if TYPE_CHECKING:
    import datasets
    import numpy as np
    import pyarrow as pa


@dataclass(frozen=True)
class Rows:
    """The rows of one split.

    Attributes:
        table: where they lie; several splits may lie in one table.
        indices: int64 [n], ascending, into the table.
        codes: int32 [n], index into the label names, -1 without a label; None where no column is a label.
        ids: uint64 [n], numbers of the contents (:func:`tlstudio.data.frames.content_id`).
        names: the label names.
    """

    table: Table
    indices: np.ndarray
    codes: np.ndarray | None
    ids: np.ndarray
    names: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.indices)

    @property
    def labels(self) -> list[str]:
        """The label of each row; empty texts where there is none."""
        if self.codes is None:
            return [""] * len(self)
        names = [*self.names, ""]
        return [names[code] for code in self.codes]

    def counts(self) -> dict[str, int]:
        """Rows of each label that occurs, most frequent first."""
        import numpy as np

        if self.codes is None:
            return {}
        counts = np.bincount(self.codes[self.codes >= 0], minlength=len(self.names))
        return {self.names[i]: int(counts[i]) for i in np.argsort(-counts, kind="stable") if counts[i]}

    def batches(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """The rows in order, some thousand at a time, streamed from the disk."""
        import numpy as np
        import pyarrow as pa

        first = 0
        for batch in self.table.batches(list(columns)):
            low, high = np.searchsorted(self.indices, (first, first + batch.num_rows))
            if high > low:
                yield batch.take(pa.array(self.indices[low:high] - first))
            first += batch.num_rows

    def texts(self, column: str) -> Iterator[str]:
        """A column's values; lists are joined by spaces."""
        for batch in self.batches([column]):
            for value in batch.column(0).to_pylist():
                yield value if isinstance(value, str) else " ".join(value)

    def lists(self, column: str) -> Iterator[list[str]]:
        """A column's lists, such as tokens, answers, boxes or messages."""
        for batch in self.batches([column]):
            yield from batch.column(0).to_pylist()

    def numbers(self, column: str, least: float = -math.inf) -> np.ndarray:
        """float64 [n]: a column's values.

        Raises:
            StudioError: a value is no number, or below ``least``; its row is named.
        """
        import numpy as np

        found = np.empty(len(self), dtype=np.float64)
        for position, text in enumerate(self.texts(column)):
            value = number_of(text)
            if not value >= least:  # also where it is no number
                path, row = self.table.place(int(self.indices[position]))
                raise StudioError(
                    "data.bad-number", "Row {row} of {path} has no fitting number in the column '{column}': {value}",
                    "Write a number such as 0.5, or choose another column.", where="data.roles",
                    row=row, path=path, column=column, value=text[:60] or "it is empty",
                )  # fmt: skip
            found[position] = value
        return found

    def dataset(self, roles: Roles) -> datasets.Dataset:
        """Memory-mapped dataset whose columns are called like their roles."""
        import datasets

        # a column may help as well, such as a label that is also the group: its main role names it
        main = sorted(roles.columns.items(), key=lambda item: item[0] not in HELPERS)
        names = {columns[0]: role for role, columns in main
                 if len(columns) == 1 and role != "ignore" and columns[0] in self.table.columns}  # fmt: skip
        whole = datasets.Dataset.from_file(str(self.table.arrow)).select_columns(list(names))
        changed = {column: role for column, role in names.items() if column != role}
        return (whole.rename_columns(changed) if changed else whole).select(self.indices)


def number_of(text: str) -> float:
    """A finite number; not-a-number where the text is none."""
    try:
        value = float(text.strip())
    except ValueError:
        return math.nan
    return value if math.isfinite(value) else math.nan

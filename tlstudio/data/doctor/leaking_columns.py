"""How well each column beside the content predicts the label, measured on rows held out."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tlstudio.data.compose import LABELS, TEMPLATE
from tlstudio.data.doctor.base import Examined
from tlstudio.data.roles import FILES, LEARNT, TARGETS
from tlstudio.data.splits import mixed

if TYPE_CHECKING:
    import numpy as np

_ROWS = 50_000  # enough to measure to a third of a per cent
_FEWEST = 20  # rows held out
_BINS = 64
_NOT_BESIDE = (*LEARNT, *TARGETS, "tags", "answers", "answer_starts", "boxes", "box_labels", "ignore")
_MADE = (TEMPLATE, LABELS, "problem", "split", "left_out")  # columns that the program makes, or that divide the rows
_MADE_FOR_FILES = ("file",)  # its folder is the label where a folder is a class
_TEXT_FILES = "text-folder"  # the source whose rows are files, too, though their texts are learnt from


@dataclass(frozen=True)
class Told:
    """What a column tells of the label.

    Attributes:
        accuracy: share of held-out rows whose label follows from the column.
        base: the same for always answering the largest class.
        by: what of the column was looked at, such as ``value`` or ``start 4``.
        example: a frequent value and its label.
    """

    column: str
    accuracy: float
    base: float
    by: str
    example: str

    @property
    def gain(self) -> float:
        """Share of the base's errors that the column avoids."""
        return (self.accuracy - self.base) / max(1 - self.base, 1e-9)


def told_by_columns(examined: Examined) -> list[Told]:
    """Every single-valued column that is neither learnt from nor the label, best first."""
    import numpy as np

    rows = examined.labelled.splits["train"]
    taken = {column for role in _NOT_BESIDE for column in examined.labelled.roles.columns.get(role, ())}
    of_files = bool({*FILES} & examined.roles) or rows.table.source == _TEXT_FILES
    taken |= {*_MADE, *(_MADE_FOR_FILES if of_files else ())}
    columns = [name for name, kind in rows.table.columns.items() if kind == "text" and name not in taken]
    if not columns or rows.codes is None:
        return []
    order = mixed(rows.ids, 11)
    chosen = np.sort(np.argsort(order, kind="stable")[:_ROWS])
    chosen = chosen[rows.codes[chosen] >= 0]
    codes = rows.codes[chosen]
    # equal contents fall into one half
    learnt = (mixed(rows.ids[chosen], 13) & np.uint64(1)).astype(bool)
    if min(learnt.sum(), (~learnt).sum()) < _FEWEST:
        return []
    values = _values(examined, columns, chosen)
    found = [_told(column, values[column], codes, learnt, examined) for column in columns]
    return sorted(found, key=lambda told: -told.gain)


def _values(examined: Examined, columns: list[str], chosen: np.ndarray) -> dict[str, list[str]]:
    import numpy as np
    import pyarrow as pa

    found: dict[str, list[str]] = {column: [] for column in columns}
    first = 0
    for batch in examined.labelled.splits["train"].batches(columns):
        examined.control.check()
        low, high = np.searchsorted(chosen, (first, first + batch.num_rows))
        picked = batch.take(pa.array(chosen[low:high] - first))
        for column, array in zip(columns, picked.columns, strict=True):
            found[column] += [value.strip()[:200] for value in array.to_pylist()]
        first += batch.num_rows
    return found


def _told(column: str, values: list[str], codes: np.ndarray, learnt: np.ndarray, examined: Examined) -> Told:
    import numpy as np

    names = examined.labelled.labels
    guess = int(np.bincount(codes[learnt]).argmax())
    base = float((codes[~learnt] == guess).mean())
    best = Told(column, base, base, "value", "")
    for by, view in _views(values, learnt).items():
        examined.control.check()
        _unique, place = np.unique(view, return_inverse=True)
        answer = _answers(place, codes, learnt, guess)
        accuracy = float((answer[place[~learnt]] == codes[~learnt]).mean())
        if accuracy > best.accuracy:
            biggest = np.bincount(place).argmax()
            shown = values[int(np.flatnonzero(place == biggest)[0])][:60]
            best = Told(column, accuracy, base, by, f"{shown!r} → {names[int(answer[biggest])]}")
    return best


def _answers(place: np.ndarray, codes: np.ndarray, learnt: np.ndarray, guess: int) -> np.ndarray:
    """int64 [V]: the most frequent label of each value among the learnt rows; ``guess`` for values not seen there."""
    import numpy as np

    classes = int(codes.max()) + 1
    pairs, counts = np.unique(place[learnt].astype(np.int64) * classes + codes[learnt], return_counts=True)
    answer = np.full(int(place.max()) + 1, guess, dtype=np.int64)
    order = np.argsort(counts, kind="stable")  # the most frequent is written last
    answer[pairs[order] // classes] = pairs[order] % classes
    return answer


def _views(values: list[str], learnt: np.ndarray) -> dict[str, np.ndarray]:
    """Ways to look at a column: its values, their beginnings and shape, and, of numbers, their size."""
    import numpy as np

    found: dict[str, np.ndarray] = {"value": np.array(values, dtype=object).astype(str)}
    ways: dict[str, Callable[[str], str]] = {f"start {length}": _start(length) for length in (1, 2, 4, 7, 10)}
    ways["shape"] = lambda value: re.sub(r"\d+", "0", value)
    for by, way in ways.items():
        found[by] = np.array([way(value) for value in values], dtype=object).astype(str)
    numbers = _numbers(values)
    if numbers is not None:
        edges = np.unique(np.nanquantile(numbers[learnt], np.linspace(0, 1, _BINS + 1)[1:-1]))
        found["size"] = np.where(np.isnan(numbers), -1, np.searchsorted(edges, numbers))
    return found


def _start(length: int) -> Callable[[str], str]:
    return lambda value: value[:length]


def _numbers(values: list[str]) -> np.ndarray | None:
    """float64 [n], nan for an empty value; None where the column is not one of numbers."""
    import numpy as np

    found = np.full(len(values), np.nan)
    for index, value in enumerate(values):
        if not value:
            continue
        try:
            found[index] = float(value)
        except ValueError:
            return None
    return found if np.isfinite(found).sum() > len(values) // 2 else None

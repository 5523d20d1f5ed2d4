"""Which rows are the same: a number for the whole content of a row, not only for its first text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tlstudio.core.control import Control
from tlstudio.data.frames import content_id, content_role
from tlstudio.data.roles import FILES, Roles
from tlstudio.data.tables import Table

if TYPE_CHECKING:
    import numpy as np

    from tlstudio.data.detect.pictures import Pictures
    from tlstudio.data.detect.sounds import Sounds

_MORE = (
    "text_b",
    "negative",
    "context",
    "target_text",
    "response",
)  # belong to the content beside the column that names the row


def row_keys(
    table: Table, roles: Roles, ids: np.ndarray, control: Control, numbers: np.ndarray | None = None
) -> np.ndarray:
    """uint64 [k]: equal where text and second text, question and context, or source and target are equal.

    Images and recordings are the same where their files are, byte for byte.

    Args:
        ids: uint64 [k], numbers of the first column's contents.
        numbers: int64 [k], the rows of the table that are meant, ascending; None for all.
    """
    import numpy as np

    numbers = np.arange(table.rows) if numbers is None else numbers
    role = content_role(roles)
    if role in FILES:
        digests = _looked_at(role, table, roles.one(role), numbers, control).digests[numbers]
        return np.where(digests == 0, ids, digests)
    columns = [roles.one(role) for role in _MORE if role in roles.columns]
    return _with_more(table, columns, ids, control, numbers) if columns else ids


def _looked_at(role: str, table: Table, column: str, numbers: np.ndarray, control: Control) -> Pictures | Sounds:
    from tlstudio.data.detect import pictures, sounds

    if role == "image":
        return pictures.looked_at(table, column, numbers, control)
    return sounds.looked_at(table, column, numbers, control)


def _with_more(table: Table, columns: list[str], ids: np.ndarray, control: Control, numbers: np.ndarray) -> np.ndarray:
    import numpy as np

    from tlstudio.data.splits import mixed

    keys, first = mixed(ids, 0), 0
    for batch in table.batches(columns):
        control.check()
        low, high = np.searchsorted(numbers, (first, first + batch.num_rows))
        for column in batch.columns if high > low else ():
            values = column.take(numbers[low:high] - first).to_pylist()
            keys[low:high] = mixed(keys[low:high] ^ np.array([content_id(value) for value in values], np.uint64), 1)
        first += batch.num_rows
    return keys


def earlier(keys: np.ndarray) -> np.ndarray:
    """int64 [N]: the first row with the same key where that is another row, else -1."""
    import numpy as np

    _unique, first, place = np.unique(keys, return_index=True, return_inverse=True)
    found = first[place]
    return np.where(found == np.arange(len(keys)), -1, found)


def contradicted(keys: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """bool [N]: rows whose key occurs with two labels or more; rows without a label (-1) do not count."""
    import numpy as np

    known = np.flatnonzero(codes >= 0)
    order = known[np.lexsort((codes[known], keys[known]))]
    same_key = keys[order][1:] == keys[order][:-1]
    other_label = codes[order][1:] != codes[order][:-1]
    found = np.zeros(len(keys), dtype=bool)
    if len(order):
        found[order] = np.isin(keys[order], np.unique(keys[order][1:][same_key & other_label]))
    return found


def majority(keys: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """int64 [N]: the label that most rows with the same key have; -1 where two labels are equally frequent."""
    import numpy as np

    _unique, place = np.unique(keys, return_inverse=True)
    classes = int(codes.max(initial=0)) + 1
    known = codes >= 0
    pairs, counts = np.unique(place[known].astype(np.int64) * classes + codes[known], return_counts=True)
    order = np.lexsort((-counts, pairs // classes))
    groups, best = np.unique(pairs[order] // classes, return_index=True)
    winner = np.full(int(place.max(initial=0)) + 1, -1, dtype=np.int64)
    winner[groups] = pairs[order][best] % classes
    runner_up = best + 1
    tied = (runner_up < len(order)) & (np.append(pairs[order] // classes, -1)[runner_up] == groups)
    tied &= np.append(counts[order], -1)[runner_up] == counts[order][best]
    winner[groups[tied]] = -1
    return winner[place]

"""Cells that have nothing to learn from: empty, of spaces and invisible characters only, or very short."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tlstudio.core.control import Control
from tlstudio.data.detect.reading import plain
from tlstudio.data.detect.words import has_letters
from tlstudio.data.roles import LEARNT, Roles
from tlstudio.data.rows import number_of
from tlstudio.data.tables import Table

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

_BLANK = r"^[\s\p{Z}\p{Cc}\p{Cf}]*$"


def blank_rows(table: Table, roles: Roles, control: Control) -> np.ndarray:
    """bool [N]: rows of which a part that is learnt from is blank."""
    return blank_cells(table, list(dict.fromkeys(roles.one(role) for role in LEARNT if role in roles.columns)), control)


def blank_cells(table: Table, columns: Sequence[str], control: Control) -> np.ndarray:
    """bool [N]: rows that are blank in one of the columns."""
    import numpy as np

    found = np.zeros(table.rows, dtype=bool)
    first = 0
    for batch in table.batches(columns):
        control.check()
        for column in batch.columns:
            found[first : first + batch.num_rows] |= _blank(column)
        first += batch.num_rows
    return found


def short_cells(table: Table, column: str, least: int, control: Control) -> np.ndarray:
    """bool [N]: texts of one column that are not blank, but have fewer letters than ``least``."""
    import numpy as np

    found = np.zeros(table.rows, dtype=bool)
    first = 0
    for batch in table.batches([column]):
        control.check()
        found[first : first + batch.num_rows] = [is_short(plain(value), least) for value in batch.column(0).to_pylist()]
        first += batch.num_rows
    return found & ~blank_cells(table, [column], control)


def no_numbers(table: Table, column: str, control: Control) -> np.ndarray:
    """bool [N]: cells of one column that are no finite numbers."""
    import numpy as np

    found = np.zeros(table.rows, dtype=bool)
    first = 0
    for batch in table.batches([column]):
        control.check()
        values = [number_of(value) for value in batch.column(0).to_pylist()]
        found[first : first + batch.num_rows] = np.isnan(values)
        first += batch.num_rows
    return found


def is_short(text: str, least: int) -> bool:
    return not has_letters(text, least)


def _blank(column: pa.Array) -> np.ndarray:
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_list(column.type):
        return np.array([not "".join(tokens).strip() for tokens in column.to_pylist()], dtype=bool)
    return np.asarray(pc.match_substring_regex(column, _BLANK).to_numpy(zero_copy_only=False))

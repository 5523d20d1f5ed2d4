"""Whether rows are the same as at another time: a short text that changes with any input, label or place of a row."""

from __future__ import annotations

import hashlib

from tlstudio.core.control import Control
from tlstudio.data.labelled import Labelled
from tlstudio.data.roles import HELPERS


def fingerprint(rows: Labelled, control: Control) -> str:
    """Of all splits: what the rows are, in which order, and what is to be answered to them.

    Raises:
        Cancelled: the user has cancelled.
    """
    own = {name for role, names in rows.roles.columns.items() if role not in HELPERS for name in names}
    found = hashlib.sha256()
    for split, part in rows.splits.items():
        found.update(repr((split, len(part), part.names)).encode("utf-8", "surrogatepass"))
        found.update(part.ids.tobytes())  # of the content, which may be large and is read already
        if part.codes is not None:
            found.update(part.codes.tobytes())
        if columns := sorted((own & set(part.table.columns)) - {rows.content}):
            for batch in part.batches(columns):
                control.check()
                found.update(repr(batch.to_pydict()).encode("utf-8", "surrogatepass"))
    return found.hexdigest()

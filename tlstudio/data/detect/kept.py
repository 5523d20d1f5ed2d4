"""Keeps what a slow look at the data has found, so that the second start is immediate."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from tlstudio.core.control import Control
from tlstudio.core.files import atomic_write
from tlstudio.core.paths import cache_folder
from tlstudio.data.tables import Table

if TYPE_CHECKING:
    import numpy as np

T = TypeVar("T")
_FORMAT = 1  # raise it when a detector changes what it finds


def digest(*parts: Any) -> str:
    """32 hexadecimal digits of arrays, and of anything that JSON can say."""
    import numpy as np

    total = hashlib.sha256()
    for part in (_FORMAT, *parts):
        if isinstance(part, np.ndarray):
            total.update(f"{part.dtype}{part.shape}".encode())
            total.update(np.ascontiguousarray(part).data)
        else:
            total.update(json.dumps(part, sort_keys=True, default=str).encode())
    return total.hexdigest()[:32]


def remembered(key: str, make: Callable[[], np.ndarray]) -> np.ndarray:
    """An array from the cache; computed and kept if it is not there, or damaged."""
    import numpy as np

    path = cache_folder("examinations") / f"{key}.npy"
    try:
        return np.asarray(np.load(path, allow_pickle=False))
    except (OSError, ValueError, EOFError):
        pass  # not there yet, or cut off
    found = make()
    with atomic_write(path, "wb") as stream:
        np.save(stream, found, allow_pickle=False)
    return found


def arrays_of(kind: type[T], path: Path, rows: int) -> T | None:
    """A dataclass of arrays with one value a row, as :func:`keep_arrays` has kept it; None where it is not there."""
    import numpy as np

    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = [stored[field.name] for field in fields(kind)]  # type: ignore[arg-type]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None  # not there yet, or damaged
    return kind(*arrays) if all(len(array) == rows for array in arrays) else None


def keep_arrays(facts: Any, path: Path) -> None:
    """Writes a dataclass of arrays, atomically."""
    import numpy as np

    with atomic_write(path, "wb") as stream:
        np.savez(stream, allow_pickle=False, **{field.name: getattr(facts, field.name) for field in fields(facts)})


def files_state(table: Table, column: str, control: Control) -> str:
    """Changes with the column, and with the files where a table only names them; the key of a folder covers them."""
    known = hashlib.sha256(column.encode())
    if not table.source.endswith("-folder"):
        for batch in table.batches([column]):
            control.check()
            for name in batch.column(0).to_pylist():
                known.update(_stamp(name).encode())
    return known.hexdigest()[:16]


def _stamp(name: str) -> str:
    try:
        state = Path(name).stat()
    except (OSError, ValueError):  # it is not there, or no name of a file: found when it is looked at
        return "-"
    return f"{state.st_size}:{state.st_mtime_ns}|"

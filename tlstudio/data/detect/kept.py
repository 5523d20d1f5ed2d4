"""Keeps what a slow look at the data has found, so that the second start is immediate."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tlstudio.core.files import atomic_write
from tlstudio.core.paths import cache_folder

if TYPE_CHECKING:
    import numpy as np

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

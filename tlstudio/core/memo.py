"""Results that are kept on disk under everything that decides them, so that the second time is immediate."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

from tlstudio import __version__
from tlstudio.core.errors import StudioError
from tlstudio.core.files import read_json, write_json
from tlstudio.core.paths import cache_folder


def remembered(
    kind: str, parts: Any, make: Callable[[], dict[str, Any]], sound: Callable[[dict[str, Any]], bool] | None = None
) -> dict[str, Any]:
    """What ``make`` returns for ``parts``, from the cache where it has been made before.

    Args:
        kind: names the cache folder.
        parts: everything that decides the result, as plain JSON; the version of the program is added.
        make: makes a result of plain JSON.
        sound: whether a kept result can still be used; files that it points to may have been cleared away.
    """
    text = json.dumps([__version__, parts], sort_keys=True)
    path = cache_folder(kind) / f"{hashlib.sha256(text.encode()).hexdigest()[:32]}.json"
    if path.is_file():
        try:
            known: dict[str, Any] = read_json(path)
        except StudioError:
            known = {}  # damaged: it is made anew
        if known and (sound is None or sound(known)):
            return known
    made = make()
    write_json(path, made)
    return made

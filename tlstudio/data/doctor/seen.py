"""Facts of the drawn images, looked at once for all checks that use them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from tlstudio.data.detect.pictures import Pictures, looked_at
from tlstudio.data.doctor.base import Examined
from tlstudio.data.splits import mixed

if TYPE_CHECKING:
    import numpy as np

_ROWS = 20_000  # a photograph takes some hundredths of a second


@dataclass(frozen=True)
class Seen:
    """``numbers`` int64 [k]: drawn rows, ascending; ``facts``: of their images, in that order."""

    numbers: np.ndarray
    facts: Pictures


def seen(examined: Examined) -> Seen:
    return examined.once("pictures", lambda: _looked(examined))


def _looked(examined: Examined) -> Seen:
    import numpy as np

    drawn, column = examined.drawn, examined.labelled.roles.one("image")
    chosen = np.sort(np.argsort(mixed(drawn.ids, 37), kind="stable")[:_ROWS])
    parts = []
    for split in drawn.splits:
        rows = examined.labelled.splits[split]
        mine = chosen[drawn.split[chosen] == drawn.splits.index(split)]
        numbers = rows.indices[drawn.position[mine]]
        parts.append(looked_at(rows.table, column, numbers, examined.control, examined.tick).some(numbers))
    joined = (np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Pictures))
    return Seen(chosen, Pictures(*joined))

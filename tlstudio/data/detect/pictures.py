"""Facts of image files for finding flaws: size, orientation, content hash, and a hash of what can be seen.

The perceptual hash is dHash (Krawetz, 2013, "Kind of like that"): whether each pixel of a tiny grey copy is brighter
than the next, once along rows and once along columns, 128 bits. A candidate is believed only if two small colour
copies agree as well.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from tlstudio.core.control import Control
from tlstudio.core.paths import cache_folder
from tlstudio.data.detect.kept import arrays_of, files_state, keep_arrays
from tlstudio.data.detect.near import neighbours, thinned
from tlstudio.data.detect.reading import taken
from tlstudio.data.tables import Table

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image

_FORMAT = 1  # part of the file name in the cache: raise it when other facts are kept
_THREADS, _BATCH = 4, 32
_THUMB = 16  # pixels of the colour copy, each way
_BITS = 7  # of 128 that may differ: two of eight bands are then equal for certain
MODES = ("", "1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr", "LAB", "HSV", "I", "F", "I;16", "other")


@dataclass(frozen=True)
class Pictures:
    """Facts of n images.

    Attributes:
        known: bool [n], whether the file has been looked at.
        broken: bool [n].
        sizes: int32 [n, 2], width and height as shown.
        modes: uint8 [n], index into :data:`MODES`.
        turns: uint8 [n], EXIF orientation, 1 to 8.
        digests: uint64 [n], of the file's bytes; 0 where it cannot be read.
        hashes: uint16 [n, 8], the perceptual hash.
        thumbs: uint8 [n, 16 · 16 · 3], the small colour copy.
    """

    known: np.ndarray
    broken: np.ndarray
    sizes: np.ndarray
    modes: np.ndarray
    turns: np.ndarray
    digests: np.ndarray
    hashes: np.ndarray
    thumbs: np.ndarray

    def some(self, numbers: np.ndarray) -> Pictures:
        return Pictures(*(getattr(self, field.name)[numbers] for field in fields(self)))


def looked_at(
    table: Table, column: str, numbers: np.ndarray, control: Control, tick: Callable[[int], None] | None = None
) -> Pictures:
    """Facts of the images in all rows of a table; those of the rows ``numbers`` are known afterwards.

    They are kept under the key of the table, and the sizes and times of the files that it names. ``tick`` gets the
    number of images that have been looked at.
    """
    path = cache_folder("examinations") / f"pictures-{_FORMAT}-{table.key}-{files_state(table, column, control)}.npz"
    facts = arrays_of(Pictures, path, table.rows) or _empty(table.rows)
    missing = numbers[~facts.known[numbers]]
    if tick is not None:
        tick(len(numbers) - len(missing))
    if not len(missing):
        return facts
    files = taken(table.open().column(column), missing)
    _look(facts, files, missing, control, tick)
    keep_arrays(facts, path)
    return facts


def alike_earlier(
    pictures: Pictures, likeness: float, check: Callable[[], None], groups: np.ndarray | None = None
) -> np.ndarray:
    """int64 [n]: an earlier image that looks the same, -1 where there is none. Broken ones are like nothing.

    Args:
        likeness: least agreement of the colour copies, 0 to 1 (1 less the mean difference of their pixels).
        groups: int [n]; only images of the same group, such as a class, are compared.
    """
    import numpy as np

    partner = np.full(len(pictures.known), -1, dtype=np.int64)
    kinds = np.zeros(len(partner), dtype=np.uint64) if groups is None else groups.astype(np.int64).astype(np.uint64)
    for band in pictures.hashes.T:
        check()
        for one, other in neighbours((kinds << np.uint64(16)) | band):
            _note(partner, pictures, one, pictures, other, likeness)
    return partner


def alike_in(pictures: Pictures, others: Pictures, likeness: float, check: Callable[[], None]) -> np.ndarray:
    """int64 [n]: one of ``others`` that looks the same, -1 where there is none."""
    import numpy as np

    partner = np.full(len(pictures.known), -1, dtype=np.int64)
    everyone = np.arange(len(partner))
    for band, other_band in zip(pictures.hashes.T, others.hashes.T, strict=True):
        check()
        order = np.argsort(other_band, kind="stable")
        low, high = (np.searchsorted(other_band[order], band, side=side) for side in ("left", "right"))
        hit = high > low
        for place in (low, high - 1, (low + high) // 2):
            _note(partner, pictures, everyone[hit], others, order[place[hit]], likeness)
    return partner


def later_copies(
    pictures: Pictures, groups: np.ndarray | None, likeness: float, check: Callable[[], None]
) -> np.ndarray:
    """bool [n]: images that look like an earlier one of their group which is kept."""

    def look(left: np.ndarray) -> np.ndarray:
        return alike_earlier(pictures.some(left), likeness, check, None if groups is None else groups[left])

    return thinned(len(pictures.known), look)


def agreement(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """float64 [k]: likeness of colour copies, uint8 [k, D] each: 1 less the mean difference."""
    import numpy as np

    return np.asarray(1 - np.abs(one.astype(np.int16) - other.astype(np.int16)).mean(1) / 255)


# --- inside


def _note(
    partner: np.ndarray, pictures: Pictures, one: np.ndarray, others: Pictures, other: np.ndarray, likeness: float
) -> None:
    """Verifies candidates, and notes those that look the same; an image that has a partner is done."""
    import numpy as np

    fine = (partner[one] < 0) & _readable(pictures)[one] & _readable(others)[other]
    if pictures is others:
        fine &= other < one
    one, other = one[fine], other[fine]
    for low in range(0, len(one), 10_000):
        a, b = one[low : low + 10_000], other[low : low + 10_000]
        close = np.bitwise_count(pictures.hashes[a] ^ others.hashes[b]).sum(1) <= _BITS
        a, b = a[close], b[close]
        good = agreement(pictures.thumbs[a], others.thumbs[b]) >= likeness
        partner[a[good]] = b[good]


def _readable(pictures: Pictures) -> np.ndarray:
    return pictures.known & ~pictures.broken


def _empty(rows: int) -> Pictures:
    import numpy as np

    return Pictures(
        np.zeros(rows, bool), np.zeros(rows, bool), np.zeros((rows, 2), np.int32), np.zeros(rows, np.uint8),
        np.ones(rows, np.uint8), np.zeros(rows, np.uint64), np.zeros((rows, 8), np.uint16),
        np.zeros((rows, _THUMB * _THUMB * 3), np.uint8),
    )  # fmt: skip


def _look(
    facts: Pictures, files: list[str], numbers: np.ndarray, control: Control, tick: Callable[[int], None] | None
) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(_THREADS) as threads:  # decoding releases Python's lock
        for low in range(0, len(files), _BATCH):
            control.check()
            names = files[low : low + _BATCH]
            for number, found in zip(numbers[low : low + _BATCH].tolist(), threads.map(_facts, names), strict=True):
                for name, value in found.items():
                    getattr(facts, name)[number] = value
            if tick is not None:
                tick(len(names))


def _facts(file: str) -> dict[str, Any]:
    from tlstudio.core.errors import StudioError
    from tlstudio.data.images import look, open_image

    seen = look(file, decode=False)
    found: dict[str, Any] = {
        "known": True,
        "broken": bool(seen.problem),
        "sizes": (seen.width, seen.height),
        "modes": MODES.index(seen.mode) if seen.mode in MODES else len(MODES) - 1,
        "turns": seen.orientation,
        "digests": int(seen.sha256[:16] or "0", 16),
    }
    if seen.problem:
        return found
    try:
        image = open_image(file)
    except StudioError:
        return {**found, "broken": True}
    return {**found, **_seen(image)}


def _seen(image: Image) -> dict[str, Any]:
    import numpy as np
    from PIL.Image import Resampling

    # a large image is first brought near by whole steps, which is quick, then to its few pixels exactly
    image = image.reduce(max(1, min(image.size) // 64)) if min(image.size) >= 128 else image
    grey = image.convert("L")
    rows = np.asarray(grey.resize((9, 8), Resampling.BOX), dtype=np.int16)
    columns = np.asarray(grey.resize((8, 9), Resampling.BOX), dtype=np.int16)
    # a step of at least three grey levels: on flat paper the noise of a JPEG would decide otherwise
    bits = np.concatenate([(rows[:, 1:] - rows[:, :-1] > 2).ravel(), (columns[1:] - columns[:-1] > 2).ravel()])
    hashes = np.packbits(bits).view(">u2").astype(np.uint16)
    return {"hashes": hashes, "thumbs": np.asarray(image.resize((_THUMB, _THUMB), Resampling.BOX)).ravel()}

"""Facts of sound files for finding flaws: length, rate, loudness and content hash."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from tlstudio.core.control import Control
from tlstudio.core.paths import cache_folder
from tlstudio.data.detect.kept import arrays_of, files_state, keep_arrays
from tlstudio.data.detect.reading import taken
from tlstudio.data.tables import Table

if TYPE_CHECKING:
    import numpy as np

    from tlstudio.data.audio import AudioFacts

_FORMAT = 1  # part of the file name in the cache: raise it when other facts are kept
_THREADS, _BATCH = 4, 16


@dataclass(frozen=True)
class Sounds:
    """Facts of n recordings.

    Attributes:
        known: bool [n], whether the file has been looked at.
        broken: bool [n].
        seconds: float32 [n].
        rates: int32 [n], Hz.
        channels: uint8 [n].
        peaks: float32 [n], largest absolute value of a sample; 1 is full scale.
        digests: uint64 [n], of the file's bytes; 0 where it cannot be read.
    """

    known: np.ndarray
    broken: np.ndarray
    seconds: np.ndarray
    rates: np.ndarray
    channels: np.ndarray
    peaks: np.ndarray
    digests: np.ndarray

    def some(self, numbers: np.ndarray) -> Sounds:
        return Sounds(*(getattr(self, field.name)[numbers] for field in fields(self)))


def looked_at(
    table: Table, column: str, numbers: np.ndarray, control: Control, tick: Callable[[int], None] | None = None
) -> Sounds:
    """Facts of the recordings in all rows of a table; those of the rows ``numbers`` are known afterwards.

    They are kept under the key of the table, and the sizes and times of the files that it names. ``tick`` gets the
    number of recordings that have been looked at.
    """
    path = cache_folder("examinations") / f"sounds-{_FORMAT}-{table.key}-{files_state(table, column, control)}.npz"
    facts = arrays_of(Sounds, path, table.rows) or _empty(table.rows)
    missing = numbers[~facts.known[numbers]]
    if tick is not None:
        tick(len(numbers) - len(missing))
    if not len(missing):
        return facts
    _look(facts, taken(table.open().column(column), missing), missing, control, tick)
    keep_arrays(facts, path)
    return facts


# --- inside


def _empty(rows: int) -> Sounds:
    import numpy as np

    kinds = (bool, bool, np.float32, np.int32, np.uint8, np.float32, np.uint64)
    return Sounds(*(np.zeros(rows, kind) for kind in kinds))


def _look(
    facts: Sounds, files: list[str], numbers: np.ndarray, control: Control, tick: Callable[[int], None] | None
) -> None:
    from concurrent.futures import ThreadPoolExecutor

    from tlstudio.data.audio import look_audio

    with ThreadPoolExecutor(_THREADS) as threads:  # decoding releases Python's lock
        for low in range(0, len(files), _BATCH):
            control.check()
            names = files[low : low + _BATCH]
            for number, found in zip(numbers[low : low + _BATCH].tolist(), threads.map(look_audio, names), strict=True):
                _note(facts, number, found)
            if tick is not None:
                tick(len(names))


def _note(facts: Sounds, number: int, found: AudioFacts) -> None:
    facts.known[number], facts.broken[number] = True, bool(found.problem)
    facts.seconds[number], facts.rates[number] = found.seconds, found.rate
    facts.channels[number], facts.peaks[number] = min(found.channels, 255), found.peak
    facts.digests[number] = int(found.sha256[:16] or "0", 16)

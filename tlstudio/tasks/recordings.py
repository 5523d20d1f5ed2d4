"""The recordings of a split: kept once in a memory-mapped file, as they are stored, and read when asked for."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlstudio.core.files import atomic_write
from tlstudio.core.paths import cache_folder
from tlstudio.core.progress import Meter
from tlstudio.models import heads
from tlstudio.models.batches import Examples
from tlstudio.tasks.base import EncodeJob
from tlstudio.tasks.sounds import SETTING, Hearing, bands, extractor, heard, kept, stored, wave_of
from tlstudio.tasks.texts import row_weights

if TYPE_CHECKING:
    import numpy as np

_FORMAT = 1  # part of each key: another number makes every cache anew
_VIEWS = 6  # of a long training recording so many times the length is kept, for random cuts


class Recordings(Sequence[dict[str, Any]]):
    """Model inputs beside label, number of the row, and weight; read from the cache when asked for.

    With ``moving`` a longer recording is cut elsewhere in each epoch, but in the first in its middle: which part
    follows from epoch, row and how often it was read, so that a run can be repeated.
    """

    def __init__(
        self, store: Store, how: Hearing, prepare: Any, columns: dict[str, list[Any]], moving: bool = False
    ) -> None:
        self._store, self._how, self._prepare, self._columns = store, how, prepare, columns
        self._moving, self._epoch, self._read = moving, 0, Counter[int]()
        self.column_names = [*how.inputs, *columns]

    def __len__(self) -> int:
        return len(self._store)

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str):
            return self._columns[key]
        index = range(len(self))[int(key)]
        values = heard(self._store[index], self._how, self._prepare, self._begin(index))
        return {**values, **{name: column[index] for name, column in self._columns.items()}}

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return (self[index] for index in range(len(self)))

    def set_epoch(self, epoch: int) -> None:
        """Called before each epoch."""
        self._epoch, self._read = epoch, Counter()

    @property
    def bands(self) -> np.ndarray:
        """float32 [N, 80], see :func:`bands`."""
        return self._store.bands

    def _begin(self, index: int) -> int | None:
        import numpy as np

        room = self._store.length(index) - self._how.steps
        if not self._moving or room <= 0 or not self._epoch:
            return None
        self._read[index] += 1
        return int(np.random.default_rng((self._epoch, index, self._read[index])).integers(room + 1))


class Store:
    """Stored recordings of a split: one after the other in a memory-mapped file, and where each begins."""

    def __init__(self, values: Path, index: Path) -> None:
        import numpy as np

        with np.load(index, allow_pickle=False) as found:
            self._bounds, self.bands, width = found["bounds"], found["bands"], int(found["width"])
        shape = (int(self._bounds[-1]), width) if width else (int(self._bounds[-1]),)
        self._values = np.memmap(values, dtype=np.float16, mode="r", shape=shape)

    def __len__(self) -> int:
        return len(self._bounds) - 1

    def __getitem__(self, index: int) -> np.ndarray:
        found: np.ndarray = self._values[self._bounds[index] : self._bounds[index + 1]]
        return found

    def length(self, index: int) -> int:
        return int(self._bounds[index + 1] - self._bounds[index])

    @property
    def lengths(self) -> np.ndarray:
        import numpy as np

        return np.diff(self._bounds)


def stores(job: EncodeJob, how: Hearing) -> tuple[dict[str, Store], str]:
    """The recordings of all splits, read now or taken from the cache, and a key that changes with them.

    Raises:
        StudioError: a recording cannot be used.
        Cancelled: the user has cancelled.
    """
    total = sum(len(rows) for rows in job.labelled.splits.values())
    meter = Meter(job.emit, job.control, "tokenise", total, "recordings")
    found, keys = {}, []
    for split in job.labelled.splits:
        views = _VIEWS if split == "train" and how.cut == "random" and how.kind != "whisper" else 1
        paths = list(job.labelled.splits[split].texts(job.labelled.roles.one("audio")))
        keys.append(_key(paths, how, views, job.backbone))
        values, index = (cache_folder("sounds") / f"{keys[-1]}{suffix}" for suffix in (".f16", ".npz"))
        if index.is_file() and values.is_file():
            meter.advance(len(paths))
        else:
            _write(values, index, paths, how, extractor(job.backbone), views, meter)
        found[split] = Store(values, index)
    return found, hashlib.sha256("".join([*keys, str(how)]).encode()).hexdigest()[:32]


def _key(paths: Sequence[str], how: Hearing, views: int, backbone: Path) -> str:
    """Changes with the files, with what the model reads of them, and with how it is prepared."""
    shape = replace(how, mask=False)
    digest = hashlib.sha256(f"{_FORMAT}|{shape}|{views}|{extractor(backbone).to_json_string()}".encode())
    for path in paths:
        file = Path(path)
        state = file.stat() if file.is_file() else None
        stamp = f"{state.st_size}:{state.st_mtime_ns}" if state else ""  # reading it will say what is wrong
        digest.update(f"{path}|{stamp}\n".encode())
    return digest.hexdigest()[:32]


def _write(
    values: Path, index: Path, paths: Sequence[str], how: Hearing, prepare: Any, views: int, meter: Meter
) -> None:
    import numpy as np

    bounds, levels, width = [0], [], 0
    with atomic_write(values, "wb") as stream:
        for path in paths:
            wave = wave_of(path, how, views)
            steps = stored(wave, how, prepare)
            levels.append(bands(wave, how.rate))
            bounds.append(bounds[-1] + len(steps))
            width = steps.shape[1] if steps.ndim > 1 else 0
            stream.write(np.ascontiguousarray(steps).tobytes())
            meter.advance()
        if not paths:
            stream.write(b"\0\0")  # an empty file cannot be mapped
    with atomic_write(index, "wb") as stream:  # last: where it is, the values are complete
        np.savez(stream, bounds=np.asarray(bounds), bands=np.asarray(levels, np.float32), width=np.asarray(width))


def columns(job: EncodeJob, split: str, store: Store, how: Hearing) -> dict[str, list[Any]]:
    """Label, row and weight of each recording; its length where recordings of one length make a batch."""
    rows, weights = job.labelled.splits[split], row_weights(job.labelled, split)
    found: dict[str, list[Any]] = {"labels": [int(number) for number in job.labelled.class_numbers(split)]}
    found["row"] = [int(index) + 1 for index in rows.indices]
    if how.mask:
        found["length"] = [int(min(length, how.steps)) for length in store.lengths]
    if weights is not None:
        found["weight"] = [float(weight) for weight in weights]
    return found


class Files(Sequence[dict[str, Any]]):
    """Recordings of files, read when asked for: all of a batch of long ones would fill the memory."""

    def __init__(self, paths: Sequence[str], how: Hearing, prepare: Any) -> None:
        self._paths, self._how, self._prepare = list(paths), how, prepare
        self.column_names = how.inputs

    def __len__(self) -> int:
        return len(self._paths)

    def __getitem__(self, index: Any) -> Any:
        return heard(kept(self._paths[int(index)], self._how, self._prepare), self._how, self._prepare)


def examples(folder: Path, paths: Sequence[str]) -> Examples:
    """Model inputs of new recordings, as the model in ``folder`` was trained to hear them."""
    how = Hearing(**heads.read_settings(folder)[SETTING])
    return Examples(Files(paths, how, extractor(folder)), how.inputs)

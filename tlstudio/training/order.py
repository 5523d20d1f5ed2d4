"""The order in which the training rows are gone through: a function of seed and epoch, so that it can be resumed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count, islice
from typing import TYPE_CHECKING

from tlstudio.models.callbacks import Callback
from tlstudio.training.balance import balanced_indices

if TYPE_CHECKING:
    import numpy as np

_MEGABATCH = 50  # batches whose rows are sorted by length together, as in transformers' LengthGroupedSampler


class Order:
    """What a torch DataLoader takes as its sampler; as many rows in each epoch as there are.

    Args:
        rows: number of training rows.
        seed: of the training.
        batch_size: rows of a step of the optimiser.
        lengths: tokens of each row [N]; given, rows of like length come into one batch, and the longest batch comes
            first, so that memory runs out at once or never.
        classes: class of each row [N]; given, every class is drawn equally often.
        callbacks: may leave rows out; others of the same epoch then take their places.

    Attributes:
        epoch: that is gone through, or comes next.
        given: rows of this epoch so far.
    """

    def __init__(self, rows: int, seed: int, batch_size: int, lengths: Sequence[int] | None = None,
                 classes: Sequence[int] | None = None, callbacks: Sequence[Callback] = ()) -> None:  # fmt: skip
        import numpy as np

        self._rows, self._seed, self._batch_size = rows, seed, batch_size
        self._lengths = None if lengths is None else np.asarray(lengths)
        self._classes, self._callbacks = classes, callbacks
        self.epoch = self.given = 0

    def __len__(self) -> int:
        return self._rows

    def __iter__(self) -> Iterator[int]:
        self.given = 0
        rows: Iterator[int] = (row for turn in count() for row in self._turn(turn).tolist())
        for callback in self._callbacks:
            rows = callback.order(rows)
        for row in islice(rows, self._rows):
            self.given += 1
            yield row

    def _turn(self, turn: int) -> np.ndarray:
        """All rows in random order; there is a second turn only where callbacks have left rows of the first out."""
        import numpy as np

        if self._classes is not None:
            indices = balanced_indices(self._classes, self._seed, self.epoch + turn)
        else:
            indices = np.random.default_rng([self._seed, self.epoch, turn]).permutation(self._rows)
        return indices if self._lengths is None else grouped_by_length(indices, self._lengths, self._batch_size)


def grouped_by_length(indices: np.ndarray, lengths: np.ndarray, batch_size: int) -> np.ndarray:
    """The same indices, sorted by length within stretches of some batches; the longest row comes first."""
    import numpy as np

    size = batch_size * max(1, min(_MEGABATCH, len(indices) // (4 * batch_size)))
    parts = [indices[start : start + size] for start in range(0, len(indices), size)]
    parts = [part[np.argsort(-lengths[part], kind="stable")] for part in parts]
    longest = max(range(len(parts)), key=lambda place: lengths[parts[place][0]], default=0)
    if longest:
        parts[0][0], parts[longest][0] = parts[longest][0], parts[0][0]
    return np.concatenate(parts) if parts else indices

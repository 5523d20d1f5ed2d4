"""Memory that runs out in the middle of a training: the same batches go on in smaller parts, from where it was."""

from __future__ import annotations

import gc
import itertools
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from tlstudio.core.events import Emit, log
from tlstudio.training.rehearsal import is_out_of_memory, out_of_memory

T = TypeVar("T")
_ROWS = "__rows__"


class Rows:
    """The rows that a batch was made of; no list, so that nobody looks for tensors in it."""

    def __init__(self, rows: Sequence[Any]) -> None:
        self.rows = list(rows)


class Halving:
    """Computes a batch in :attr:`parts`; their gradients add up to those of the batch.

    A part that does not fit leaves gradients behind that belong to some of the parameters only. So all gradients of
    the optimiser's step are thrown away, and its batches are computed anew in parts of half the size.
    """

    def __init__(self, collate: Callable[[Sequence[Any]], dict[str, Any]], batch_size: int, emit: Emit,
                 check: Callable[[], None]) -> None:  # fmt: skip
        self._collate, self._batch_size, self._emit, self._check = collate, batch_size, emit, check
        self.parts = 1
        self.last, self.share = True, 1.0  # of the part that is computed: the last of its batch, and its share of it
        self._done: list[list[Any]] = []  # the rows of the batches that this step of the optimiser has behind it

    def collate(self, rows: Sequence[Any]) -> dict[str, Any]:
        """As the strategy's own collator; the batch remembers its rows."""
        return {**self._collate(rows), _ROWS: Rows(rows)}

    def step(self, inputs: dict[str, Any], run: Callable[[dict[str, Any]], T], forget: Callable[[], None],
             accumulated: int, ends: bool) -> T:  # fmt: skip
        """Computes a batch.

        Args:
            inputs: of :meth:`collate`.
            run: forward and backward on inputs; gives the loss as a share of that of the whole batch.
            forget: throws the gradients away.
            accumulated: batches in a step of the optimiser, for the message.
            ends: whether the optimiser steps after this batch.

        Raises:
            StudioError: not even single rows fit.
        """
        rows = inputs.pop(_ROWS).rows
        value = self._tried(lambda: self._computed(rows, run, ends, inputs if self.parts == 1 else None))
        while value is None:
            forget()
            gc.collect()
            if self.parts >= max(len(rows), *(len(done) for done in self._done), 1):
                raise out_of_memory()
            self.parts *= 2
            log(self._emit, "training.smaller-batch",
                "Memory is short: each batch of {batch} rows is computed in {parts} parts.", "warning",
                batch=self._batch_size, parts=accumulated * self.parts)  # fmt: skip
            self._check()
            value = self._tried(lambda: self._again(rows, run, ends))
        self._done = [] if ends else [*self._done, rows]
        return value

    def _again(self, rows: list[Any], run: Callable[[dict[str, Any]], T], ends: bool) -> T:
        for earlier in self._done:
            self._computed(earlier, run, False, None)
        return self._computed(rows, run, ends, None)

    def _computed(self, rows: list[Any], run: Callable[[dict[str, Any]], T], ends: bool,
                  whole: dict[str, Any] | None) -> T:  # fmt: skip
        """The loss of a batch; ``whole`` are its inputs where it is computed at once."""
        chunks = _chunks(rows, self.parts)
        total: Any = 0
        for at, chunk in enumerate(chunks):
            if at:
                self._check()
            inputs = whole if whole is not None and len(chunks) == 1 else self._collate(chunk)
            self.last, self.share = ends and at == len(chunks) - 1, len(chunk) / len(rows)
            total = total + run(dict(inputs))
        return total

    @staticmethod
    def _tried(work: Callable[[], T]) -> T | None:
        """None where memory has run out. The exception must be gone before the next try: it holds the tensors."""
        try:
            return work()
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            return None


def in_smaller_batches(work: Callable[[int], T], size: int, least: int = 1) -> tuple[T, int]:
    """``work(size)``, begun anew with half the size while memory runs out; gives its result and the size.

    Raises:
        StudioError: not even ``least`` rows fit.
    """
    while True:
        try:
            return work(size), size
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
        if size <= least:
            raise out_of_memory()
        gc.collect()
        size = max(least, size // 2)


def _chunks(rows: list[Any], parts: int) -> list[list[Any]]:
    """Parts whose sizes differ by one row at most."""
    parts = max(1, min(parts, len(rows)))
    size, more = divmod(len(rows), parts)
    starts = [part * size + min(part, more) for part in range(parts + 1)]
    return [rows[start:end] for start, end in itertools.pairwise(starts)]

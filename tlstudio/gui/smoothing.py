"""Exponential moving average of a growing curve, fast enough for a million points at ten redraws a second."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
_BLOCK = 128


def ema(values: Array, weight: float, previous: float = float("nan")) -> Array:
    """Smooths ``values`` of shape [n]; ``weight`` in [0, 1) is the share that the past keeps.

    Args:
        values: the curve; where it is not finite the result is not either, and the average goes on after it.
        weight: 0 gives the values themselves.
        previous: the average before the first value; NaN starts with the first value.

    Returns:
        float64 of shape [n].
    """
    if weight <= 0 or not values.size:
        return values
    finite = np.isfinite(values)
    if not finite.all():
        result = np.full(values.shape, np.nan)
        result[finite] = ema(values[finite], weight, previous)
        return result
    blocks = -(-values.size // _BLOCK)
    padded = np.zeros(blocks * _BLOCK)
    padded[: values.size] = values
    local = padded.reshape(blocks, _BLOCK) @ _kernel(weight).T
    ends, carried, decay = local[:, -1].tolist(), [], weight**_BLOCK
    carry = values[0] if np.isnan(previous) else previous
    for end in ends:  # one step a block: only the carry is sequential
        carried.append(carry)
        carry = end + decay * carry
    local += np.outer(carried, weight ** np.arange(1, _BLOCK + 1))
    return local.reshape(-1)[: values.size]


def _kernel(weight: float) -> Array:
    """Lower triangular [block, block]: what value j gives to the average at i."""
    lag = np.arange(_BLOCK)[:, None] - np.arange(_BLOCK)[None, :]
    return np.where(lag >= 0, (1 - weight) * weight ** np.maximum(lag, 0), 0.0)


class Smoother:
    """Keeps the average of a curve and works only on the points that are new."""

    def __init__(self) -> None:
        self._weight = 0.0
        self._last_raw = float("nan")
        self._smooth: Array = np.empty(0)
        self._carry = float("nan")

    def update(self, values: Array, weight: float) -> Array:
        """The average of ``values`` of shape [n]; a curve that was rewritten is smoothed from its start."""
        if weight <= 0:
            return values
        done = self._smooth.size
        if weight != self._weight or not self._continues(values, done):
            self._weight, self._smooth, self._carry, done = weight, np.empty(0), float("nan"), 0
        if values.size > done:
            new = ema(values[done:], weight, self._carry)
            self._smooth = np.concatenate((self._smooth, new))
            finite = new[np.isfinite(new)]
            self._carry = float(finite[-1]) if finite.size else self._carry
            self._last_raw = float(values[-1])
        return self._smooth

    def _continues(self, values: Array, done: int) -> bool:
        if not done:
            return True
        return values.size >= done and bool(np.array_equal(values[done - 1], self._last_raw, equal_nan=True))

"""The learning rate over the steps of a training, as factors of its peak. No torch: the window draws them too."""

from __future__ import annotations

import math
from collections.abc import Callable

_CUT_RATIO = 32  # of peak to lowest rate in a slanted triangle


def linear(past: float) -> float:
    """Falls in a straight line to 0 (Devlin et al., 2019, BERT, appendix A.2)."""
    return 1 - past


def cosine(past: float) -> float:
    """Falls along half a cosine to 0 (Loshchilov & Hutter, 2017, SGDR, eq. 5, without restarts)."""
    return 0.5 * (1 + math.cos(math.pi * past))


def constant(_past: float) -> float:
    """Stays at the peak."""
    return 1.0


def slanted_triangular(past: float) -> float:
    """Falls in a straight line to 1/32 of the peak (Howard & Ruder, 2018, ULMFiT, eq. 3)."""
    return 1 - past * (1 - 1 / _CUT_RATIO)


_AFTER_WARM_UP: dict[str, Callable[[float], float]] = {
    "linear": linear,
    "cosine": cosine,
    "constant": constant,
    "slanted-triangular": slanted_triangular,
}
NAMES = (*_AFTER_WARM_UP, "inverse-sqrt")


def factor(name: str, step: int, steps: int, warmup: int) -> float:
    """The learning rate of a step as a share of its peak, 0 to 1.

    Args:
        name: one of :data:`NAMES`. ``inverse-sqrt`` falls with one over the root of the step (Vaswani et al., 2017,
            eq. 3).
        step: from 0.
        steps: of the whole training.
        warmup: steps in which the rate rises in a straight line; a slanted triangle begins at 1/32 of its peak.
    """
    if step < warmup:
        rise = step / max(1, warmup)
        return 1 - (1 - rise) * (1 - 1 / _CUT_RATIO) if name == "slanted-triangular" else rise
    if name == "inverse-sqrt":
        return math.sqrt(max(1, warmup) / max(1, warmup, step))
    past = (step - warmup) / max(1, steps - warmup)
    return max(0.0, _AFTER_WARM_UP[name](min(1.0, past)))

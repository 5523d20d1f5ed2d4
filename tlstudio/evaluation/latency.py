"""How long a model takes, measured so that the numbers of several models may be compared.

All models answer the same batches in turn in one process, so that another program's load, the clock of the
processor and the heat touch all of them alike; the order changes with each repetition.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

import numpy as np

from tlstudio.core.busy import Others
from tlstudio.core.control import Control
from tlstudio.models.batches import Example
from tlstudio.models.scorers import Scorer

_WARM_UPS = 3
# Worker threads of PyTorch and ONNX Runtime spin for a while after an answer; they would slow the next model down.
_SETTLE = 0.01  # seconds
_FEWEST = 5  # repetitions before the time limit counts


def measure(
    models: Mapping[str, tuple[Scorer, Sequence[Example]]],
    batches: Sequence[int] = (1, 16),
    repetitions: int = 30,
    *,
    control: Control,
    seconds: float = 15.0,
    seed: int = 7,
) -> dict[str, dict[str, dict[str, float]]]:
    """Milliseconds a batch for each scorer and batch size.

    Args:
        models: what to measure, by name: the model and inputs of real rows as it reads them. All have the same rows,
            from which batches are drawn by ``seed`` (with replacement if they are few).
        batches: batch sizes.
        repetitions: timed batches for each scorer and size.
        control: asked before each batch.
        seconds: a batch size ends early after this time, but not before 5 repetitions.
        seed: of the draw.

    Returns:
        ``{scorer: {"1": {"median_ms", "p95_ms", "repetitions", "busy"}, …}}``: the median and 95th percentile; the
        share of the processor that other programs used meanwhile.

    Raises:
        Cancelled: the user has cancelled.
    """
    generator = np.random.default_rng(seed)
    result: dict[str, dict[str, dict[str, float]]] = {name: {} for name in models}
    rows = min(len(examples) for _scorer, examples in models.values())
    for size in batches:
        others = Others()
        draws = [_draw(rows, size, generator) for _ in range(repetitions)]
        _warm_up(models, draws, control)
        found = _repeat(models, draws, seconds, control)
        busy = round(others.share, 3)
        for name, times in found.items():
            median, high = np.percentile(times, [50, 95]) * 1000
            result[name][str(size)] = {
                "median_ms": float(median),
                "p95_ms": float(high),
                "repetitions": len(times),
                "busy": busy,
            }
    return result


def _draw(rows: int, size: int, generator: np.random.Generator) -> list[int]:
    return [int(place) for place in generator.choice(rows, size=size, replace=rows < size)]


def _warm_up(models: Mapping[str, tuple[Scorer, Sequence[Example]]], draws: list[list[int]], control: Control) -> None:
    """The first calls of a size allocate memory and choose kernels; they are not what a user waits for later."""
    for scorer, examples in models.values():
        for places in draws[:_WARM_UPS]:
            control.check()
            scorer.outputs([examples[place] for place in places])


def _repeat(
    models: Mapping[str, tuple[Scorer, Sequence[Example]]], draws: list[list[int]], seconds: float, control: Control
) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {name: [] for name in models}
    names = list(models)
    spent = 0.0
    for round_, places in enumerate(draws):
        shift = round_ % len(names)
        for name in names[shift:] + names[:shift]:
            scorer, examples = models[name]
            batch = [examples[place] for place in places]
            control.check()
            time.sleep(_SETTLE)
            begin = time.perf_counter()
            scorer.outputs(batch)
            times[name].append(time.perf_counter() - begin)
            spent += times[name][-1]
        if spent > seconds and round_ + 1 >= _FEWEST:
            break
    return times

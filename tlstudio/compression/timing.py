"""What networks do with a few rows: their answers, their time, how many states their layers see."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tlstudio.compression import units
from tlstudio.compression.base import CompressJob
from tlstudio.compression.units import Group

if TYPE_CHECKING:
    import torch

ROWS = 8
_TURNS = 7


def batch(job: CompressJob) -> dict[str, Any] | None:
    """A batch as the task trains on it, without its labels; None where the step was given no rows."""
    import torch

    from tlstudio.compression.rows import labelled
    from tlstudio.models.batches import split_batch

    if job.encoded is None:
        return None
    given = next(labelled(job, ROWS, ROWS))
    split_batch(given)
    return {name: value for name, value in given.items() if torch.is_tensor(value)}  # no true boxes


def answers(model: Any, job: CompressJob) -> list[torch.Tensor]:
    """What a network answers to a few rows, in evaluation mode; nothing where there are no rows."""
    import torch

    torch.manual_seed(job.seed)  # some tasks draw what they ask
    given = batch(job)
    if given is None:
        return []
    model.eval()
    with torch.no_grad():
        output = model(**given)
    return [value for value in output.values() if torch.is_tensor(value) and value.is_floating_point()]


def compared(models: Sequence[Any], job: CompressJob) -> list[float]:
    """Median seconds of some networks for a few rows; they take turns, so that what else the computer does hits all.

    Zeros where there are no rows.
    """
    import torch

    given = batch(job)
    if given is None:
        return [0.0] * len(models)
    taken: list[list[float]] = [[] for _model in models]
    with torch.inference_mode():
        for turn in range(_TURNS + 1):
            for model, times in zip(models, taken, strict=True):
                job.control.check()
                begin = time.perf_counter()
                model(**given)
                if turn:  # the first warms up
                    times.append(time.perf_counter() - begin)
    return [statistics.median(times) for times in taken]


def tokens(model: Any, groups: Sequence[Group], job: CompressJob) -> dict[tuple[str, str], float]:
    """How many states each group sees of a row, padding included; 1 where there are no rows."""
    import torch

    given, seen = batch(job), {group.key: 1.0 for group in groups}
    if given is None:
        return seen
    rows = len(next(iter(given.values())))

    def listening(group: Group) -> Any:
        width = units.shape(model.get_submodule(group.columns))[0]

        def heard(_layer: Any, states: tuple[torch.Tensor, ...]) -> None:
            seen[group.key] = states[0].numel() / width / rows

        return heard

    hooks = [model.get_submodule(group.columns).register_forward_pre_hook(listening(group)) for group in groups]
    try:
        with torch.inference_mode():
            model(**given)
    finally:
        for hook in hooks:
            hook.remove()
    return seen

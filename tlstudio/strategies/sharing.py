"""Several tasks on one backbone: heads of their own above the same layers, and batches of further tasks a step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from tlstudio.core.errors import StudioError
from tlstudio.models.batches import split_batch
from tlstudio.strategies.base import OtherTask, TransferJob

if TYPE_CHECKING:
    import torch


def opened(places: Sequence[str], job: TransferJob, where: str = "strategy.others") -> list[OtherTask]:
    """The further tasks that a recipe names.

    Raises:
        StudioError: none is named, one cannot be opened, or this is no run of a recipe.
    """
    if not places or job.other is None:
        raise StudioError(
            "strategy.no-others", "No other task is chosen.", "Name earlier runs, or recipes, in strategy.others.",
            where=where,
        )  # fmt: skip
    return [job.other(place) for place in places]


def share(model: Any, other: Any, task: OtherTask) -> dict[str, torch.nn.Module]:
    """Puts the layers of a model's backbone into another model; gives the parts that remain the other's own.

    Args:
        model: whose backbone is shared.
        other: of another task, with a backbone of the same architecture.
        task: for a message.

    Raises:
        StudioError: the two have not the same layers, since their tasks need different parts of the network.
    """
    backbone, theirs = model.base_model, other.base_model
    common = {name for name, _part in backbone.named_children()} & {name for name, _part in theirs.named_children()}
    if type(backbone) is not type(theirs) or not common or backbone is model:
        raise StudioError(
            "strategy.cannot-share", "The task {name} needs other parts of the network than this one: they cannot "
            "share a backbone.", "Choose a task of the same kind.", where="strategy.others", name=task.name,
        )  # fmt: skip
    own = {name: part for name, part in theirs.named_children() if name not in common}
    for name in common:
        setattr(theirs, name, getattr(backbone, name))
    return own | {name: part for name, part in other.named_children() if part is not theirs}


class Batches:
    """The training rows of a task as batches without end, each known by its number, so that a training can resume.

    Args:
        task: whose rows.
        size: rows of a batch.
        seed: of the order, which is another in each pass.
        rows: those that are used; all if not given.
    """

    def __init__(self, task: OtherTask, size: int, seed: int, rows: Sequence[int] | None = None) -> None:
        self._rows, self._collate, self._seed = task.encoded.splits["train"], task.collate, seed
        self._used = list(range(len(self._rows))) if rows is None else list(rows)
        self._size = min(size, len(self._used))
        self._per_pass = -(-len(self._used) // max(self._size, 1))
        self._order: tuple[int, list[int]] = (-1, [])

    def batch(self, number: int, device: Any) -> tuple[dict[str, Any], Any, dict[str, Any]]:
        """Inputs, labels and options of the loss of the batch with a number, counted from 0 over all passes."""
        turn, place = divmod(number, self._per_pass)
        chosen = self._of_pass(turn)[place * self._size : (place + 1) * self._size]
        batch = self._collate([self._rows[row] for row in chosen])
        moved = {name: _moved(value, device) for name, value in batch.items()}
        labels, _rows, options = split_batch(moved)
        return moved, labels, options

    def _of_pass(self, turn: int) -> list[int]:
        import numpy as np

        if self._order[0] != turn:
            generator = np.random.default_rng([self._seed, turn])
            self._order = turn, [self._used[place] for place in generator.permutation(len(self._used))]
        return self._order[1]


def _moved(value: Any, device: Any) -> Any:
    if isinstance(value, dict):
        return {name: _moved(part, device) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_moved(part, device) for part in value]
    return value.to(device) if hasattr(value, "to") else value


def due(step: int, share: float) -> Iterator[int]:
    """Numbers of the batches that are due in a step, where ``share`` batches are due in each on average."""
    return iter(range(int(step * share + 1e-9), int((step + 1) * share + 1e-9)))

"""What takes part in a training beside the task's loss and the optimiser: phases, penalties, averages, teachers."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tlstudio.core.control import Control
from tlstudio.core.events import Emit

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Loop:
    """The training loop, as callbacks see it.

    Attributes:
        model: what is trained, with the weights that it starts from.
        epochs: passes over the training rows, at most.
        steps: steps of the optimiser, at most.
        rows: number of training rows.
        lengths: tokens of each training row [N]; None where rows have none.
        seed: of the training.
    """

    model: torch.nn.Module
    epochs: int
    steps: int
    rows: int
    lengths: Sequence[int] | None
    seed: int
    emit: Emit
    control: Control

    @property
    def batch_size(self) -> int:
        """Rows of a step of the optimiser."""
        return max(1, -(-self.rows // max(self.steps // max(self.epochs, 1), 1)))


@dataclass(frozen=True)
class Pass:
    """A forward pass over a batch, or over a part of one where memory is short.

    Attributes:
        inputs: what the model was given.
        labels: what the loss compares with.
        rows: position of each row in the training set, int64 [B]; None where the strategy does not number them.
        last: whether the optimiser steps after this pass.
        again: runs the pass once more, with other dropout; gives (outputs, mean loss of the task).
        share: a mean loss of this pass as its share of the loss of the whole batch.
    """

    inputs: dict[str, Any]
    labels: Any
    rows: torch.Tensor | None
    last: bool
    again: Callable[[], tuple[Any, torch.Tensor]]
    share: Callable[[torch.Tensor], torch.Tensor]

    def once(self, value: torch.Tensor) -> torch.Tensor:
        """What is added to the loss of this pass so that ``value`` counts once for each pass, however large it is."""
        return value / self.share(value.new_ones(()))


class Callback:
    """Is called at the moments of a training; whatever a subclass does not define does nothing.

    ``PASSES`` is what it adds to the time of a step, in forward and backward passes.
    """

    PASSES = 0.0

    def begin(self, loop: Loop) -> None:
        """Once, before the first step; the model still has the weights that it starts from."""

    def epoch(self, number: int) -> None:
        """Before the first batch of an epoch, counted from 0."""

    def order(self, rows: Iterator[int]) -> Iterator[int]:
        """The rows of an epoch, as they are to be gone through; asked for one by one, while the epoch goes on."""
        return rows

    def step(self, number: int) -> None:
        """Before each step of the optimiser, counted from 0."""

    def loss(self, given: Pass, outputs: Any, value: torch.Tensor) -> torch.Tensor:
        """The loss, scalar, from that of the task and of the callbacks before."""
        return value

    def backward(self, given: Pass) -> None:
        """After each backward pass, when the gradients are there."""

    def stepped(self, number: int) -> None:
        """After each step of the optimiser, counted from 1."""

    @contextlib.contextmanager
    def evaluating(self) -> Iterator[None]:
        """While validation rows are scored and the best weights are kept."""
        yield

    def evaluated(self, values: dict[str, float]) -> None:
        """After each validation, with what it measured."""

    def end(self) -> None:
        """Once, however the training ended: hooks are taken off, averages put in place."""

    def state(self) -> dict[str, torch.Tensor]:
        """What a resumed training must know; see :meth:`restore`."""
        return {}

    def restore(self, state: dict[str, torch.Tensor]) -> None:
        """Goes on from an earlier :meth:`state`; called after :meth:`begin`."""

"""What a strategy hands to the training loop; neither needs to know the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import torch


@dataclass(frozen=True)
class Transfer:
    """What a strategy hands to the training loop.

    Attributes:
        model: what is trained; parameters that must not change have ``requires_grad`` off.
        train: dataset or sequence of dicts, with a column ``length`` where batches are grouped by length.
        validation: the same, in order; empty where there is no validation split.
        collate: list of rows → batch of tensors with ``labels``, and ``row_weights`` where rows have weights.
        finish: called after training; gives the ordinary transformers model with the trained weights.
    """

    model: torch.nn.Module
    train: Any
    validation: Any
    collate: Callable[[Sequence[Any]], dict[str, Any]]
    finish: Callable[[], torch.nn.Module]


@dataclass(frozen=True)
class Judge:
    """How a model is judged while it trains.

    Attributes:
        measure: validation metrics from the answers to all rows, in order, and the mean loss.
        read: the answers in a model's output, a list with an array for each row, from (output, batch of tensors);
            None where only the loss is taken.
        watch: called with the model after each validation.
    """

    measure: Callable[[list[np.ndarray], float], dict[str, float]]
    read: Callable[[Any, dict[str, torch.Tensor]], list[np.ndarray]] | None = None
    watch: Callable[[torch.nn.Module], None] | None = None

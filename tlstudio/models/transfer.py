"""What a strategy hands to the training loop; neither needs to know the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Transfer:
    """What a strategy hands to the training loop.

    Attributes:
        model: what is trained; parameters that must not change have ``requires_grad`` off.
        train: dataset of dicts, with a column ``length`` where batches are grouped by length.
        validation: dataset of dicts, in order; empty where there is no validation split.
        collate: list of rows → batch of tensors with ``labels``.
        finish: called after training; gives the ordinary transformers model with the trained weights.
    """

    model: torch.nn.Module
    train: Any
    validation: Any
    collate: Callable[[list[dict[str, Any]]], dict[str, torch.Tensor]]
    finish: Callable[[], torch.nn.Module]

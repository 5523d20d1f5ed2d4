"""What a strategy hands to the training loop; neither needs to know the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlstudio.models.callbacks import Callback

if TYPE_CHECKING:
    import numpy as np
    import torch


@dataclass(frozen=True)
class Sibling:
    """What a training leaves for another task than that of the recipe, see ``OtherTask`` of the strategies.

    Attributes:
        name: of the other task.
        model: trained, under the head of that task.
        keep: whether it is saved and exported as a run of its own, or only tested.
        labels: its classes, where they are more than those of the other task, with these first.
    """

    name: str
    model: torch.nn.Module
    keep: bool = True
    labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class Transfer:
    """What a strategy hands to the training loop.

    Attributes:
        model: what is trained; parameters that must not change have ``requires_grad`` off.
        train: dataset or sequence of dicts, with a column ``length`` where batches are grouped by length.
        validation: the same, in order; empty where there is no validation split.
        collate: list of rows → batch of tensors with ``labels``, and ``row_weights`` where rows have weights.
        finish: called after training; gives the ordinary transformers model with the trained weights.
        rates: factor on the learning rate by parameter name; 1 where none is given.
        callbacks: what takes part in the training; the loss goes through them in this order.
        loss: mean loss of a batch instead of the task's, for a phase that learns something else.
        settings: what differs from the recipe's training, such as ``{"epochs": 1}``; with 0 epochs nothing is trained.
        encoded: the rows as the model takes them, where it takes more than the backbone of the recipe does; else None.
        then: the next phase, made when this one has ended; ``finish`` of the last one gives the model.
        reader: folder whose tokenizer the trained model reads with; None where it is that of the backbone.
        keep: writes the adapter that the training has learned into an empty folder, where it has; given the finished
            model, after ``finish``.
        siblings: models of other tasks that took part; asked for after ``finish``.
    """

    model: torch.nn.Module
    train: Any
    validation: Any
    collate: Callable[[Sequence[Any]], dict[str, Any]]
    finish: Callable[[], torch.nn.Module]
    rates: Mapping[str, float] = field(default_factory=dict)
    callbacks: tuple[Callback, ...] = ()
    loss: Callable[..., torch.Tensor] | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    encoded: Any = None
    then: Callable[[], Transfer] | None = None
    reader: Path | None = None
    keep: Callable[[torch.nn.Module, Path], None] | None = None
    siblings: Callable[[], Sequence[Sibling]] | None = None

    @property
    def lengths(self) -> list[int] | None:
        """Tokens of each training row, by which batches are grouped; None where rows have no length."""
        if "length" not in getattr(self.train, "column_names", ()):
            return None
        return list(self.train["length"])  # a list: a dataset takes 0.2 ms for each look


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

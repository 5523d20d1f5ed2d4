"""Features of a frozen backbone that a head of ours reads, see :mod:`tlstudio.models.parts`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from tlstudio.core.errors import StudioError
from tlstudio.models.transfer import Transfer
from tlstudio.strategies import dropout, features, linear_probe
from tlstudio.strategies.base import TransferJob
from tlstudio.tasks.base import Batch

if TYPE_CHECKING:
    import numpy as np
    import torch

Pooling = Literal["auto", "mean", "max", "first", "last", "attention"]


@dataclass(frozen=True)
class Reader:
    """A backbone and how it is read.

    Attributes:
        model: of the task, with its blocks up to the chosen one; frozen.
        restore: puts the model's config back, see :mod:`tlstudio.strategies.dropout`.
        pooling: mean, max, first, last, attention; none where each token is answered.
        layers: L, how many layers are read.
        width: H, of their hidden states.
    """

    model: Any
    restore: Callable[[], None]
    pooling: str
    layers: int
    width: int

    @property
    def kept(self) -> str:
        """The pooling that is done before the head reads; attention is a part of the head."""
        return "none" if self.pooling == "attention" else self.pooling


def fits(task: Any, title: str) -> StudioError | None:
    """Why no head of ours can answer for a task; None if one can."""
    if task.HEAD.probe and task.HEAD.outputs == ("logits",):
        return None
    return StudioError(
        "strategy.no-reading", "'{strategy}' answers with one list of scores, and the task {task} needs other answers.",
        "Choose another strategy, such as full fine-tuning.", where="strategy.name", strategy=title, task=task.TITLE,
    )  # fmt: skip


def reader(
    job: TransferJob,
    pooling: str,
    layer: int,
    mix: bool,
    dropouts: tuple[float | None, float | None] = (0.0, 0.0),
) -> Reader:
    """The frozen backbone of the task.

    Args:
        job: what the strategy is given.
        pooling: as the user wishes; auto takes the mean.
        layer: of the block that is read; 0 for the last.
        mix: whether all layers are read.
        dropouts: of the attention and elsewhere, where the backbone will train; None keeps that of the model.

    Raises:
        StudioError: the architecture cannot be read so.
    """
    if layer:  # refuses where the network cannot be cut
        linear_probe.read_after(layer, job)
        job = replace(job, build=partial(job.build, num_hidden_layers=layer))
    model, restore = dropout.built(job, *dropouts)
    if model.base_model is model:
        raise _unreadable(model)
    model.eval().to(job.device).base_model.requires_grad_(False)
    pooling = "none" if job.head.per_token else "mean" if pooling == "auto" else pooling
    shape = _shape(model, job, mix)
    return Reader(model, restore, pooling, *shape)


def _shape(model: Any, job: TransferJob, mix: bool) -> tuple[int, int]:
    """How many layers there are to read, and how wide they are."""
    import torch

    from tlstudio.models import parts

    batch = job.collate([job.encoded.splits["train"][0]])
    given = {name: value.to(job.device) for name, value in batch.items() if name in job.encoded.inputs}
    try:
        with torch.inference_mode():
            found = parts.features_of(model, given, "none", mix)
    except (RuntimeError, TypeError, AttributeError, IndexError) as error:
        raise _unreadable(model) from error
    return found.shape[-2], found.shape[-1]


def _unreadable(model: Any) -> StudioError:
    return StudioError(
        "strategy.unreadable", "The layers of a network of type {kind} cannot be read so: it has no backbone that "
        "shows them, or they differ in width.",
        "Read the last layer alone, or choose another strategy, such as linear probe.",
        where="strategy.name", kind=model.config.model_type,
    )  # fmt: skip


def rows(reader: Reader, job: TransferJob, split: str) -> features.FeatureRows:
    """Features of a split, from the cache or read now: [L * H] a row, or [T, L * H] where each token is answered."""
    mix = reader.layers > 1
    extract = partial(_extract, reader)
    depth = getattr(reader.model.config, "num_hidden_layers", "")
    return linear_probe.cached(job, split, f"reading {reader.kept} {mix} {depth}", extract)


def _extract(reader: Reader, encoded: Any, job: TransferJob) -> list[np.ndarray]:
    from tlstudio.models import parts

    def read(batch: Batch) -> torch.Tensor:
        return parts.features_of(reader.model, batch, reader.kept, reader.layers > 1).flatten(-2)

    return features.read_rows(encoded, job.collate, read, job)


def on_features(reader: Reader, job: TransferJob, finish: Callable[[], torch.nn.Module]) -> Transfer:
    """The training of the head ``reader.model.reading`` on features that are read once."""
    found = {split: rows(reader, job, split) for split in ("train", "validation") if split in job.encoded.splits}
    head = _head_of_rows(reader)
    collate = partial(linear_probe.collated, name="features", several=job.head.per_token)
    model = features.head_only(head, job.head, reader.model.config)
    return Transfer(model, found["train"], found.get("validation", ()), collate, finish)


def _head_of_rows(reader: Reader) -> torch.nn.Module:
    import torch

    class OfRows(torch.nn.Module):
        """The head, reading features [B, …, L * H]."""

        def __init__(self) -> None:
            super().__init__()
            self.reading = reader.model.reading

        def forward(self, given: torch.Tensor) -> torch.Tensor:
            found: torch.Tensor = self.reading(given.unflatten(-1, (reader.layers, reader.width)))
            return found

    return OfRows()


def through(reader: Reader, job: TransferJob, finish: Callable[[], torch.nn.Module]) -> Transfer:
    """The training of the head with the frozen backbone below it, where it reads too much to be kept."""
    splits = job.encoded.splits
    return Transfer(reader.model, splits["train"], splits.get("validation", ()), job.collate, finish)


def classes(job: TransferJob) -> int:
    """How many numbers an answer has."""
    return len(job.encoded.labels) or 1

"""Training rows as steps look at them: for importance, sensitivity and calibration."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tlstudio.compression.base import CompressJob
from tlstudio.models import heads
from tlstudio.models.batches import Example, collate, tensors

if TYPE_CHECKING:
    import torch


def chosen(job: CompressJob, count: int, split: str = "train") -> Sequence[Example]:
    """At most ``count`` rows of a split, spread evenly over it."""
    rows = job.rows.examples(split)
    places = np.unique(np.linspace(0, len(rows) - 1, min(count, len(rows))).round().astype(int)) if len(rows) else ()
    return [rows[int(place)] for place in places]


def batches(job: CompressJob, count: int, size: int = 16) -> Iterator[dict[str, torch.Tensor]]:
    """Inputs of at most ``count`` training rows, in padded batches."""
    encoded, rows = job.rows, chosen(job, count)
    inputs = list(heads.inputs_of(heads.read_settings(job.source)))
    for start in range(0, len(rows), size):
        job.control.check()
        part = rows[start : start + size]
        names = [name for name in inputs if name in part[0]]  # the attention mask is made while padding
        yield tensors(collate(part, names, encoded.pad_id))


def labelled(job: CompressJob, count: int, size: int = 16) -> Iterator[dict[str, Any]]:
    """At most ``count`` training rows in batches as the task trains on them, with ``labels``."""
    encoded = job.rows
    rows = encoded.splits["train"]
    places = np.unique(np.linspace(0, len(rows) - 1, min(count, len(rows))).round().astype(int))
    assert job.collate is not None  # given wherever rows are
    for start in range(0, len(places), size):
        job.control.check()
        yield job.collate([rows[int(place)] for place in places[start : start + size]])

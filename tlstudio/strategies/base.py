"""What a strategy is: one file that knows which parameters train, at which rate, on which inputs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from pydantic import BaseModel

from tlstudio.core.control import Control
from tlstudio.core.events import Emit
from tlstudio.models.anatomy import LayerGroup
from tlstudio.models.transfer import Transfer
from tlstudio.tasks.base import Encoded

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Defaults:
    """What 'auto' means for a strategy."""

    epochs: int
    batch_size: int
    learning_rate: float
    patience: int


@dataclass(frozen=True)
class TransferJob:
    """What a strategy is given.

    Attributes:
        build: makes the model of the task; keyword arguments go into its config.
        encoded: tokenised rows by split.
        backbone_key: names backbone, revision and weights, for caches.
        device: where to compute.
    """

    build: Callable[..., torch.nn.Module]
    encoded: Encoded
    backbone_key: str
    device: torch.device
    emit: Emit
    control: Control


class Strategy(Protocol):
    """A strategy plug-in."""

    NAME: str
    TITLE: str
    SUMMARY: str
    REHEARSES: bool  # whether a step is so long that precision and batch size are worth a rehearsal
    Config: type[BaseModel]

    def defaults(self, config: Any, rows: int, width: int = 768) -> Defaults:
        """What to train with, unless the user says otherwise.

        Args:
            config: the options of the strategy.
            rows: number of training rows.
            width: hidden size of the backbone.
        """
        ...

    def trains(self, config: Any, groups: list[LayerGroup]) -> list[bool]:
        """For each layer group, whether its parameters train: what the drawing shows, and a test proves."""
        ...

    def prepare(self, config: Any, job: TransferJob) -> Transfer: ...


def padded(rows: list[dict[str, Any]], pad_id: int, limit: int) -> dict[str, torch.Tensor]:
    """Rows with input_ids and labels as tensors: input_ids and attention_mask [B, T], labels [B].

    T is the longest row rounded up to a multiple of 8, but not above ``limit``, the cut of the texts: oneDNN keeps
    buffers for every shape that it meets. With all lengths allowed memory grew by 10 MB for each new length (MiniLM,
    bf16); with multiples of 8 it stays flat.
    """
    import torch

    from tlstudio.models.scorers import pad

    longest = max(len(row["input_ids"]) for row in rows)
    ids, mask = pad([row["input_ids"] for row in rows], pad_id, min(-(-longest // 8) * 8, limit))
    return {
        "input_ids": torch.from_numpy(ids),
        "attention_mask": torch.from_numpy(mask),
        **targets(rows),
    }


def targets(rows: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
    """Labels [B] of rows, and their weights [B] where they have some."""
    import torch

    found = {"labels": torch.tensor([row["labels"] for row in rows])}
    if "weight" in rows[0]:
        found["row_weights"] = torch.tensor([row["weight"] for row in rows], dtype=torch.float32)
    return found

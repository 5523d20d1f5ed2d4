"""What a task is: one file that knows roles, preprocessing, head, loss and how a prediction is shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from pydantic import BaseModel

from tlstudio.augmentation.apply import Augmenter
from tlstudio.core.control import Control
from tlstudio.core.events import Emit
from tlstudio.data.labelled import Labelled

if TYPE_CHECKING:
    import datasets
    import torch


@dataclass(frozen=True)
class Encoded:
    """Tokenised rows.

    Attributes:
        splits: memory-mapped datasets by split with columns input_ids, length and labels; training rows may have a
            weight.
        labels: class names; the class number is the index.
        max_length: tokens that a text was cut to, special tokens included.
        truncated: ``{"texts", "share", "tokens_lost", "max_length"}`` over all splits.
        key: changes with backbone, tokenizer, data and length; caches use it.
    """

    splits: dict[str, datasets.Dataset]
    labels: list[str]
    max_length: int
    truncated: dict[str, Any] = field(default_factory=dict)
    key: str = ""

    def ids(self, split: str) -> list[list[int]]:
        """Token ids of a split, N lists."""
        return list(self.splits[split]["input_ids"])

    def targets(self, split: str) -> list[int]:
        return list(self.splits[split]["labels"])


class Task(Protocol):
    """A task plug-in."""

    NAME: str
    TITLE: str
    SUMMARY: str
    ROLES: tuple[str, ...]
    Config: type[BaseModel]

    def encode(
        self,
        config: Any,
        labelled: Labelled,
        backbone: Path,
        emit: Emit,
        control: Control,
        augmenter: Augmenter | None = None,
    ) -> Encoded:
        """Tokenises all splits, or takes them from the cache; training rows get the changed copies of ``augmenter``."""
        ...

    def encode_texts(self, folder: Path, texts: list[str]) -> list[list[int]]:
        """Token ids of new texts, as the model in ``folder`` was trained to see them."""
        ...

    def build(self, backbone: Path, labels: list[str], **overrides: Any) -> torch.nn.Module:
        """The backbone in fp32 with a fresh head; ``overrides`` go into the model's config."""
        ...

    def loss(self, config: Any, encoded: Encoded) -> Callable[..., torch.Tensor]:
        """``loss(outputs, labels, row_weights=None)``: a mean over the batch; weights [B] have mean 1 over all rows."""
        ...

    def save(self, model: torch.nn.Module, encoded: Encoded, backbone: Path, folder: Path) -> None:
        """Writes model, tokenizer and settings in transformers layout."""
        ...

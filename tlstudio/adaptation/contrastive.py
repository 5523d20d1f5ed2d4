"""SimCSE: two passes of a text with other dropout make two vectors, which are drawn together, and away from those of
the other texts of the batch (Gao et al., 2021, "SimCSE: Simple contrastive learning of sentence embeddings", eq. 4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from tlstudio.adaptation import base
from tlstudio.core.errors import StudioError
from tlstudio.models.heads import pooled
from tlstudio.tasks.base import Batch, Encoded, Row, padded

if TYPE_CHECKING:
    import torch


class Options(base.TextOptions):
    """Choices of the objective."""

    temperature: float = Field(
        0.05, gt=0, le=1, title="Temperature", description="Lower ones push near texts apart more strongly."
    )
    pooling: Literal["mean", "first"] = Field(
        "mean", title="Pooling", description="What stands for a text: the mean over its tokens, or the first one."
    )
    batch_size: int = Field(
        64, ge=2, le=4096, title="Batch size", description="Texts that are told apart; more make it harder."
    )


class SimCse:
    """Vectors of texts, from dropout alone."""

    NAME = "simcse"
    TITLE = "Contrastive sentences (SimCSE)"
    SUMMARY = "The backbone learns to tell your texts apart, from two looks at each. Good before search and matching."
    LEARNS = "text"
    PASSES = 2.0
    HELD_OUT = False  # without dropout the two looks are one
    Config = Options

    def fits(self, config: Mapping[str, Any]) -> StudioError | None:
        return base.reads_texts(config)

    def network(self, config: Options, backbone: Any, folder: Path) -> torch.nn.Module:
        return twice(backbone, config.pooling)

    def collator(self, config: Options, folder: Path) -> Callable[[Sequence[Row]], Batch]:
        return partial(_collated, encoded=base.texts(folder))

    def loss(self, config: Options) -> Callable[..., torch.Tensor]:
        return partial(info_nce, temperature=config.temperature)


PLUGIN = SimCse()


def twice(backbone: Any, pooling: str) -> torch.nn.Module:
    """A network that gives two unit vectors for each text."""
    import torch

    class Twice(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.backbone = backbone

        def forward(self, **inputs: torch.Tensor) -> SimpleNamespace:
            both = {name: torch.cat([value, value]) for name, value in inputs.items()}
            vectors = pooled(self.backbone(**both).last_hidden_state, both["attention_mask"], pooling)
            first, second = vectors.chunk(2)
            return SimpleNamespace(first=first, second=second)

    return Twice()


def info_nce(outputs: Any, labels: torch.Tensor, temperature: float) -> torch.Tensor:
    """-log of the share of a text's own second vector among those of all texts, eq. 4."""
    import torch

    cosines = outputs.first @ outputs.second.T / temperature
    return torch.nn.functional.cross_entropy(cosines, torch.arange(len(cosines), device=cosines.device))


def _collated(rows: Sequence[Row], encoded: Encoded) -> Batch:
    import torch

    batch = padded([{"input_ids": row["input_ids"]} for row in rows], encoded)
    return {**batch, "labels": torch.arange(len(rows))}

"""TSDAE: a damaged text becomes one vector, from which a decoder must write the whole text (Wang et al., 2021, "TSDAE:
Using transformer-based sequential denoising auto-encoder", § 3).

Tokens are deleted, and the decoder sees nothing of the encoder but the vector, as in the paper. It is small and new
instead of a copy of the encoder, so that the vector must hold more (Xiao et al., 2022, RetroMAE, § 3.2), and it shares
the embeddings of the backbone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from tlstudio.adaptation import base
from tlstudio.core.errors import StudioError
from tlstudio.models import language
from tlstudio.models.batches import IGNORED
from tlstudio.models.heads import pooled
from tlstudio.tasks.base import Batch, Encoded, Row, padded

if TYPE_CHECKING:
    import torch

_HEAD_WIDTH = 64
_POSITIONS = 8192


class Options(base.TextOptions):
    """Choices of the objective."""

    deleted: float = Field(
        0.6, gt=0, lt=1, title="Share of deleted tokens", description="How much of each text the backbone misses."
    )
    pooling: Literal["mean", "first"] = Field(
        "mean", title="Pooling", description="What stands for a text: the mean over its tokens, or the first one."
    )
    decoder_layers: int = Field(
        1, ge=1, le=12, title="Layers of the decoder", description="Fewer make the vector hold more of the text."
    )


class Denoising:
    """Whole texts from damaged ones."""

    NAME = "denoising"
    TITLE = "Denoising (TSDAE)"
    SUMMARY = (
        "The backbone puts a text with missing words into one vector, from which the whole text is written again. "
        "Good before tasks that read whole texts."
    )
    LEARNS = "text"
    PASSES = 1.5
    HELD_OUT = True
    Config = Options

    def fits(self, config: Mapping[str, Any]) -> StudioError | None:
        return base.reads_texts(config)

    def network(self, config: Options, backbone: Any, folder: Path) -> torch.nn.Module:
        return autoencoder(backbone, config.pooling, config.decoder_layers)

    def collator(self, config: Options, folder: Path) -> Callable[[Sequence[Row]], Batch]:
        return partial(_collated, encoded=base.texts(folder), share=config.deleted)

    def loss(self, config: Options) -> Callable[..., torch.Tensor]:
        return _of_tokens


PLUGIN = Denoising()


def autoencoder(backbone: Any, pooling: str, layers: int) -> torch.nn.Module:
    """A network that reads a damaged text and guesses each token of the whole one from those before it."""
    import torch
    from torch import nn

    words = backbone.get_input_embeddings()
    width = words.embedding_dim

    class AutoEncoder(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.backbone = backbone
            heads = max(1, width // _HEAD_WIDTH)
            heads = heads if width % heads == 0 else 1
            layer = nn.TransformerDecoderLayer(width, heads, 4 * width, batch_first=True, activation="gelu")
            self.narrow = nn.Linear(backbone.config.hidden_size, width)
            self.decoder = nn.TransformerDecoder(layer, layers)
            self.positions = nn.Embedding(min(getattr(backbone.config, "max_position_embeddings", 0) or _POSITIONS,
                                              _POSITIONS), width)  # fmt: skip

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor, whole_ids: torch.Tensor) -> Any:
            hidden = self.backbone(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
            vector = self.narrow(pooled(hidden, attention_mask, pooling) * hidden.shape[-1] ** 0.5)
            count = whole_ids.shape[1]
            table = words.weight
            given = nn.functional.embedding(whole_ids, table) + self.positions.weight[:count]
            later = torch.ones(count, count, dtype=torch.bool, device=given.device).triu(1)
            written = self.decoder(given, vector[:, None], tgt_mask=later)
            return SimpleNamespace(logits=written @ table.T)

    return AutoEncoder()


def _of_tokens(outputs: Any, labels: torch.Tensor) -> torch.Tensor:
    scores, targets, _rows = language.counted(outputs.logits, labels, shifted=True)
    return language.losses(scores, targets).sum() / max(len(targets), 1)


def _collated(rows: Sequence[Row], encoded: Encoded, share: float) -> Batch:
    """Damaged ids beside the whole ones, which are also the labels."""
    damaged = padded([{"input_ids": _damaged(row, share)} for row in rows], encoded)
    whole = padded([{"input_ids": row["input_ids"]} for row in rows], encoded)
    ids = whole["input_ids"]
    return {**damaged, "whole_ids": ids, "labels": ids.masked_fill(whole["attention_mask"] == 0, IGNORED)}


def _damaged(row: Row, share: float) -> list[int]:
    """The ids without a share of the ordinary ones; one at least stays."""
    import torch

    ids, special = torch.as_tensor(row["input_ids"]), torch.as_tensor(row["words"]) < 0
    drawn = torch.rand(len(ids))
    stays = special | (drawn >= share)
    if not (stays & ~special).any() and not special.all():
        stays[drawn.masked_fill(special, -1.0).argmax()] = True
    found: list[int] = ids[stays].tolist()
    return found

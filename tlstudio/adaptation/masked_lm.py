"""Masked language modelling as a preparation: Devlin et al., 2019, BERT, § 3.1; Gururangan et al., 2020.

Masks and loss are those of the task :mod:`tlstudio.tasks.masked_lm`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field

from tlstudio.adaptation import base
from tlstudio.core.errors import StudioError
from tlstudio.tasks import masked_lm
from tlstudio.tasks.base import Batch, Row, build_model

if TYPE_CHECKING:
    import torch


class Options(base.TextOptions):
    """Choices of the objective."""

    share: float = Field(
        0.15, ge=0.05, le=0.5, title="Share of masked tokens", description="How much of each text must be guessed."
    )


class MaskedLm:
    """Hidden tokens from those around them."""

    NAME = "masked-lm"
    TITLE = "Masked words"
    SUMMARY = "The backbone guesses hidden words and so gets to know your kind of texts. The usual choice for texts."
    LEARNS = "text"
    PASSES = 1.0
    HELD_OUT = True
    Config = Options

    def fits(self, config: Mapping[str, Any]) -> StudioError | None:
        return base.reads_texts(config)

    def network(self, config: Options, backbone: Any, folder: Path) -> torch.nn.Module:
        """The head of the pretraining, where the folder has it, on the given backbone."""
        model: Any = build_model(masked_lm.PLUGIN.HEAD, folder, {})
        setattr(model, model.base_model_prefix, backbone)
        model.tie_weights()  # the scores of tokens are those of the embeddings that now train
        return model

    def collator(self, config: Options, folder: Path) -> Callable[[Sequence[Row]], Batch]:
        return masked_lm.PLUGIN.collator(masked_lm.Options(share=config.share), base.texts(folder))

    def loss(self, config: Options) -> Callable[..., torch.Tensor]:
        return masked_lm.PLUGIN.loss(None, base.Encoded({}, []))


PLUGIN = MaskedLm()

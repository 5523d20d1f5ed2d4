"""Full fine-tuning: every parameter of backbone and head is trained at one rate (Devlin et al., 2019, BERT, § 3.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from tlstudio.core.errors import StudioError
from tlstudio.models.anatomy import LayerGroup
from tlstudio.models.transfer import Transfer
from tlstudio.strategies import dropout
from tlstudio.strategies.base import Defaults, TransferJob

if TYPE_CHECKING:
    import torch

_ENOUGH_STEPS = 300
_WIDE = 768


class Options(BaseModel):
    """Choices of full fine-tuning."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    attention_dropout: float = Field(
        0.0,
        ge=0,
        lt=1,
        title="Attention dropout",
        description="0 lets PyTorch use its fast attention kernel, which makes training markedly faster on a CPU.",
    )
    hidden_dropout: float | None = Field(
        None, ge=0, lt=1, title="Hidden dropout", description="Empty keeps the value of the model."
    )


class FullFineTuning:
    """All parameters train."""

    NAME = "full-fine-tuning"
    ONCE = False
    TITLE = "Full fine-tuning"
    SUMMARY = "Every layer is trained. The most accurate choice when there are a few hundred labelled rows or more."
    REHEARSES = True
    Config = Options

    def fits(self, task: Any) -> StudioError | None:
        return None

    def defaults(self, config: Options, rows: int, width: int = 768) -> Defaults:
        # few rows need more passes: Mosbach et al., 2021, "On the stability of fine-tuning BERT", train far longer
        epochs = min(max(4, round(_ENOUGH_STEPS * 16 / max(rows, 1))), 10)
        # narrow backbones want a higher rate: Turc et al., 2019, "Well-read students learn better", search up to 3e-4
        rate = 5e-5 if width >= _WIDE else 1e-4
        return Defaults(epochs=epochs, batch_size=16, learning_rate=rate, patience=2)

    def trains(self, config: Options, groups: list[LayerGroup]) -> list[bool]:
        return [True] * len(groups)

    def prepare(self, config: Options, job: TransferJob) -> Transfer:
        model, restore = dropout.built(job, config.attention_dropout, config.hidden_dropout)
        splits = job.encoded.splits

        def finish() -> torch.nn.Module:
            restore()
            trained: torch.nn.Module = model
            return trained

        return Transfer(
            model=model.to(job.device),
            train=splits["train"],
            validation=splits.get("validation", ()),
            collate=job.collate,
            finish=finish,
        )


PLUGIN = FullFineTuning()

"""Full fine-tuning: every parameter of backbone and head is trained at one rate (Devlin et al., 2019, BERT, § 3.2)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from tlstudio.models.anatomy import LayerGroup
from tlstudio.models.transfer import Transfer
from tlstudio.strategies.base import Defaults, TransferJob, padded

if TYPE_CHECKING:
    import torch

_ATTENTION = ("attention_probs_dropout_prob", "attention_dropout", "attn_pdrop")
_ENOUGH_STEPS = 300
_WIDE = 768
_HIDDEN = ("hidden_dropout_prob", "dropout", "resid_pdrop")


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
    TITLE = "Full fine-tuning"
    SUMMARY = "Every layer is trained. The most accurate choice when there are a few hundred labelled texts or more."
    REHEARSES = True
    Config = Options

    def defaults(self, config: Options, rows: int, width: int = 768) -> Defaults:
        # few rows need more passes: Mosbach et al., 2021, "On the stability of fine-tuning BERT", train far longer
        epochs = min(max(4, round(_ENOUGH_STEPS * 16 / max(rows, 1))), 10)
        # narrow backbones want a higher rate: Turc et al., 2019, "Well-read students learn better", search up to 3e-4
        rate = 5e-5 if width >= _WIDE else 1e-4
        return Defaults(epochs=epochs, batch_size=16, learning_rate=rate, patience=2)

    def trains(self, config: Options, groups: list[LayerGroup]) -> list[bool]:
        return [True] * len(groups)

    def prepare(self, config: Options, job: TransferJob) -> Transfer:
        original = job.build().config
        wishes = {_ATTENTION: config.attention_dropout, _HIDDEN: config.hidden_dropout}
        overrides = {
            name: value
            for names, value in wishes.items()
            for name in names
            if value is not None and isinstance(getattr(original, name, None), float)
        }
        model = job.build(**overrides)
        splits = job.encoded.splits

        def finish() -> torch.nn.Module:
            """Dropout is a choice of this training, not of the model: its config goes back to what it was."""
            for name in overrides:
                setattr(model.config, name, getattr(original, name))
            return model

        return Transfer(
            model=model.to(job.device),
            train=_columns(splits["train"], "input_ids", "labels", "length"),
            validation=_columns(splits["validation"], "input_ids", "labels") if "validation" in splits else (),
            collate=partial(padded, pad_id=_pad_id(model), limit=job.encoded.max_length),
            finish=finish,
        )


PLUGIN = FullFineTuning()


def _columns(rows: Any, *names: str) -> Any:
    return rows.select_columns([*names, *({"weight"} & set(rows.column_names))])


def _pad_id(model: Any) -> int:
    return model.config.pad_token_id or 0

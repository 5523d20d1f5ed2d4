"""What the strategies have in common that train through the backbone."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from tlstudio.models.anatomy import LayerGroup, layer_groups
from tlstudio.models.transfer import Transfer
from tlstudio.strategies import dropout, plans
from tlstudio.strategies.base import Defaults, TransferJob

if TYPE_CHECKING:
    import torch

_ENOUGH_STEPS = 300
WIDE = 768

Planner = Callable[[list[LayerGroup], float], list[plans.GroupPlan]]


class Options(BaseModel):
    """Choices of every training through the backbone."""

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


def usual(rows: int, rate: float, schedule: str = "linear") -> Defaults:
    """What such a training usually takes."""
    # few rows need more passes: Mosbach et al., 2021, "On the stability of fine-tuning BERT", train far longer
    epochs = min(max(4, round(_ENOUGH_STEPS * 16 / max(rows, 1))), 10)
    return Defaults(epochs=epochs, batch_size=16, learning_rate=rate, patience=2, schedule=schedule)


def build(config: Options, job: TransferJob) -> tuple[Any, Callable[[], None]]:
    """The model of the task with the dropout of the options; and what puts its config back."""
    return dropout.built(job, config.attention_dropout, config.hidden_dropout)


def transfer(job: TransferJob, model: Any, restore: Callable[[], None], plan: Planner) -> Transfer:
    """The training of a model that follows a plan for its layer groups; ``restore`` as :func:`build` gave it."""
    rates, timeline = plans.apply(model, plan(layer_groups(model), job.epochs))
    splits = job.encoded.splits

    def finish() -> torch.nn.Module:
        restore()
        trained: torch.nn.Module = model.requires_grad_(True)
        return trained

    return Transfer(
        model=model.to(job.device),
        train=splits["train"],
        validation=splits.get("validation", ()),
        collate=job.collate,
        finish=finish,
        rates=rates,
        callbacks=timeline,
    )

"""What the steps have in common that train again what they have made smaller."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from tlstudio.compression.base import CompressJob, Recovery

_NEEDS_EPOCHS: JsonDict = {"only": {"epochs": {"above": 0}}}


class Options(BaseModel):
    """How what a step has cost is brought back: the trained model teaches the smaller one on the training rows."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    epochs: int = Field(
        3, ge=0, le=100, title="Recovery epochs",
        description="Passes over the training rows after the cut; 0 leaves the network as it was cut.",
    )  # fmt: skip
    learning_rate: float = Field(
        1e-4, gt=0, le=1, title="Recovery learning rate", description="Of the first step; it falls linearly.",
        json_schema_extra=_NEEDS_EPOCHS,
    )  # fmt: skip
    teacher: float = Field(
        0.7, ge=0, le=1, title="Weight of the trained model",
        description="Share of its answers in the loss; the rest is that of the true labels.",
        json_schema_extra=_NEEDS_EPOCHS,
    )  # fmt: skip
    hidden: float = Field(
        0.0, ge=0, le=100, title="Weight of hidden states",
        description="Lets every block give what that of the trained model gives, as in TinyBERT; slower.",
        json_schema_extra=_NEEDS_EPOCHS,
    )  # fmt: skip

    @property
    def recovery(self) -> Recovery:
        return Recovery(self.epochs, self.learning_rate, self.teacher, hidden=self.hidden)


def recover(model: Any, config: Options, job: CompressJob, callbacks: Any = ()) -> None:
    """Trains the network again, where the options ask for it."""
    if config.epochs and job.train is not None:
        job.rows  # noqa: B018 - tells where there are none
        job.train(model, config.recovery, callbacks)

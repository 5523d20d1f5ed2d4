"""Label smoothing: a little of the probability is wished for all classes (Szegedy et al., 2016, "Rethinking the
Inception architecture", § 7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from tlstudio.core.errors import StudioError
from tlstudio.models.callbacks import Callback, Pass
from tlstudio.models.heads import Head
from tlstudio.regularisation.base import needs_classes
from tlstudio.regularisation.probabilities import log_probabilities, places

if TYPE_CHECKING:
    import torch


class Options(BaseModel):
    """Choices of label smoothing."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    share: float = Field(
        0.1, gt=0, lt=1, title="Share", description="Probability that is spread evenly over all classes."
    )


class LabelSmoothing:
    """Softer targets."""

    NAME = "label-smoothing"
    TITLE = "Label smoothing"
    SUMMARY = "The network need not be quite certain of the labels. Better calibrated, and gentler on wrong labels."
    Config = Options

    def fits(self, task: Any) -> StudioError | None:
        return needs_classes(self.TITLE, task)

    def callback(self, config: Options, head: Head) -> Callback:
        return _Smoothing(config.share, head)


PLUGIN = LabelSmoothing()


class _Smoothing(Callback):
    """(1 − ε) · loss + ε · cross-entropy with the uniform distribution."""

    def __init__(self, share: float, head: Head) -> None:
        self._share, self._head = share, head

    def loss(self, given: Pass, outputs: Any, value: torch.Tensor) -> torch.Tensor:
        scores = places(self._head, outputs, given.labels).float()
        if not len(scores):
            return value
        return (1 - self._share) * value - self._share * log_probabilities(self._head, scores).mean()

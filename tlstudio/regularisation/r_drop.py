"""R-Drop: two passes with other dropout must give the same answer (Liang et al., 2021, "R-Drop: Regularized dropout for
neural networks", eq. 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from tlstudio.core.errors import StudioError
from tlstudio.core.events import log
from tlstudio.models.callbacks import Callback, Loop, Pass
from tlstudio.models.heads import Head
from tlstudio.regularisation.base import needs_classes
from tlstudio.regularisation.probabilities import log_probabilities, places

if TYPE_CHECKING:
    import torch


class Options(BaseModel):
    """Choices of R-Drop."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    weight: float = Field(
        1.0, gt=0, le=100, title="Weight", description="Weight of the divergence of the two answers; the paper: 1 to 5."
    )


class RDrop:
    """Two passes for each batch."""

    NAME = "r-drop"
    TITLE = "R-Drop"
    SUMMARY = (
        "Each batch passes the network twice, and the two answers, which differ by their dropout, are drawn together. "
        "Often a little more accurate, at twice the time."
    )
    Config = Options

    def fits(self, task: Any) -> StudioError | None:
        return needs_classes(self.TITLE, task)

    def callback(self, config: Options, head: Head) -> Callback:
        return _TwoPasses(config.weight, head)


PLUGIN = RDrop()


class _TwoPasses(Callback):
    """(loss₁ + loss₂) / 2 + α · (KL(p₁‖p₂) + KL(p₂‖p₁)) / 4; the paper's eq. 4 halved, so that the rate stays."""

    PASSES = 1.0

    def __init__(self, weight: float, head: Head) -> None:
        self._weight, self._head = weight, head

    def begin(self, loop: Loop) -> None:
        from torch import nn

        drops = (part.p for part in loop.model.modules() if isinstance(part, nn.Dropout))
        if not any(drops):
            log(loop.emit, "regularise.no-dropout", "R-Drop has no effect: the network has no dropout. Set the hidden "
                "dropout of the strategy to 0.1.", "warning")  # fmt: skip

    def loss(self, given: Pass, outputs: Any, value: torch.Tensor) -> torch.Tensor:
        others, second = given.again()
        first = log_probabilities(self._head, places(self._head, outputs, given.labels).float())
        other = log_probabilities(self._head, places(self._head, others, given.labels).float())
        both = (first.exp() - other.exp()) * (first - other)  # the sum of the two divergences
        divergence = both.sum(-1).mean() if both.numel() else value.new_zeros(())
        return 0.5 * (value + second) + 0.25 * self._weight * divergence

"""Mixout: at each step some weights are those of the pretrained network (Lee et al., 2020, "Mixout: Effective
regularization to finetune large-scale pretrained language models", eq. 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from tlstudio.core.errors import StudioError
from tlstudio.models.anatomy import backbone_of, group_name
from tlstudio.models.callbacks import Callback, Loop, Pass
from tlstudio.models.heads import Head

if TYPE_CHECKING:
    import torch


class Options(BaseModel):
    """Choices of mixout."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    probability: float = Field(
        0.5, gt=0, lt=1, title="Probability", description="Chance of each weight to be the pretrained one for a step."
    )


class Mixout:
    """Dropout towards the pretrained weights."""

    NAME = "mixout"
    TITLE = "Mixout"
    SUMMARY = (
        "At each step a random part of the weights is replaced by the pretrained ones. "
        "Makes fine-tuning of large networks on few rows more stable."
    )
    Config = Options

    def fits(self, task: Any) -> StudioError | None:
        return None

    def callback(self, config: Options, head: Head) -> Callback:
        return _Mixing(config.probability)


PLUGIN = Mixout()


class _Mixing(Callback):
    """Weights are mixed before the forward pass and unmixed after the backward pass, so the optimiser sees its own.

    With a mask m (1: pretrained) the forward pass takes w' = (m·w₀ + (1 − m)·w − p·w₀) / (1 − p), whose expectation is
    w; the gradient for w is that for w' times (1 − m) / (1 − p).
    """

    def __init__(self, probability: float) -> None:
        self._probability = probability
        self._mixed: list[tuple[torch.nn.Parameter, torch.Tensor, torch.Tensor]] = []

    def begin(self, loop: Loop) -> None:
        prefix = backbone_of(loop.model)
        # matrices of the backbone: the paper leaves vectors alone, and the head has no pretrained weights
        self._pretrained = [
            (parameter, parameter.detach().clone())
            for name, parameter in loop.model.named_parameters()
            if parameter.requires_grad and parameter.ndim > 1 and group_name(name, prefix)[1] == "block"
        ]

    def step(self, number: int) -> None:
        import torch

        p = self._probability
        for parameter, start in self._pretrained:
            if not parameter.requires_grad:
                continue
            own, kept = parameter.data, torch.rand_like(parameter.data) >= p
            parameter.data = (torch.where(kept, own, start) - p * start) / (1 - p)
            self._mixed.append((parameter, own, kept))

    def backward(self, given: Pass) -> None:
        if given.last:
            self._unmix()

    def _unmix(self) -> None:
        for parameter, own, kept in self._mixed:
            parameter.data = own
            if parameter.grad is not None:
                parameter.grad.mul_(kept).div_(1 - self._probability)
        self._mixed = []

    def end(self) -> None:
        self._unmix()  # a step that was broken off
        self._pretrained = []

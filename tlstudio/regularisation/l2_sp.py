"""L2-SP: weight decay towards the pretrained weights instead of towards zero (Li et al., 2018, "Explicit inductive bias
for transfer learning with convolutional networks", eq. 2)."""

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
    """Choices of L2-SP."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    strength: float = Field(
        0.01,
        gt=0,
        le=100,
        title="Strength",
        description="Weight of half the squared distance to the start.",
    )
    head: float = Field(
        0.01, ge=0, le=100, title="Strength for the head",
        description="Weight of half the squared size of the weights of the head, which was not pretrained.",
    )  # fmt: skip


class L2Sp:
    """A penalty on the distance to the start."""

    NAME = "l2-sp"
    TITLE = "L2-SP"
    SUMMARY = "Pulls the weights back to the pretrained ones. Helps with few rows, where fine-tuning forgets too much."
    Config = Options

    def fits(self, task: Any) -> StudioError | None:
        return None

    def callback(self, config: Options, head: Head) -> Callback:
        return _Penalty(config)


PLUGIN = L2Sp()


class _Penalty(Callback):
    def __init__(self, config: Options) -> None:
        self._config = config

    def begin(self, loop: Loop) -> None:
        import torch

        prefix = backbone_of(loop.model)
        self._pairs: list[tuple[torch.nn.Parameter, torch.Tensor, float]] = []
        for name, parameter in loop.model.named_parameters():
            if not parameter.requires_grad:
                continue
            if group_name(name, prefix)[1] == "head":
                self._pairs.append((parameter, torch.zeros((), device=parameter.device), self._config.head))
            else:
                self._pairs.append((parameter, parameter.detach().clone(), self._config.strength))

    def loss(self, given: Pass, outputs: Any, value: torch.Tensor) -> torch.Tensor:
        for parameter, start, strength in self._pairs:
            if parameter.requires_grad and strength:
                value = value + 0.5 * strength * (parameter - start).square().sum()
        return value

    def end(self) -> None:
        self._pairs = []

"""Which layer groups train, at which rate, from when: stated once, drawn in the window, done in training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from tlstudio.models.anatomy import LayerGroup, is_bias, is_norm, parameter_groups
from tlstudio.models.callbacks import Callback, Loop

if TYPE_CHECKING:
    import torch

Part = Literal["all", "biases", "norms", "adapters"]
PHASE = "strategy.phase"  # the code of the log that says what opens


@dataclass(frozen=True)
class GroupPlan:
    """How a layer group takes part in training.

    Attributes:
        rate: factor on the learning rate; 0 where the group stays as it is.
        opens: epoch, counted from 0, from which it trains.
        part: which of its parameters train.
        rank: of the adapters, where these train; 0 where they have none.
    """

    rate: float = 1.0
    opens: float = 0.0
    part: Part = "all"
    rank: int = 0

    @property
    def trains(self) -> bool:
        return self.rate > 0

    def trained(self, group: LayerGroup) -> int:
        """How many parameters of a group train, or beside it."""
        counts = {"all": group.parameters, "biases": group.biases, "norms": group.norms}
        return counts.get(self.part, self.rank * group.sides) if self.trains else 0


TRAINS, FROZEN = GroupPlan(), GroupPlan(0.0)


def depths(groups: Sequence[LayerGroup]) -> list[int]:
    """How far each group is from the output: 0 for the head, 1 for the uppermost block … embeddings are deepest.

    Pooler and final layers go with the head that reads them. Of a network without one they go with the uppermost block,
    from which it is then counted.
    """
    blocks = [group.name for group in groups if _is_block(group)]
    top = int(any(group.kind == "head" for group in groups))

    def depth(group: LayerGroup) -> int:
        if _is_block(group):
            return len(blocks) - 1 - blocks.index(group.name) + top
        return len(blocks) + top if group.kind == "embeddings" else 0

    return [depth(group) for group in groups]


def _is_block(group: LayerGroup) -> bool:
    return group.kind == "block" and group.name.startswith("block ")


def apply(model: torch.nn.Module, groups: Sequence[GroupPlan]) -> tuple[dict[str, float], tuple[Callback, ...]]:
    """Freezes what the plan freezes; gives the rates by parameter name, and what opens groups later.

    Args:
        model: with the layer groups that the plan was made for.
        groups: plan of each layer group, in the order of the network.
    """
    found = parameter_groups(model)
    parameters = dict(model.named_parameters())
    rates: dict[str, float] = {}
    opens: dict[str, float] = {}
    for (_kind, names), plan in zip(found.values(), groups, strict=True):
        for name in names:
            trains = plan.trains and belongs(name, plan.part)
            parameters[name].requires_grad_(trains)
            if trains:
                rates[name] = plan.rate
                opens[name] = plan.opens
    timeline = (Timeline(opens),) if any(epoch > 0 for epoch in opens.values()) else ()
    return rates, timeline


def belongs(parameter: str, part: Part) -> bool:
    """Whether a parameter is of the part of its group that trains."""
    if part == "biases":
        return is_bias(parameter)
    if part == "norms":
        return is_norm(parameter)
    return True


class Timeline(Callback):
    """Opens parameters at stated epochs.

    Args:
        opens: epoch, counted from 0, by parameter name.
    """

    def __init__(self, opens: dict[str, float]) -> None:
        self._opens = opens

    def begin(self, loop: Loop) -> None:
        self._parameters = dict(loop.model.named_parameters())
        self._steps_per_epoch = loop.steps / loop.epochs
        self._at(0)

    def step(self, number: int) -> None:
        self._at(number)

    def _at(self, step: int) -> None:
        epoch = step / self._steps_per_epoch
        for name, opens in self._opens.items():
            self._parameters[name].requires_grad_(epoch >= opens - 1e-9)

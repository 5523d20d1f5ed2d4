"""Gradual unfreezing: the head trains first, and block after block joins it from the top (Howard & Ruder, 2018, ULMFiT,
§ 3.3), at rates that fall towards the input and along a slanted triangle over time (§ 3.2, eq. 3)."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any, Literal

from pydantic import Field

from tlstudio.core.errors import StudioError
from tlstudio.core.events import Emit, log
from tlstudio.models.anatomy import LayerGroup, layer_groups, parameter_groups
from tlstudio.models.callbacks import Callback, Loop
from tlstudio.models.transfer import Transfer
from tlstudio.strategies import through
from tlstudio.strategies.base import Defaults, TransferJob
from tlstudio.strategies.plans import PHASE, GroupPlan, depths

_OPEN_BY = 0.5  # share of the training by which everything trains, unless the user says otherwise


class Options(through.Options):
    """Choices of gradual unfreezing."""

    by: Literal["epoch", "plateau"] = Field(
        "epoch",
        title="Open by",
        description="At stated epochs; or whenever the validation loss has not fallen since the last look.",
    )
    opens: tuple[float, ...] = Field(
        (),
        title="Timeline",
        description="Epoch at which each block opens, from the uppermost to the embeddings; empty spreads them over "
        "the first half of the training.",
    )
    layer_decay: float = Field(
        0.85,
        gt=0,
        le=1,
        title="Layer-wise rate decay",
        description="Each block trains at this share of the rate of the block above it; the paper takes 1 / 2.6.",
    )


class GradualUnfreezing:
    """All parameters train in the end, the lower ones later and more gently."""

    NAME = "gradual-unfreezing"
    ONCE = False
    FAMILY = "network"
    TITLE = "Gradual unfreezing"
    SUMMARY = (
        "The head learns first; then block after block joins in, from the top down, at smaller and smaller rates. "
        "Keeps more of what the backbone knows, which helps with few rows."
    )
    REHEARSES = True
    Config = Options

    def fits(self, task: Any) -> StudioError | None:
        return None

    def defaults(self, config: Options, rows: int, width: int = 768) -> Defaults:
        few = through.usual(rows, 1e-4 if width >= through.WIDE else 2e-4, schedule="slanted-triangular")
        # a block that has just opened needs an epoch to show what it brings
        return Defaults(few.epochs + 2, few.batch_size, few.learning_rate, patience=3, schedule=few.schedule)

    def plan(self, config: Options, groups: list[LayerGroup], epochs: float) -> list[GroupPlan]:
        found = depths(groups)
        deepest = max(found, default=0)
        spread = [_OPEN_BY * epochs * depth / max(deepest, 1) for depth in range(deepest + 1)]
        opens = [0.0, *config.opens, *spread[len(config.opens) + 1 :]]
        return [GroupPlan(config.layer_decay**depth, opens[depth]) for depth in found]

    def prepare(self, config: Options, job: TransferJob) -> Transfer:
        model, restore = through.build(config, job)
        prepared = through.transfer(job, model, restore, partial(self.plan, config))
        if config.by == "epoch":
            return prepared
        names = parameter_groups(model)
        groups = layer_groups(model)
        found = depths(groups)
        steps: list[list[str]] = [[] for _ in range(max(found) + 1)]
        for group, depth in zip(groups, found, strict=True):
            steps[depth] += names[group.name][1]
        return replace(prepared, callbacks=(Plateau(steps),))


PLUGIN = GradualUnfreezing()


class Plateau(Callback):
    """Opens the next parameters whenever the validation loss has not fallen.

    Args:
        steps: names of the parameters that open together, the first ones at once.
    """

    def __init__(self, steps: list[list[str]]) -> None:
        self._steps, self._open, self._lowest = steps, 1, float("inf")

    def begin(self, loop: Loop) -> None:
        self._emit: Emit = loop.emit
        self._parameters = dict(loop.model.named_parameters())
        self._apply()

    def evaluated(self, values: dict[str, float]) -> None:
        fell = values["loss"] < self._lowest
        self._lowest = min(self._lowest, values["loss"])
        if fell or self._open >= len(self._steps):
            return
        self._open += 1
        self._apply()
        log(self._emit, PHASE, "The validation loss has not fallen: {count} of {all} parts of the network train now.",
            count=self._open, all=len(self._steps))  # fmt: skip

    def _apply(self) -> None:
        for number, names in enumerate(self._steps):
            for name in names:
                self._parameters[name].requires_grad_(number < self._open)

    def state(self) -> dict[str, Any]:
        import torch

        return {"open": torch.tensor(self._open), "lowest": torch.tensor(self._lowest, dtype=torch.float64)}

    def restore(self, state: dict[str, Any]) -> None:
        self._open, self._lowest = int(state["open"]), float(state["lowest"])
        self._apply()

"""Full fine-tuning: every parameter of backbone and head is trained (Devlin et al., 2019, BERT, § 3.2).

With layer-wise decay the learning rate falls from block to block towards the input (Clark et al., 2020, ELECTRA,
appendix B; "discriminative fine-tuning" of Howard & Ruder, 2018). The uppermost blocks may begin with random weights
(Zhang et al., 2021, "Revisiting few-sample BERT fine-tuning", § 5).
"""

from __future__ import annotations

from functools import partial
from typing import Any

from pydantic import Field

from tlstudio.core.errors import StudioError
from tlstudio.models.anatomy import LayerGroup, layer_groups, parameter_groups
from tlstudio.models.fresh import reinitialise
from tlstudio.models.transfer import Transfer
from tlstudio.strategies import through
from tlstudio.strategies.base import Defaults, TransferJob
from tlstudio.strategies.plans import GroupPlan, depths


class Options(through.Options):
    """Choices of full fine-tuning."""

    layer_decay: float = Field(
        1.0,
        gt=0,
        le=1,
        title="Layer-wise rate decay",
        description="Each block trains at this share of the rate of the block above it; 1 trains all at one rate.",
    )
    head_rate: float = Field(
        1.0, gt=0, le=100, title="Rate of the head", description="How many times the learning rate the head trains at."
    )
    reinitialise: int = Field(
        0,
        ge=0,
        le=24,
        title="Blocks to re-initialise",
        description="So many of the uppermost blocks start from random weights: they know most about pretraining, "
        "and least about your task.",
    )


class FullFineTuning:
    """All parameters train."""

    NAME = "full-fine-tuning"
    ONCE = False
    FAMILY = "network"
    TITLE = "Full fine-tuning"
    SUMMARY = "Every layer is trained. The most accurate choice when there are a few hundred labelled rows or more."
    REHEARSES = True
    Config = Options

    def fits(self, task: Any) -> StudioError | None:
        return None

    def defaults(self, config: Options, rows: int, width: int = 768) -> Defaults:
        # narrow backbones want a higher rate: Turc et al., 2019, "Well-read students learn better", search up to 3e-4
        return through.usual(rows, 5e-5 if width >= through.WIDE else 1e-4)

    def plan(self, config: Options, groups: list[LayerGroup], epochs: float) -> list[GroupPlan]:
        return [
            GroupPlan(config.head_rate if group.kind == "head" else config.layer_decay**depth)
            for group, depth in zip(groups, depths(groups), strict=True)
        ]

    def prepare(self, config: Options, job: TransferJob) -> Transfer:
        model, restore = through.build(config, job)
        if config.reinitialise:
            _reinitialise(model, config.reinitialise)
        return through.transfer(job, model, restore, partial(self.plan, config))


PLUGIN = FullFineTuning()


def _reinitialise(model: Any, blocks: int) -> None:
    """Random weights in the uppermost blocks, and in the pooler, which reads them.

    Raises:
        StudioError: the network has not so many blocks.
    """
    groups = layer_groups(model)
    found = dict(zip((group.name for group in groups), depths(groups), strict=True))
    if blocks > (most := sum(name.startswith("block ") for name in found)):
        raise StudioError(
            "strategy.blocks", "The network has {most} blocks; {count} cannot be re-initialised.",
            "Lower strategy.reinitialise.", where="strategy.reinitialise", most=most, count=blocks,
        )  # fmt: skip
    chosen = [name for name, depth in found.items() if 0 < depth <= blocks or name == "pooler"]
    names = parameter_groups(model)
    reinitialise(model, [parameter for name in chosen for parameter in names[name][1]])

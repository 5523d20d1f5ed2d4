"""Partial fine-tuning: only some parameters train, the others stay pretrained.

The upper blocks (Lee et al., 2019, "What would Elsa do?"), only the biases (Ben Zaken et al., 2022, BitFit), or only
the layer norms (Frankle et al., 2021; Qi et al., 2022, LN-tuning); the head always trains.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any, Literal

from pydantic import Field

from tlstudio.core.errors import StudioError
from tlstudio.models.anatomy import LayerGroup
from tlstudio.models.transfer import Transfer
from tlstudio.strategies import through
from tlstudio.strategies.base import Defaults, TransferJob
from tlstudio.strategies.plans import FROZEN, TRAINS, GroupPlan, depths


class Options(through.Options):
    """Choices of partial fine-tuning."""

    trains: Literal["upper-blocks", "biases", "norms", "selection"] = Field(
        "upper-blocks",
        title="What trains",
        description="The uppermost blocks; only the biases of all layers (BitFit); only the layer norms; or the blocks "
        "that you click in the drawing.",
    )
    blocks: int = Field(
        1,
        ge=0,
        le=100,
        title="Upper blocks",
        description="How many blocks below the head train; others are frozen.",
        json_schema_extra={"only": {"trains": ["upper-blocks"]}},
    )
    selection: tuple[str, ...] = Field(
        (), title="Selection", description="Names of the layer groups that train, such as 'block 6'."
    )


class Partial:
    """The head and a chosen part of the backbone train."""

    NAME = "partial"
    ONCE = False
    FAMILY = "network"
    TITLE = "Partial fine-tuning"
    SUMMARY = (
        "Only the last blocks, only biases, only layer norms, or the blocks that you click are trained. "
        "Faster than full fine-tuning, and less prone to overfit few rows."
    )
    REHEARSES = True
    Config = Options

    def fits(self, task: Any) -> StudioError | None:
        return None

    def defaults(self, config: Options, rows: int, width: int = 768) -> Defaults:
        if config.trains in ("biases", "norms"):  # few and small: on R8, 1e-3 (BitFit, table 9) hardly moves them
            usual = through.usual(rows, 1e-2)
            return replace(usual, epochs=2 * usual.epochs)
        return through.usual(rows, 1e-4 if width >= through.WIDE else 2e-4)

    def plan(self, config: Options, groups: list[LayerGroup], epochs: float) -> list[GroupPlan]:
        if config.trains in ("biases", "norms"):
            part = GroupPlan(part=config.trains)
            return [TRAINS if group.kind == "head" else part for group in groups]
        if config.trains == "selection":
            return [TRAINS if group.kind == "head" or group.name in config.selection else FROZEN for group in groups]
        head = any(group.kind == "head" for group in groups)
        limit = max(config.blocks + head, 1)  # a network without a head has at least its uppermost block to train
        return [TRAINS if depth < limit else FROZEN for depth in depths(groups)]

    def prepare(self, config: Options, job: TransferJob) -> Transfer:
        model, restore = through.build(config, job)
        return through.transfer(job, model, restore, partial(self.plan, config))


PLUGIN = Partial()

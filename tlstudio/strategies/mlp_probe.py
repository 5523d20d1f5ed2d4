"""MLP probe: a small network of its own reads the features of a frozen backbone, from one layer or a mix of all.

Sources: Peters et al., 2018, "Deep contextualized word representations" (ELMo): learned weights of all layers; Yang et
al., 2016, "Hierarchical attention networks": tokens weighted by a learned query; hidden layers as a probe, Tenney et
al., 2019, "What do you learn from context?". The head is described in :mod:`tlstudio.models.parts`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from tlstudio.core.errors import StudioError
from tlstudio.models.anatomy import LayerGroup
from tlstudio.models.transfer import Transfer
from tlstudio.strategies import readings
from tlstudio.strategies.base import Defaults, TransferJob
from tlstudio.strategies.plans import FROZEN, TRAINS, GroupPlan

if TYPE_CHECKING:
    import torch


class Options(BaseModel):
    """Choices of the MLP probe."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    hidden: int = Field(
        256, ge=0, le=8192, title="Hidden width", description="Neurons of each hidden layer; 0 gives a linear head."
    )
    depth: int = Field(1, ge=1, le=4, title="Hidden layers", description="How many hidden layers the head has.")
    dropout: float = Field(
        0.1, ge=0, lt=1, title="Head dropout", description="Share of the features that the head must do without."
    )
    pooling: readings.Pooling = Field(
        "auto",
        title="Pooling",
        description="How tokens become one vector: mean, maximum, the first or the last of them, or attention, which "
        "learns which tokens matter and reads the data in each epoch. Auto takes the mean.",
    )
    layers: Literal["one", "mix"] = Field(
        "one",
        title="Layers",
        description="One reads a single layer; mix learns how much each layer counts.",
    )
    layer: int = Field(
        0,
        ge=0,
        le=200,
        title="Read after block",
        description="0 reads up to the last block; the blocks above the chosen one are left out of the model.",
    )


class MlpProbe:
    """Hidden layers and scores on features; the backbone is frozen."""

    NAME = "mlp-probe"
    ONCE = True
    FAMILY = "features"
    TITLE = "MLP probe"
    SUMMARY = (
        "The backbone stays as it is; a small network of hidden layers learns on its features, of one layer or of a "
        "learned mix of all. Finds what a linear probe cannot, still within seconds or minutes."
    )
    REHEARSES = False
    Config = Options

    def fits(self, task: Any) -> StudioError | None:
        return readings.fits(task, self.TITLE)

    def defaults(self, config: Options, rows: int, width: int = 768) -> Defaults:
        return Defaults(epochs=60, batch_size=32, learning_rate=1e-3, patience=10)

    def plan(self, config: Options, groups: list[LayerGroup], epochs: float) -> list[GroupPlan]:
        return [TRAINS if group.kind == "head" else FROZEN for group in groups]

    def prepare(self, config: Options, job: TransferJob) -> Transfer:
        from tlstudio.models import parts

        reader = readings.reader(job, config.pooling, config.layer, config.layers == "mix")
        model = parts.add(reader.model, {
            "part": "reading", "width": reader.width, "layers": reader.layers, "pooling": reader.pooling,
            "hidden": config.hidden, "depth": config.depth, "classes": readings.classes(job), "dropout": config.dropout,
        }).to(job.device)  # fmt: skip

        def finish() -> torch.nn.Module:
            reader.restore()
            trained: torch.nn.Module = model.requires_grad_(True)
            return trained

        train = readings.through if reader.pooling == "attention" else readings.on_features
        return train(reader, job, finish)


PLUGIN = MlpProbe()

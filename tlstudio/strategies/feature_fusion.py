"""Feature fusion: one head reads the features of two backbones.

Two pretrained networks, or a pretrained one and one that was trained on the target data, know different things of a
row (Peters et al., 2018, "Deep contextualized word representations", concatenate pretrained features with those that
are learnt on the task; Neelakantan & Chang, 2015, and Yin & Schütze, 2016, "Learning word meta-embeddings", join
several pretrained ones). Sum, product (Hadamard) and concatenation are those of Mou et al., 2016, "Natural language
inference by tree-based convolution and heuristic matching", § 3.3; the learned matrix from one feature space into the
other is that of Mikolov et al., 2013, "Exploiting similarities among languages for machine translation", eq. 1, here
trained with the task; the gate is the gated multimodal unit of Arevalo et al., 2017, "Gated multimodal units for
information fusion", § 3.1. The network is described in :mod:`tlstudio.models.parts`.
"""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from tlstudio.core.errors import StudioError
from tlstudio.core.events import log
from tlstudio.core.recipe import Recipe
from tlstudio.models.anatomy import LayerGroup
from tlstudio.models.transfer import Transfer
from tlstudio.strategies import features, linear_probe, readings, second, through
from tlstudio.strategies.base import Defaults, TransferJob
from tlstudio.strategies.plans import FROZEN, TRAINS, GroupPlan
from tlstudio.strategies.second import Second

if TYPE_CHECKING:
    import torch

_NO_NEED = ("id2label", "label2id", "problem_type", "architectures", "transformers_version", "dtype", "_name_or_path")


class Options(through.Options):
    """Choices of the fusion."""

    second: str = Field(
        "",
        title="Second backbone",
        description="An earlier run, by name or folder; a model folder; or the name of a model that was downloaded.",
        json_schema_extra={"run": True, "folder": True},
    )
    how: Literal["sum", "product", "concatenation", "matrix", "gate"] = Field(
        "concatenation",
        title="Fusion",
        description="Side by side (concatenation) keeps everything. Sum and product join the features one by one; "
        "a learned matrix turns those of the second backbone into the space of the first, and adds them; gated "
        "attention learns for each row which of the two to trust.",
    )
    trains: Literal["head", "first-backbone", "both-backbones"] = Field(
        "head",
        title="What trains",
        description="The head alone, on features that are read once, in seconds; or the first backbone with it; or "
        "both backbones.",
    )
    pooling: Literal["auto", "mean", "max", "first", "last"] = Field(
        "auto", title="Pooling", description="How tokens become one vector; auto takes the mean."
    )
    hidden: int = Field(
        256, ge=0, le=8192, title="Hidden width", description="Neurons of the head's hidden layer; 0 for none."
    )
    dropout: float = Field(
        0.1, ge=0, lt=1, title="Head dropout", description="Share of the features that the head must do without."
    )
    head_rate: float = Field(
        10.0,
        gt=0,
        le=1000,
        title="Rate of the head",
        description="How many times the learning rate the head trains at, where backbones train with it.",
    )

    @property
    def once(self) -> bool:
        """Whether the backbones see the rows only once."""
        return self.trains == "head"


class FeatureFusion:
    """Two backbones under one head."""

    NAME = "feature-fusion"
    ONCE = False
    FAMILY = "features"
    TITLE = "Feature fusion"
    SUMMARY = (
        "One head reads the features of two backbones, such as a pretrained one and one that you trained on your data; "
        "the result is one model. Worth it where the two know different things, at the cost of running both."
    )
    REHEARSES = True
    Config = Options

    def fits(self, task: Any) -> StudioError | None:
        return readings.fits(task, self.TITLE)

    def lacks(self, config: Options, recipe: Recipe) -> StudioError | None:
        """What a recipe must have beside valid options."""
        return None if config.second else second.none_chosen()

    def defaults(self, config: Options, rows: int, width: int = 768) -> Defaults:
        if config.once:
            return Defaults(epochs=60, batch_size=32, learning_rate=1e-3, patience=10)
        return through.usual(rows, 5e-5 if width >= through.WIDE else 1e-4)

    def plan(self, config: Options, groups: list[LayerGroup], epochs: float) -> list[GroupPlan]:
        return [_part(config, group) for group in groups]

    def prepare(self, config: Options, job: TransferJob) -> Transfer:
        from tlstudio.models import parts

        found = second.find(config.second, job)
        dropouts = (config.attention_dropout, config.hidden_dropout)
        first = readings.reader(found.first, config.pooling, 0, False, dropouts)
        other = readings.reader(found.job, config.pooling, 0, False, dropouts)
        other.restore()  # its config becomes part of the model; the dropout of its modules stays
        model = parts.add(first.model, {
            "part": "fusion", "auto": job.head.auto, "config": _plain(other.model.config), "how": config.how,
            "widths": [first.width, other.width], "pooling": first.pooling, "apart": found.apart,
            "hidden": config.hidden, "classes": readings.classes(job), "dropout": config.dropout,
        })  # fmt: skip
        backbone = other.model.base_model
        setattr(model, parts.SECOND, backbone)
        log(job.emit, "strategy.second", "The second backbone has {others} million parameters and features of width "
            "{width}.", others=round(sum(one.numel() for one in backbone.parameters()) / 1e6, 1),
            width=other.width)  # fmt: skip
        model.to(job.device)
        if config.once:
            return _on_features(first, other, found)
        return _through(config, found, model, first)


PLUGIN = FeatureFusion()


def _part(config: Options, group: LayerGroup) -> GroupPlan:
    if group.kind == "head":
        return TRAINS if config.once else GroupPlan(config.head_rate)
    if group.name == "pooler":  # the hidden states below it are read
        return FROZEN
    if group.name == "second backbone":
        return TRAINS if config.trains == "both-backbones" else FROZEN
    return FROZEN if config.once else TRAINS


def _plain(config: Any) -> dict[str, Any]:
    """A config as it is kept among the options of a part."""
    found: dict[str, Any] = json.loads(config.to_json_string(use_diff=True))
    return {name: value for name, value in found.items() if name not in _NO_NEED}


def _on_features(first: readings.Reader, other: readings.Reader, found: Second) -> Transfer:
    """The training of the head alone, on features of both backbones that are read once."""
    import torch

    fused, widths = first.model.fused, [first.width, other.width]

    class OnFeatures(torch.nn.Module):
        """The head, reading features of both side by side, [B, …, H + G]."""

        def __init__(self) -> None:
            super().__init__()
            self.fused = fused

        def forward(self, given: torch.Tensor) -> torch.Tensor:
            scores: torch.Tensor = self.fused(*given.split(widths, -1))
            return scores

    def finish() -> torch.nn.Module:
        first.restore()
        trained: torch.nn.Module = first.model.requires_grad_(True)
        return trained

    rows = second.features_of_both(first, other, found)
    job = found.first
    collate = partial(linear_probe.collated, name="features", several=job.head.per_token)
    model = features.head_only(OnFeatures(), job.head, first.model.config)
    return Transfer(model, rows["train"], rows.get("validation", ()), collate, finish, encoded=found.encoded)


def _through(config: Options, found: Second, model: Any, first: readings.Reader) -> Transfer:
    """The training of the head with one or both backbones below it."""
    from tlstudio.models import parts

    prepared = through.transfer(found.whole, model, first.restore, partial(PLUGIN.plan, config))
    backbone = getattr(model, parts.SECOND)
    if config.trains == "first-backbone":
        # a network that does not train must not drop anything, nor move the averages of its norms
        backbone.eval().train = lambda _mode=True: backbone

    def finish() -> torch.nn.Module:
        backbone.__dict__.pop("train", None)
        return prepared.finish()

    return replace(prepared, finish=finish, encoded=found.encoded)

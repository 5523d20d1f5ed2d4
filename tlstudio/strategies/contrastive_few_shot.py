"""Few-shot by contrast: the encoder learns which rows have the same label, then a head on its frozen features.

SetFit (Tunstall et al., 2022, "Efficient few-shot learning without prompts"): pairs of rows, drawn from the labels, are
far more than the rows; the cosine of their embeddings is drawn to 1 for the same label and to 0 for others (§ 3).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field

from tlstudio.core.errors import StudioError
from tlstudio.models.anatomy import LayerGroup
from tlstudio.models.heads import pooled
from tlstudio.models.transfer import Transfer
from tlstudio.strategies import linear_probe
from tlstudio.strategies.base import Defaults, TransferJob
from tlstudio.strategies.plans import FROZEN, TRAINS, GroupPlan
from tlstudio.tasks.base import Batch, Row

if TYPE_CHECKING:
    import torch

_BATCH = 16  # pairs
_MOST = 20_000  # pairs in all: with many rows the labels alone teach enough


class Options(BaseModel):
    """Choices of contrastive few-shot learning."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    pairs: int = Field(
        20, ge=1, le=1000, title="Pairs for each row", description="Half with the same label, half with another one."
    )
    encoder_rate: float = Field(
        5e-5, gt=0, le=1, title="Rate of the encoder", description="Learning rate while the encoder learns from pairs."
    )


class ContrastiveFewShot:
    """The encoder learns from pairs, then the head from rows."""

    NAME = "contrastive-few-shot"
    ONCE = False
    FAMILY = "features"
    TITLE = "Contrastive few-shot"
    SUMMARY = (
        "The encoder first learns which rows belong together, then a head is trained on its features (SetFit). "
        "For 4 to 64 labelled rows a class, where fine-tuning has too little to learn from."
    )
    REHEARSES = True
    Config = Options

    def fits(self, task: Any) -> StudioError | None:
        if task.HEAD.probe == "pooled" and task.HEAD.kind == "classes":
            return None
        return StudioError(
            "strategy.no-pairs", "'{strategy}' draws pairs from the labels of texts, and the task {task} has none.",
            "Choose another strategy, such as full fine-tuning.", where="strategy.name", strategy=self.TITLE,
            task=task.TITLE,
        )  # fmt: skip

    def defaults(self, config: Options, rows: int, width: int = 768) -> Defaults:
        return linear_probe.PLUGIN.defaults(linear_probe.Options(), rows, width)

    def plan(self, config: Options, groups: list[LayerGroup], epochs: float) -> list[GroupPlan]:
        return [FROZEN if group.name == "pooler" else TRAINS for group in groups]

    def prepare(self, config: Options, job: TransferJob) -> Transfer:
        model: Any = job.build()
        pooling = "last" if hasattr(model, "score") else "mean"

        def head_on_features() -> Transfer:
            # the features of these weights are those of no other run, so none are found in the cache
            after = replace(job, build=lambda **_overrides: model, backbone_key=f"{job.backbone_key}|{uuid4().hex}")
            head = linear_probe.PLUGIN.prepare(linear_probe.Options(), after)
            return replace(head, settings={"precision": "fp32", "accumulate": 1})

        return Transfer(
            model=embedder(model, pooling).to(job.device),
            train=Pairs(job.encoded.splits["train"], config.pairs),
            validation=(),
            collate=lambda rows: _collate(rows, job),
            finish=lambda: model,
            loss=closeness,
            settings={
                "epochs": 1,
                "batch_size": _BATCH,
                "learning_rate": config.encoder_rate,
                "schedule": "linear",
            },
            then=head_on_features,
        )


PLUGIN = ContrastiveFewShot()


class Pairs(Sequence[dict[str, Any]]):
    """Pairs of rows, in turn with the same label and with another one.

    Args:
        rows: encoded training rows with ``labels``.
        each: pairs for each row.
    """

    def __init__(self, rows: Any, each: int) -> None:
        import numpy as np

        labels = np.asarray(rows["labels"])
        draw = np.random.default_rng(0)
        count = min(each * len(labels), max(_MOST, len(labels)))
        first = np.resize(np.arange(len(labels)), count)
        self._rows = rows
        self._pairs: list[tuple[int, int, float]] = []
        places = {label: np.flatnonzero(labels == label) for label in np.unique(labels)}
        for number, at in enumerate(first.tolist()):
            same = places[labels[at]]
            alike = (number // len(labels)) % 2 == 0 and len(same) > 1
            others = same[same != at] if alike else np.flatnonzero(labels != labels[at])
            if len(others):
                self._pairs.append((at, int(draw.choice(others)), float(alike)))

    def __len__(self) -> int:
        return len(self._pairs)

    def __getitem__(self, index: Any) -> Any:
        first, second, alike = self._pairs[index]
        return {"first": self._rows[first], "second": self._rows[second], "alike": alike}


def embedder(model: Any, pooling: str) -> torch.nn.Module:
    """A model that answers with one unit vector a row."""
    import torch

    class Embedder(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.backbone, self.config = model.base_model, model.config

        def forward(self, **inputs: torch.Tensor) -> SimpleNamespace:
            hidden = self.backbone(**inputs).last_hidden_state
            return SimpleNamespace(vectors=pooled(hidden, inputs["attention_mask"], pooling))

    return Embedder()


def closeness(outputs: Any, labels: torch.Tensor, **_options: Any) -> torch.Tensor:
    """Mean squared error of the cosine of each pair (SetFit, § 3.1). The vectors [2B, H] are those of the first rows,
    then those of the second; labels [B] are 1 for pairs that belong together."""
    first, second = outputs.vectors.float().chunk(2)
    return ((first * second).sum(-1) - labels).square().mean()


def _collate(rows: Sequence[Row], job: TransferJob) -> Batch:
    import torch

    batch = job.collate([row["first"] for row in rows] + [row["second"] for row in rows])
    batch.pop("row_weights", None)
    return {**batch, "labels": torch.tensor([row["alike"] for row in rows])}

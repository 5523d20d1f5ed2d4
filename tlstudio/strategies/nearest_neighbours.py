"""k-NN on features: a row is answered as the training rows whose features are nearest; nothing is trained.

Sources: Cover & Hart, 1967, "Nearest neighbor pattern classification"; weighted votes as in Wu et al., 2018,
"Unsupervised feature learning via non-parametric instance discrimination", § 3.4, the usual k-NN evaluation of
self-supervised backbones (Caron et al., 2021, DINO). The training rows' features are the head, see
:mod:`tlstudio.models.parts`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from tlstudio.core.errors import StudioError
from tlstudio.core.events import log
from tlstudio.models.anatomy import LayerGroup
from tlstudio.models.transfer import Transfer
from tlstudio.strategies import features, readings
from tlstudio.strategies.base import MADE, NO_EPOCHS, Defaults, TransferJob
from tlstudio.strategies.plans import FROZEN, GroupPlan

if TYPE_CHECKING:
    import numpy as np
    import torch

_SEED = 7  # of the choice among too many rows


class Options(BaseModel):
    """Choices of k-NN."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    k: int = Field(20, ge=1, le=1000, title="Neighbours", description="How many of the nearest rows vote.")
    temperature: float = Field(
        0.07,
        gt=0,
        le=10,
        title="Temperature",
        description="How fast a vote loses weight with the distance; large values let all neighbours count alike.",
    )
    pooling: Literal["auto", "mean", "max", "first", "last"] = Field(
        "auto", title="Pooling", description="How tokens become one vector; auto takes the mean."
    )
    layer: int = Field(
        0,
        ge=0,
        le=200,
        title="Read after block",
        description="0 reads up to the last block; the blocks above the chosen one are left out of the model.",
    )
    rows: int = Field(
        20_000,
        ge=10,
        le=1_000_000,
        title="Rows remembered",
        description="Features of at most so many training rows, drawn at random, are part of the model.",
    )


class NearestNeighbours:
    """The head is the features of the training rows."""

    NAME = "nearest-neighbours"
    ONCE = True
    FAMILY = "features"
    TITLE = "k-nearest neighbours"
    SUMMARY = (
        "A new row gets the answer of the training rows that are most similar to it in the features of the backbone; "
        "nothing is trained. An answer in seconds, and each one can be traced to rows."
    )
    REHEARSES = False
    Config = Options

    def fits(self, task: Any) -> StudioError | None:
        if not task.HEAD.per_token:
            return readings.fits(task, self.TITLE)
        return StudioError(
            "strategy.no-neighbours", "'{strategy}' compares whole rows, and the task {task} answers each token.",
            "Choose another strategy, such as linear probe.", where="strategy.name", strategy=self.TITLE,
            task=task.TITLE,
        )  # fmt: skip

    def defaults(self, config: Options, rows: int, width: int = 768) -> Defaults:
        return MADE

    def plan(self, config: Options, groups: list[LayerGroup], epochs: float) -> list[GroupPlan]:
        return [FROZEN] * len(groups)

    def prepare(self, config: Options, job: TransferJob) -> Transfer:
        from tlstudio.models import parts

        reader = readings.reader(job, config.pooling, config.layer, False)
        keys, values = remembered(readings.rows(reader, job, "train"), job, config.rows)
        model = parts.add(reader.model, {
            "part": "neighbours", "rows": len(keys), "width": reader.width, "classes": values.shape[1], "k": config.k,
            "temperature": config.temperature, "kind": job.head.kind, "pooling": reader.pooling,
        })  # fmt: skip
        _fill(model.reading, keys, values)
        splits = job.encoded.splits

        def finish() -> torch.nn.Module:
            reader.restore()
            done: torch.nn.Module = model
            return done

        return Transfer(
            model=model.to(job.device),
            train=splits["train"],
            validation=splits.get("validation", ()),
            collate=job.collate,
            finish=finish,
            settings=NO_EPOCHS,
        )


PLUGIN = NearestNeighbours()


def remembered(rows: features.FeatureRows, job: TransferJob, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Features of unit length [N, H] and answers [N, C] of training rows, at most so many."""
    import numpy as np

    places = np.arange(len(rows))
    if len(rows) > most:
        places = np.sort(np.random.default_rng(_SEED).choice(len(rows), most, replace=False))
        log(job.emit, "strategy.neighbours-drawn", "{count} of {rows} training rows were drawn to be remembered.",
            count=most, rows=len(rows))  # fmt: skip
    found = [rows[int(place)] for place in places]
    keys = np.stack([np.asarray(row["features"], np.float32) for row in found])
    keys /= np.maximum(np.linalg.norm(keys, axis=1, keepdims=True), 1e-12)
    return keys, _answers([row["labels"] for row in found], readings.classes(job), job.head.kind)


def _answers(labels: list[Any], classes: int, kind: str) -> np.ndarray:
    import numpy as np

    if kind != "classes":
        return np.asarray(labels, np.float32).reshape(len(labels), -1)
    return np.eye(classes, dtype=np.float32)[np.asarray(labels, np.int64)]


def _fill(head: Any, keys: np.ndarray, values: np.ndarray) -> None:
    import torch

    with torch.no_grad():
        head.keys.copy_(torch.from_numpy(keys))
        head.values.copy_(torch.from_numpy(values))
        if head.unit is not None:
            head.unit.weight.fill_(1.0)
            head.unit.bias.zero_()

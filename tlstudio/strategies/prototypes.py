"""Prototypes: a row belongs to the class whose mean feature is nearest; nothing is trained.

Prototypical networks (Snell et al., 2017, § 2.2) without their episodes. The squared distance to a mean is linear in
the feature but for a term that all classes share (eq. 8), so the result is an ordinary linear head:
-‖f - c‖² / t = (2 c·f - ‖c‖²) / t + …, with the mean squared distance of rows to their own class as temperature t.

Where few rows have labels, others without can move the means: constrained k-means, which starts from the means of the
labelled rows and leaves these in their classes (Basu, Banerjee & Mooney, 2002, "Semi-supervised clustering by seeding",
§ 3.2).
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from tlstudio.core.errors import StudioError
from tlstudio.core.events import log
from tlstudio.models.anatomy import LayerGroup
from tlstudio.models.transfer import Transfer
from tlstudio.strategies import features, linear_probe, unlabelled
from tlstudio.strategies.base import MADE, NO_EPOCHS, Defaults, TransferJob
from tlstudio.strategies.plans import FROZEN, GroupPlan

if TYPE_CHECKING:
    import numpy as np
    import torch


class Options(BaseModel):
    """Choices of the prototypes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    unlabelled: str = Field(
        "",
        title="Rows without labels",
        description="A file or folder of further texts or images, which move the means by k-means. Of use where few "
        "rows have labels and the classes lie apart.",
        json_schema_extra={"file": True},
    )
    rounds: int = Field(
        10,
        ge=1,
        le=1000,
        title="Rounds of k-means",
        description="At most so often are the rows without labels given to the nearest mean, and the means made anew.",
    )


class Prototypes:
    """The head is made of the means of the classes."""

    NAME = "prototypes"
    ONCE = True
    FAMILY = "features"
    TITLE = "Prototypes"
    SUMMARY = (
        "Each class is the mean of its rows' features, and a new row belongs to the nearest one; nothing is trained. "
        "An answer in seconds from a handful of rows."
    )
    REHEARSES = False
    Config = Options

    def fits(self, task: Any) -> StudioError | None:
        if task.HEAD.probe and task.HEAD.kind == "classes" and not task.HEAD.per_token:
            return None
        return StudioError(
            "strategy.no-prototypes", "'{strategy}' needs rows with one class each, and the task {task} has none.",
            "Choose another strategy, such as full fine-tuning.", where="strategy.name", strategy=self.TITLE,
            task=task.TITLE,
        )  # fmt: skip

    def defaults(self, config: Options, rows: int, width: int = 768) -> Defaults:
        return MADE

    def plan(self, config: Options, groups: list[LayerGroup], epochs: float) -> list[GroupPlan]:
        return [FROZEN] * len(groups)

    def prepare(self, config: Options, job: TransferJob) -> Transfer:
        model: Any = job.build()
        if job.head.probe == "pooled":
            linear_probe.pool(model, "auto")
        model.eval().to(job.device).requires_grad_(False)
        name, module = last_linear(model, job)
        extract = partial(features.recorded, model, module, job.collate)
        rows = linear_probe.cached(job, "train", f"prototypes {name}", extract)
        more = _further(config, model, job, name, extract) if config.unlabelled else None
        set_means(module, rows, more, config.rounds)
        splits = job.encoded.splits
        return Transfer(
            model=model,
            train=splits["train"],
            validation=splits.get("validation", ()),
            collate=job.collate,
            finish=lambda: model.requires_grad_(True),
            settings=NO_EPOCHS,
        )


PLUGIN = Prototypes()


def last_linear(model: Any, job: TransferJob) -> tuple[str, torch.nn.Linear]:
    """The layer that gives the scores of the classes, and its name.

    Raises:
        StudioError: the architecture has none.
    """
    import torch

    classes = len(job.encoded.labels)
    found = [
        (name, module)
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.Linear) and module.out_features == classes and module.bias is not None
    ]
    if not found:
        raise StudioError(
            "strategy.no-linear-head",
            "A network of type {kind} has no linear layer with a bias that gives the classes.",
            "Choose another strategy, such as linear probe.",
            where="strategy.name",
            kind=model.config.model_type,
        )
    return found[-1]


def _further(config: Options, model: Any, job: TransferJob, name: str, extract: Any) -> np.ndarray:
    """Features [M, F] of the rows without labels."""
    import numpy as np

    rows, key = unlabelled.plain(config.unlabelled, model, job)
    log(job.emit, "strategy.clusters", "The means of the classes move with {count} rows without labels.",
        count=len(rows))  # fmt: skip
    other = replace(job, encoded=replace(job.encoded, splits={"further": rows}, key=key))
    found = linear_probe.cached(other, "further", f"prototypes {name}", extract)
    return np.stack([np.asarray(found[at]["features"], np.float64) for at in range(len(found))])


def set_means(
    layer: torch.nn.Linear, rows: features.FeatureRows, more: np.ndarray | None = None, rounds: int = 1
) -> None:
    """Gives a linear layer the means of the classes; classes without rows get no answer of their own.

    Args:
        layer: from features [F] to scores [C].
        rows: features and labels.
        more: features [M, F] of rows without labels, which move the means.
        rounds: how often at most.
    """
    import numpy as np
    import torch

    values = np.stack([np.asarray(rows[at]["features"], np.float64) for at in range(len(rows))])
    labels = np.array([rows[at]["labels"] for at in range(len(rows))])
    if more is None:
        means, spread = class_means(values, labels, layer.out_features)
    else:
        means, spread = clustered(values, labels, layer.out_features, more, rounds)
    weight, offset = 2 * means / spread, -np.square(means).sum(1) / spread
    offset[np.bincount(labels, minlength=layer.out_features) == 0] = -1e4
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(weight))
        layer.bias.copy_(torch.from_numpy(offset))


def class_means(values: np.ndarray, labels: np.ndarray, classes: int) -> tuple[np.ndarray, float]:
    """Mean feature of each class [C, F], zero for classes without rows; and the mean squared distance to them.

    Args:
        values: features [N, F].
        labels: classes [N].
        classes: how many there are.
    """
    import numpy as np

    counts = np.bincount(labels, minlength=classes)[:, None]
    means = np.zeros((classes, values.shape[1]))
    np.add.at(means, labels, values)
    means /= np.maximum(counts, 1)
    spread = float(np.square(values - means[labels]).sum(1).mean())
    return means, max(spread, 1e-6 * float(np.square(values).sum(1).mean()), 1e-12)


def clustered(
    values: np.ndarray, labels: np.ndarray, classes: int, more: np.ndarray, rounds: int
) -> tuple[np.ndarray, float]:
    """As :func:`class_means`, after rows without labels have gone to the nearest mean, again and again.

    Rows with labels stay in their classes. It ends where no row changes its class.

    Args:
        values: features [N, F] of rows with labels.
        labels: their classes [N].
        classes: how many there are; those without labelled rows stay empty.
        more: features [M, F] of rows without labels.
        rounds: how often the means are made anew, at most.
    """
    import numpy as np

    means, spread = class_means(values, labels, classes)
    empty = np.bincount(labels, minlength=classes) == 0
    whole, chosen = np.concatenate([values, more]), None
    for _round in range(rounds):
        # ‖f - c‖² but for ‖f‖², which all classes share
        far = np.square(means).sum(1) - 2 * more @ means.T
        far[:, empty] = np.inf
        nearest = far.argmin(1)
        if chosen is not None and bool((nearest == chosen).all()):
            break
        chosen = nearest
        means, spread = class_means(whole, np.concatenate([labels, chosen]), classes)
    return means, spread

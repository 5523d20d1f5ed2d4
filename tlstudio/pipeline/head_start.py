"""What earlier runs bring to a new task before it is learnt: forward transfer.

Lopez-Paz & Ranzato, 2017, eq. 4, compare the accuracy at a task that was not yet learnt with that of a network that has
learnt nothing. A fresh head would only guess; so the means of the classes answer here (prototypes), on the features of
the network so far and on those of the backbone that the first run started from.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlstudio.core import recipe as recipes
from tlstudio.core.errors import StudioError
from tlstudio.core.progress import silent
from tlstudio.models import earlier, loading
from tlstudio.models.scorers import TorchScorer, score
from tlstudio.strategies import prototypes
from tlstudio.strategies.base import TransferJob
from tlstudio.tasks.base import Encoded, ListRows

if TYPE_CHECKING:
    from tlstudio.pipeline.stages import Stages

_ROWS = 300  # of each split: enough to tell what a network brings


def measure(stages: Stages) -> dict[str, float] | None:
    """Accuracy of prototypes on the network ``so_far``, on the ``pretrained`` one, and the ``gain``.

    None where the task has no single classes, or where the first backbone is not known any more.
    """
    if prototypes.PLUGIN.fits(stages.checked.task.plugin) is not None or not stages.lineage:
        return None
    first = _first_backbone(stages)
    if first is None:
        return None
    encoded = _part(stages.encoded, stages.settings.seed)
    if not len(encoded.splits["test"]):
        return None
    so_far, pretrained = (_accuracy(stages, encoded, folder) for folder in (stages.backbone.path, first))
    return {"so_far": so_far, "pretrained": pretrained, "gain": so_far - pretrained}


def _first_backbone(stages: Stages) -> Path | None:
    place = earlier.places(stages.backbone.path, stages.lineage)[0]
    try:
        path = earlier.model_folder(place).parent / "recipe.yaml"
        return loading.resolve(recipes.load(path).model, stages.context.control.check).path
    except StudioError:
        return None  # the run or its backbone has been deleted since


def _part(encoded: Encoded, seed: int) -> Encoded:
    """Some rows of each split."""
    import numpy as np

    found = {}
    for split in ("train", "test"):
        rows = encoded.splits[split]
        drawn = np.sort(np.random.default_rng(seed).permutation(len(rows))[:_ROWS])
        found[split] = ListRows([rows[int(place)] for place in drawn])
    return replace(encoded, splits=found, key=f"{encoded.key} part {seed}")


def _accuracy(stages: Stages, encoded: Encoded, folder: Path) -> float:
    import torch

    task, control = stages.checked.task.plugin, stages.context.control

    def build(**overrides: Any) -> torch.nn.Module:
        model: torch.nn.Module = task.build(folder, encoded, **overrides)
        return model

    job = TransferJob(build, encoded, task.collator(stages.checked.task.config, encoded), stages.head, str(folder),
                      torch.device("cpu"), silent, control)  # fmt: skip
    model = prototypes.PLUGIN.prepare(prototypes.Options(), job).finish()
    answers = score(TorchScorer(model, head=stages.head, inputs=encoded.inputs), encoded.examples("test"),
                    tick=lambda _rows: control.check())  # fmt: skip
    right = [int(answer.argmax()) == label for answer, label in zip(answers, encoded.targets("test"), strict=True)]
    return sum(right) / len(right)

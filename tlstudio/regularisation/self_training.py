"""Self-training on unlabelled texts: what the network is sure of becomes a label (Lee, 2013, "Pseudo-label"), with a
threshold that falls while it gets better (Zou et al., 2018, "Unsupervised domain adaptation via class-balanced
self-training", § 3.2: the surest share of each predicted class is taken, so that no class takes over)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field

from tlstudio.core.errors import StudioError
from tlstudio.core.events import log
from tlstudio.models.callbacks import Callback, Loop, Pass
from tlstudio.models.heads import Head
from tlstudio.regularisation.inputs import needs_input_layer
from tlstudio.regularisation.target import Options as TargetOptions
from tlstudio.regularisation.target import Target, rows_of

if TYPE_CHECKING:
    import numpy as np
    import torch

_BATCH = 64


class Options(TargetOptions):
    """Choices of self-training."""

    start: int = Field(
        1, ge=0, le=100, title="First epoch", description="Epochs on the labelled rows alone before target texts join."
    )
    first: float = Field(
        0.2, gt=0, le=1, title="First share", description="Of the target texts, the surest ones, that join at first."
    )
    last: float = Field(
        0.5, gt=0, le=1, title="Last share", description="Of the target texts that take part in the last epoch."
    )
    weight: float = Field(0.5, gt=0, le=100, title="Weight", description="Of their loss, beside that of the labels.")


class SelfTraining:
    """The network's own sure answers are labels."""

    NAME = "self-training"
    TITLE = "Self-training"
    SUMMARY = (
        "Unlabelled texts join the training with the labels that the network itself is surest of, more of them from "
        "epoch to epoch. For a target domain, or for many unlabelled rows beside few labelled ones."
    )
    Config = Options

    def fits(self, task: Any) -> StudioError | None:
        if (problem := needs_input_layer(self.TITLE, task)) is not None:
            return problem
        if task.HEAD.kind == "classes" and not task.HEAD.per_token and "text_b" not in task.ROLES:
            return None
        return StudioError(
            "regularise.no-pseudo-labels", "'{name}' needs texts with one class each, and the task {task} has none.",
            "Remove it in the Strategy step.", where="regularise", name=self.TITLE, task=task.TITLE,
        )  # fmt: skip

    def callback(self, config: Options, head: Head) -> Callback:
        return _PseudoLabels(config)


PLUGIN = SelfTraining()


class _PseudoLabels(Callback):
    PASSES = 1.3  # a pass over target rows in each step, and one over all of them in each epoch

    def __init__(self, config: Options) -> None:
        self._config = config
        self._labels: dict[int, int] = {}

    def begin(self, loop: Loop) -> None:
        self._loop, self._target, self._number = loop, Target(self._config, loop), 0

    def epoch(self, number: int) -> None:
        if number < self._config.start or self._resumed_within(number):
            return
        probabilities = self._answers()
        span = max(1, self._loop.epochs - 1 - self._config.start)
        share = self._config.first + (self._config.last - self._config.first) * (number - self._config.start) / span
        self._labels = surest(probabilities, min(max(share, 0.0), 1.0))
        log(self._loop.emit, "regularise.pseudo-labels",
            "{count} of {all} target texts join with labels of their own.",
            count=len(self._labels), all=len(self._target))  # fmt: skip

    def _resumed_within(self, number: int) -> bool:
        """The labels of an epoch that is gone on with are known: its weights are not those of its beginning."""
        begin = number * self._loop.steps / self._loop.epochs
        return bool(self._labels) and self._number > begin

    def _answers(self) -> np.ndarray:
        import numpy as np
        import torch

        model = self._loop.model
        training, found = model.training, []
        model.eval()
        order = sorted(range(len(self._target)), key=lambda place: len(self._target.ids[place]))
        with torch.inference_mode():
            for start in range(0, len(order), _BATCH):
                self._loop.control.check()
                logits = model(**self._target.batch(order[start : start + _BATCH])).logits
                found.append(logits.float().softmax(-1).cpu().numpy())
        model.train(training)
        probabilities = np.concatenate(found)
        back = np.empty_like(probabilities)
        back[order] = probabilities
        return back

    def step(self, number: int) -> None:
        self._number = number

    def loss(self, given: Pass, outputs: Any, value: torch.Tensor) -> torch.Tensor:
        import torch

        if not self._labels:
            return value
        places = self._target.draw(self._number, rows_of(given), sorted(self._labels))
        truth = torch.tensor([self._labels[place] for place in places], device=value.device)
        logits = self._loop.model(**self._target.batch(places)).logits
        return value + self._config.weight * torch.nn.functional.cross_entropy(logits.float(), truth)

    def state(self) -> dict[str, Any]:
        import torch

        pairs = torch.tensor(sorted(self._labels.items()), dtype=torch.int64).reshape(-1, 2)
        return {"labels": pairs, "number": torch.tensor(self._number)}

    def restore(self, state: dict[str, Any]) -> None:
        self._labels = {int(place): int(label) for place, label in state["labels"].tolist()}
        self._number = int(state["number"]) + 1


def surest(probabilities: np.ndarray, share: float) -> dict[int, int]:
    """Label by row for the surest ``share`` of the rows of each predicted class.

    Args:
        probabilities: of the classes, [N, C].
        share: of the rows that each class is predicted for, 0 to 1.
    """
    import numpy as np

    labels, sure = probabilities.argmax(1), probabilities.max(1)
    found: dict[int, int] = {}
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        best = rows[np.argsort(-sure[rows], kind="stable")][: int(np.ceil(share * len(rows)))]
        found |= {int(row): int(label) for row in best}
    return found

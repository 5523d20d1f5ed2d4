"""One class a row: what texts, pairs, images and sounds have in common when they are classified."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from tlstudio.metrics import baselines, classification, errors
from tlstudio.models.folders import read_labels
from tlstudio.models.heads import Head
from tlstudio.tasks.base import Encoded, Outputs, Row, TaskBase, Tested, TestJob, mean_of_rows
from tlstudio.tasks.building import build_model, named

if TYPE_CHECKING:
    import numpy as np
    import torch


class ClassOptions(BaseModel):
    """Choices of every task with one class a row."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    class_weights: Literal["none", "balanced"] = Field(
        "none",
        title="Class weights",
        description="Balanced makes an error on a rare class cost more: n / (classes x count), as in scikit-learn.",
    )


class SingleLabel(TaskBase):
    """Cross-entropy over classes, and the metrics of :mod:`tlstudio.metrics.classification`."""

    QUICK: tuple[str, ...] = ("loss", "accuracy", "macro_f1")
    BEST = "macro_f1"
    HEAD = Head(probe="pooled")
    SHOWS = "text"  # the role that a list of errors shows

    def build(self, backbone: Path, encoded: Encoded, **overrides: Any) -> torch.nn.Module:
        options = {**named(encoded.labels), "problem_type": "single_label_classification", **overrides}
        return build_model(self.HEAD, backbone, options)

    def loss(self, config: Any, encoded: Encoded) -> Callable[..., torch.Tensor]:
        import torch

        weights = class_weights(encoded) if config.class_weights == "balanced" else None
        smoothing = getattr(config, "label_smoothing", 0.0)

        def cross_entropy(outputs: Any, labels: torch.Tensor, row_weights: Any = None) -> torch.Tensor:
            weight = weights.to(outputs.logits.device) if weights is not None else None
            options: dict[str, Any] = {"weight": weight, "reduction": "none", "label_smoothing": smoothing}
            return mean_of_rows(torch.nn.functional.cross_entropy(outputs.logits.float(), labels, **options),
                                row_weights)  # fmt: skip

        return cross_entropy

    def measure(self, config: Any, encoded: Encoded, split: str, outputs: Outputs, loss: float) -> dict[str, float]:
        return classification.quick(stacked(outputs), encoded.targets(split))

    def test(self, job: TestJob) -> Tested:
        logits, labels, names = stacked(job.outputs), job.targets, job.encoded.labels
        result = classification.evaluate(logits, labels, names, **job.options)
        shown, rows = self.shown(job), job.row_numbers()
        result["errors"] = errors.worst(logits, labels, names, lambda at: shown[at], rows=rows)
        return Tested(result, class_columns(logits, labels, names))

    def shown(self, job: TestJob) -> list[str]:
        """What a list of errors shows of each row."""
        return job.texts(self.SHOWS)

    def baselines(self, job: TestJob) -> list[dict[str, Any]]:
        return [self.chance(job)]

    def chance(self, job: TestJob) -> dict[str, Any]:
        """The largest class, which needs no learning."""
        known, options = job.labelled.class_numbers("train"), _options(job)
        return baselines.majority(known, job.targets, job.encoded.labels, **options)

    def pooled(self, encoded: Sequence[Encoded], outputs: Sequence[Outputs], **options: Any) -> dict[str, Any]:
        """Metrics over the test rows of all folds."""
        logits = stacked([row for part in outputs for row in part])
        labels = [label for part in encoded for label in part.targets("test")]
        found: dict[str, Any] = classification.evaluate(logits, labels, encoded[0].labels, **options)["metrics"]
        return found

    def answers(
        self, folder: Path, rows: Sequence[Row], examples: Sequence[Row], outputs: Outputs
    ) -> list[dict[str, Any]]:
        names, chances = read_labels(folder), classification.probabilities(stacked(outputs))
        return [
            {
                "kind": "label",
                **{role: row[role] for role in self.ASKS},
                "label": names[int(chance.argmax())],
                "probabilities": {name: float(share) for name, share in zip(names, chance, strict=True)},
            }
            for row, chance in zip(rows, chances, strict=True)
        ]


class TextClasses(SingleLabel):
    """Texts with one class, beside a model that only counts words."""

    AUGMENTS = ("text",)

    def baselines(self, job: TestJob) -> list[dict[str, Any]]:
        known, names, options = job.labelled.class_numbers("train"), job.encoded.labels, _options(job)
        train = job.labelled.splits["train"].texts(job.labelled.roles.one("text"))
        words = baselines.bag_of_words(train, known, job.texts("text"), job.targets, names, **options)
        return [*super().baselines(job), words]


def _options(job: TestJob) -> dict[str, Any]:
    return {"control": job.control, "bootstrap": job.bootstrap, "seed": job.seed}


def stacked(outputs: Outputs) -> np.ndarray:
    """Answers of one shape as one array [N, …]."""
    import numpy as np

    return np.stack(list(outputs)) if len(outputs) else np.zeros((0, 0), np.float32)


def class_columns(logits: np.ndarray, labels: Sequence[int], names: Sequence[str]) -> dict[str, list[Any]]:
    """Truth, prediction and probabilities of each row."""
    chances = classification.probabilities(logits)
    best = chances.argmax(1)
    return {
        "label": [names[label] for label in labels],
        "predicted": [names[index] for index in best],
        "confidence": chances.max(1).tolist(),
        "score": [float(index == label) for index, label in zip(best, labels, strict=True)],
        **{f"p_{name}": chances[:, index].tolist() for index, name in enumerate(names)},
    }


def class_weights(encoded: Encoded) -> torch.Tensor:
    """Balanced weights [C]: N / (C x count), as scikit-learn's ``compute_class_weight``."""
    import torch

    counts = torch.bincount(torch.tensor(encoded.targets("train")), minlength=len(encoded.labels)).float()
    return counts.sum() / (len(encoded.labels) * counts.clamp(min=1))

"""Multi-label text classification: a text may have several labels, or none.

Each label is a yes-or-no question with its own sigmoid and binary cross-entropy. From which probability on a label is
given is chosen on the validation rows (Yang, 2001, "A study of thresholding strategies for text categorization").
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from tlstudio.core.events import log
from tlstudio.metrics import multi_label, words
from tlstudio.metrics.errors import LIMIT, shorten
from tlstudio.models.folders import read_labels
from tlstudio.models.heads import Head, read_settings
from tlstudio.tasks import texts
from tlstudio.tasks.base import Encoded, EncodeJob, Outputs, Row, TaskBase, Tested, TestJob, mean_of_rows
from tlstudio.tasks.building import build_model, named
from tlstudio.tasks.classes import stacked

if TYPE_CHECKING:
    import numpy as np
    import torch


class Options(texts.TextOptions):
    """Choices of the task."""

    thresholds: Literal["tuned", "tuned-per-class", "fixed"] = Field(
        "tuned",
        title="Thresholds",
        description="From which probability on a label is given: one for all or one for each label, as gives the best "
        "F1 on the validation rows; or the fixed one below. One for each needs many validation rows of each label.",
    )
    threshold: float = Field(
        multi_label.DEFAULT,
        gt=0,
        lt=1,
        title="Fixed threshold",
        description="The probability where thresholds are fixed, or where there are no validation rows.",
    )
    positive_weights: Literal["none", "balanced"] = Field(
        "none",
        title="Weights of positives",
        description="Balanced makes a missed label cost more the rarer it is: rows without it / rows with it.",
    )


class MultiLabel(TaskBase):
    """Any number of labels a text; the head is the one that transformers has for classes of texts."""

    NAME = "multi-label-classification"
    TITLE = "Multi-label classification"
    SUMMARY = "Each text may have several labels, or none: topics of an article, emotions, kinds of harm."
    ROLES = ("text", "labels")
    AUGMENTS = ("text",)
    METRIC = "micro_f1"
    QUICK = ("loss", "micro_f1", "macro_f1", "subset_accuracy")
    HEAD = Head(kind="signs", probe="pooled")
    Config = Options
    SCRIPTS = {"onnx": "export/predict_labels_onnx.py", "transformers": "export/predict_labels_transformers.py"}

    # --- before training

    def encode(self, job: EncodeJob) -> Encoded:
        splits = job.labelled.splits
        if job.config.thresholds != "fixed" and "train" in splits and not len(splits.get("validation", ())):
            log(job.emit, "task.no-validation",
                "There are no validation rows to choose thresholds on: {threshold} is used for all labels.", "warning",
                threshold=job.config.threshold)  # fmt: skip
        encoded = texts.encode(job, texts.several, texts.settled_length(job.config.max_length, job.backbone))
        return replace(encoded, labels=job.labelled.classes)

    def build(self, backbone: Path, encoded: Encoded, **overrides: Any) -> torch.nn.Module:
        options = {**named(encoded.labels), "problem_type": "multi_label_classification", **overrides}
        return build_model(self.HEAD, backbone, options)

    def loss(self, config: Any, encoded: Encoded) -> Callable[..., torch.Tensor]:
        import torch

        weights = positive_weights(encoded) if config.positive_weights == "balanced" else None

        def binary_cross_entropy(outputs: Any, labels: torch.Tensor, row_weights: Any = None) -> torch.Tensor:
            logits = outputs.logits.float()
            truth = labels[:, : logits.shape[1]].float()  # like every list it was padded to a multiple of 8
            weight = weights.to(logits.device) if weights is not None else None
            each = torch.nn.functional.binary_cross_entropy_with_logits(
                logits, truth, pos_weight=weight, reduction="none"
            )
            return mean_of_rows(each.mean(1), row_weights)

        return binary_cross_entropy

    def measure(self, config: Any, encoded: Encoded, split: str, outputs: Outputs, loss: float) -> dict[str, float]:
        """While it trains, thresholds are chosen anew each time: rare labels start far below the final ones."""
        chances, truth = probabilities(outputs), _truth(encoded, split)
        if "thresholds" in encoded.facts or split != "validation":
            limits = _limits(encoded, config)
        else:
            limits = _chosen(config, chances, truth)
        return {**multi_label.quick(chances, truth, limits), "loss": loss}

    # --- after training

    def tune(self, config: Any, encoded: Encoded, outputs_of: Callable[[str], Outputs]) -> dict[str, Any]:
        limits = _limits(encoded, config)
        if config.thresholds != "fixed" and len(encoded.splits.get("validation", ())):
            limits = _chosen(config, probabilities(outputs_of("validation")), _truth(encoded, "validation"))
        return {"thresholds": dict(zip(encoded.labels, limits.tolist(), strict=True))}

    def test(self, job: TestJob) -> Tested:
        chances, names, limits = probabilities(job.outputs), job.encoded.labels, _limits(job.encoded, job.config)
        truth = _truth(job.encoded, job.split)
        result = multi_label.evaluate(chances, truth, names, limits, **job.options)
        given = multi_label.given(chances, limits)
        result["samples"] = {"kind": "labels", "items": _samples(job, chances, truth, limits)}
        separator = job.labelled.separator
        either, both = (given | truth).sum(1), (given & truth).sum(1)
        columns = {
            "label": [separator.join(row) for row in _names(truth, names)],
            "predicted": [separator.join(row) for row in _names(given, names)],
            # Jaccard: labels that both have of those that either has
            "score": [float(hits / count) if count else 1.0 for hits, count in zip(both, either, strict=True)],
            **{f"p_{name}": chances[:, index].tolist() for index, name in enumerate(names)},
        }
        return Tested(result, columns)

    def baselines(self, job: TestJob) -> list[dict[str, Any]]:
        known, truth, names = job.labelled.several("train"), _truth(job.encoded, job.split), job.encoded.labels
        columns = texts.columns(job, ("text",))
        chances = words.several(columns.train, known, columns.test, control=job.control, seed=job.seed)
        metrics = multi_label.evaluate(chances, truth, names, **job.options)["metrics"]
        return [self.chance(job), {"name": words.ONE[0], "title": words.ONE[1], "metrics": metrics}]

    def chance(self, job: TestJob) -> dict[str, Any]:
        """The labels that most training rows have, which needs no learning."""
        return multi_label.baseline(job.labelled.several("train"), _truth(job.encoded, job.split), **job.options)

    def pooled(self, encoded: Sequence[Encoded], outputs: Sequence[Outputs], **options: Any) -> dict[str, Any]:
        """Metrics over the test rows of all folds; each fold has thresholds of its own, so they are moved to 0.5."""
        import numpy as np

        chances, truth = [], []
        for part, rows in zip(encoded, outputs, strict=True):
            limits = _limits(part, None)
            chances.append(_sigmoid(stacked(rows).astype(np.float64) - np.log(limits / (1 - limits))))
            truth.append(_truth(part, "test"))
        found = multi_label.evaluate(np.concatenate(chances), np.concatenate(truth), encoded[0].labels, **options)
        return dict(found["metrics"])

    # --- new rows

    def examples(self, folder: Path, rows: Sequence[Row]) -> list[dict[str, Any]]:
        return texts.text_examples(folder, rows)

    def answers(
        self, folder: Path, rows: Sequence[Row], examples: Sequence[Row], outputs: Outputs
    ) -> list[dict[str, Any]]:
        names, found = read_labels(folder), read_settings(folder).get("thresholds") or {}
        limits = {name: float(found.get(name, multi_label.DEFAULT)) for name in names}
        return [
            {
                "kind": "labels",
                "text": row["text"],
                "labels": [name for name, chance in zip(names, chances, strict=True) if chance >= limits[name]],
                "probabilities": dict(zip(names, chances.tolist(), strict=True)),
                "thresholds": limits,
            }
            for row, chances in zip(rows, probabilities(outputs), strict=True)
        ]


def probabilities(outputs: Outputs) -> np.ndarray:
    """float64 [N, C]: of each label by itself."""
    import numpy as np

    return _sigmoid(stacked(outputs).astype(np.float64))


def positive_weights(encoded: Encoded) -> torch.Tensor:
    """Weights [C] of the rows that have a label: rows without / rows with it, as torch's BCEWithLogitsLoss suggests."""
    import torch

    table = torch.as_tensor(_truth(encoded, "train")).float()
    count = table.sum(0).clamp(min=1)
    return ((len(table) - count) / count).clamp(min=1 / len(table))


def _sigmoid(logits: np.ndarray) -> np.ndarray:
    import numpy as np

    return 1 / (1 + np.exp(-np.clip(logits, -500, 500)))  # beyond, exp overflows and the answer is 0 or 1 anyhow


def _truth(encoded: Encoded, split: str) -> np.ndarray:
    """bool [N, C]."""
    import numpy as np

    return np.asarray(encoded.targets(split), dtype=bool).reshape(-1, len(encoded.labels))


def _chosen(config: Any, chances: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Thresholds [C] for validation rows, as the user wishes."""
    import numpy as np

    if config.thresholds == "fixed":
        return np.full(chances.shape[1], config.threshold)
    return multi_label.tune_thresholds(chances, truth, per_class=config.thresholds == "tuned-per-class")


def _limits(encoded: Encoded, config: Any) -> np.ndarray:
    """The thresholds [C] that were settled; the fixed one before."""
    import numpy as np

    settled = encoded.facts.get("thresholds")
    if settled is None:
        return np.full(len(encoded.labels), config.threshold)
    return np.array([settled[name] for name in encoded.labels])


def _names(table: np.ndarray, names: Sequence[str]) -> list[list[str]]:
    return [[names[index] for index in row.nonzero()[0]] for row in table]


def _samples(job: TestJob, chances: np.ndarray, truth: np.ndarray, limits: np.ndarray) -> list[dict[str, Any]]:
    """The rows with the surest wrong answer to one of the labels; then, if there are few, rows that are right."""
    import numpy as np

    names, given = job.encoded.labels, multi_label.given(chances, limits)
    surest = np.where(given != truth, np.abs(chances - limits), 0).max(axis=1)
    wrong = (given != truth).any(axis=1)
    order = np.lexsort((-surest, ~wrong))[:LIMIT].tolist()
    shown, rows = job.texts("text"), job.row_numbers()
    return [
        {
            "row": rows[at],
            "text": shorten(shown[at]),
            "labels": _names(truth[at : at + 1], names)[0],
            "predicted": _names(given[at : at + 1], names)[0],
            "probabilities": dict(zip(names, chances[at].tolist(), strict=True)),
        }
        for at in order
    ]


PLUGIN = MultiLabel()

"""Ordinal classification: classes that have an order, such as one to five stars, or low, medium and high.

The head is that of ordinary classes, but is taught that a near miss is better than a far one: the target of a row is
no single class but softmax(-d² / softness) over the distances d to its class (Díaz & Marathe, 2019, "Soft labels for
ordinal regression", CVPR, equations 1 and 2, with squared differences of ranks).
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field

from tlstudio.core.errors import StudioError
from tlstudio.core.events import log
from tlstudio.data.labelled import Labelled
from tlstudio.data.rows import number_of
from tlstudio.metrics import calibration, errors, ordinal, words
from tlstudio.tasks import texts
from tlstudio.tasks.base import Encoded, EncodeJob, Outputs, Row, Tested, TestJob, mean_of_rows
from tlstudio.tasks.classes import ClassOptions, TextClasses, class_columns, class_weights, stacked

if TYPE_CHECKING:
    import torch

_AUTO = "auto"
_NUMBER = re.compile(r"(\d+(?:\.\d+)?)")


class Options(texts.TextOptions, ClassOptions):
    """Choices of the task."""

    order: str = Field(
        _AUTO,
        min_length=1,
        title="Order of the classes",
        description="The classes from the lowest to the highest, separated by commas, such as low, medium, high; auto "
        "sorts them by the numbers in their names.",
    )
    softness: float = Field(
        0.5,
        ge=0,
        le=10,
        title="Softness",
        description="How much of a row's target goes to the neighbours of its class: 0 gives nothing, as for classes "
        "without an order; 0.5 a tenth to each; 1 a fifth.",
    )


class Ordinal(TextClasses):
    """Classes in an order; their numbers in the model are that order."""

    NAME = "ordinal-classification"
    TITLE = "Ordinal classification"
    SUMMARY = "Each text belongs to one of several classes that have an order: stars, grades, low to high."
    ROLES = ("text", "label")
    SUGGESTED = False
    ORDERS = True
    METRIC = "kappa"
    QUICK = ("loss", "kappa", "accuracy", "mae_classes", "off_by_one", "macro_f1", "spearman")
    BEST = "kappa"
    Config = Options

    def encode(self, job: EncodeJob) -> Encoded:
        order = ordered(job.config.order, job.labelled.labels)
        if job.config.order == _AUTO and "train" in job.labelled.splits:
            guessed = not all(map(_NUMBER.search, order))
            log(job.emit, "task.order", "The classes are taken in this order, lowest first: {order}.",
                "warning" if guessed else "info", order=", ".join(order))  # fmt: skip
        length = texts.settled_length(job.config.max_length, job.backbone)
        encoded = texts.encode(job, lambda labelled, split: _targets(labelled, split, order), length)
        return replace(encoded, labels=order)

    def loss(self, config: Any, encoded: Encoded) -> Callable[..., torch.Tensor]:
        targets = soft_labels(len(encoded.labels), config.softness)
        weights = class_weights(encoded) if config.class_weights == "balanced" else None

        def soft_cross_entropy(outputs: Any, labels: torch.Tensor, row_weights: Any = None) -> torch.Tensor:
            logits = outputs.logits.float()
            each = -(targets.to(logits.device)[labels] * logits.log_softmax(-1)).sum(-1)
            if weights is not None:
                each = each * weights.to(logits.device)[labels]
            return mean_of_rows(each, row_weights)

        return soft_cross_entropy

    def measure(self, config: Any, encoded: Encoded, split: str, outputs: Outputs, loss: float) -> dict[str, float]:
        found = ordinal.quick(stacked(outputs), encoded.targets(split), len(encoded.labels))
        return {"loss": loss, **found}

    def test(self, job: TestJob) -> Tested:
        logits, labels, names = stacked(job.outputs), job.targets, job.encoded.labels
        result = ordinal.evaluate(logits, labels, names, **job.options)
        result["calibration"] = calibration.table(logits, labels)
        shown, rows = self.shown(job), job.row_numbers()
        result["errors"] = errors.worst(logits, labels, names, lambda at: shown[at], rows=rows)
        return Tested(result, class_columns(logits, labels, names))

    def baselines(self, job: TestJob) -> list[dict[str, Any]]:
        names, truth = job.encoded.labels, job.targets
        known = _ranks(job.labelled, "train", names)
        columns = texts.columns(job, ("text",))
        guesses = words.classes(columns.train, known, columns.test, control=job.control, seed=job.seed)
        metrics = ordinal.evaluate(guesses, truth, names, **job.options)["metrics"]
        trivial = ordinal.baselines(known, truth, len(names), **job.options)
        return [*trivial, {"name": words.ONE[0], "title": words.ONE[1], "metrics": metrics}]

    def pooled(self, encoded: Sequence[Encoded], outputs: Sequence[Outputs], **options: Any) -> dict[str, Any]:
        logits = stacked([row for part in outputs for row in part])
        labels = [label for part in encoded for label in part.targets("test")]
        return dict(ordinal.evaluate(logits, labels, encoded[0].labels, **options)["metrics"])

    def examples(self, folder: Path, rows: Sequence[Row]) -> list[dict[str, Any]]:
        return texts.text_examples(folder, rows)


def ordered(wish: str, labels: Sequence[str]) -> list[str]:
    """The class names from the lowest to the highest.

    Args:
        wish: ``auto``, or the names with commas between; a name that holds a comma stands in double quotes.
        labels: the class names of the data.

    Raises:
        StudioError: a class of the data is missing in the wish, stands there twice, or is none of the data's.
    """
    if wish.strip() == _AUTO:
        return sorted(labels, key=natural)
    names = [name.strip() for name in next(csv.reader([wish.strip()], skipinitialspace=True), [])]
    wrong = [*(set(names) ^ set(labels)), *(name for name in names if names.count(name) > 1)]
    if wrong:
        raise StudioError(
            "task.wrong-order", "The order of the classes does not fit the data because of '{label}'.",
            "Name each of these once, lowest first, separated by commas: {known}",
            where="task.order", label=min(wrong), known=", ".join(sorted(labels, key=natural)),
        )  # fmt: skip
    return names


def natural(name: str) -> tuple[Any, ...]:
    """Sorts names by the values of the numbers in them: -1, 2, 10 and 'grade 2', 'grade 10'."""
    value = number_of(name)
    if not math.isnan(value):  # a number as a whole, with its sign
        return 0, ((value, ""),), name
    parts = _NUMBER.split(name.casefold())
    return 1, tuple((float(part), "") if at % 2 else (0.0, part) for at, part in enumerate(parts)), name


def soft_labels(classes: int, softness: float) -> torch.Tensor:
    """The target [C, C] of each true class: softmax(-(i - j)² / softness), or one-hot where the softness is 0."""
    import torch

    if not softness:
        return torch.eye(classes)
    ranks = torch.arange(classes, dtype=torch.float32)
    return (-((ranks[:, None] - ranks) ** 2) / softness).softmax(-1)


def _ranks(labelled: Labelled, split: str, order: Sequence[str]) -> list[int]:
    """The place of each row's class in the order."""
    places = {label: place for place, label in enumerate(order)}
    ranks = [places[label] for label in labelled.labels]
    return [ranks[number] for number in labelled.class_numbers(split)]


def _targets(labelled: Labelled, split: str, order: Sequence[str]) -> texts.Targets:
    import numpy as np
    import pyarrow as pa

    ranks = _ranks(labelled, split, order)
    return texts.Targets(ranks, pa.int64(), "\0".join(order).encode() + np.asarray(ranks, np.int32).tobytes())


PLUGIN = Ordinal()

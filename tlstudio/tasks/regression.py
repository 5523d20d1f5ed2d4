"""Regression: a number for each text, such as stars, a price or how hard a text is to read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tlstudio.tasks import texts
from tlstudio.tasks.base import Encoded, EncodeJob, Row
from tlstudio.tasks.numbers import NumberOptions, Numbers


class Options(texts.TextOptions, NumberOptions):
    """Choices of the task."""


class Regression(Numbers):
    """One number a text."""

    NAME = "regression"
    TITLE = "Numbers of texts"
    SUMMARY = "Predicts a number for each text: stars, prices, how hard it is to read."
    ROLES = ("text", "number")
    METRIC = "rmse"
    BEST = "rmse"
    Config = Options

    def encoded(self, job: EncodeJob, targets: Any) -> Encoded:
        return texts.encode(job, targets, texts.settled_length(job.config.max_length, job.backbone))

    def examples(self, folder: Path, rows: Sequence[Row]) -> list[dict[str, Any]]:
        return texts.text_examples(folder, rows)


PLUGIN = Regression()

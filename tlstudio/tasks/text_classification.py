"""Single-label text classification: each text belongs to exactly one of two or more classes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tlstudio.tasks import texts
from tlstudio.tasks.base import Encoded, EncodeJob, Row
from tlstudio.tasks.classes import ClassOptions, TextClasses


class Options(texts.TextOptions, ClassOptions):
    """Choices of the task."""


class TextClassification(TextClasses):
    """One class a text; the head is the one that transformers has for the architecture."""

    NAME = "text-classification"
    TITLE = "Text classification"
    SUMMARY = "Each text belongs to one class: topics, intents, sentiment, spam."
    ROLES = ("text", "label")
    Config = Options

    def encode(self, job: EncodeJob) -> Encoded:
        return texts.encode(job, texts.classes, texts.settled_length(job.config.max_length, job.backbone))

    def examples(self, folder: Path, rows: Sequence[Row]) -> list[dict[str, Any]]:
        return texts.text_examples(folder, rows)


PLUGIN = TextClassification()

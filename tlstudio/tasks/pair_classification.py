"""Pairs of texts with one class: entailment, paraphrase, does this answer that question.

Both texts are read together, parted by the tokenizer's own signs (Devlin et al., 2019, BERT, § 3.2).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tlstudio.metrics import classification, words
from tlstudio.tasks import texts
from tlstudio.tasks.base import Encoded, EncodeJob, Row, TestJob
from tlstudio.tasks.classes import ClassOptions, SingleLabel


class Options(texts.TextOptions, ClassOptions):
    """Choices of the task."""


class PairClassification(SingleLabel):
    """One class a pair; the head is the one that transformers has for classes of texts."""

    NAME = "pair-classification"
    TITLE = "Classification of text pairs"
    SUMMARY = "Each pair of texts belongs to one class: entailment, paraphrase, question and answer."
    ROLES = (*texts.PAIR, "label")
    ASKS = texts.PAIR
    AUGMENTS = ("text",)
    UNIT = "pairs"
    Config = Options
    SCRIPTS = {"onnx": "export/predict_pairs_onnx.py", "transformers": "export/predict_pairs_transformers.py"}

    def encode(self, job: EncodeJob) -> Encoded:
        return texts.encode_pairs(job, texts.classes)

    def shown(self, job: TestJob) -> list[str]:
        return [" ⇄ ".join(pair) for pair in zip(*map(job.texts, texts.PAIR), strict=True)]

    def baselines(self, job: TestJob) -> list[dict[str, Any]]:
        known, names = job.labelled.class_numbers("train"), job.encoded.labels
        columns = texts.columns(job, texts.PAIR)
        guesses = words.classes(columns.train, known, columns.test, control=job.control, seed=job.seed)
        metrics = classification.evaluate_predictions(guesses, job.targets, len(names), **job.options)
        return [*super().baselines(job), {"name": words.PAIRS[0], "title": words.PAIRS[1], "metrics": metrics}]

    def examples(self, folder: Path, rows: Sequence[Row]) -> list[dict[str, Any]]:
        return texts.text_examples(folder, rows, texts.PAIR)


PLUGIN = PairClassification()

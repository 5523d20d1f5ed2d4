"""Scores of text pairs: how similar two texts are, how well an answer fits its question.

Both texts are read together (a cross-encoder), which is more accurate than comparing two embeddings, and slower where
many texts are compared with each other (Reimers & Gurevych, 2019, Sentence-BERT, § 1).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tlstudio.tasks import texts
from tlstudio.tasks.base import Encoded, EncodeJob, Row
from tlstudio.tasks.numbers import NumberOptions, Numbers


class Options(texts.TextOptions, NumberOptions):
    """Choices of the task."""


class PairRegression(Numbers):
    """One number a pair."""

    NAME = "pair-regression"
    TITLE = "Scores of text pairs"
    SUMMARY = "Predicts a number for each pair of texts: how similar they are, how well an answer fits."
    ROLES = (*texts.PAIR, "number")
    ASKS = texts.PAIR
    UNIT = "pairs"
    METRIC = "spearman"
    BEST = "spearman"
    QUICK = ("loss", "spearman", "pearson", "rmse", "mae", "r2")
    Config = Options

    def encoded(self, job: EncodeJob, targets: Any) -> Encoded:
        return texts.encode_pairs(job, targets)

    def examples(self, folder: Path, rows: Sequence[Row]) -> list[dict[str, Any]]:
        return texts.text_examples(folder, rows, texts.PAIR)


PLUGIN = PairRegression()

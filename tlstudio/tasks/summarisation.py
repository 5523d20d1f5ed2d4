"""Summarisation: a long text becomes a short one, in other words (abstractive)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from tlstudio.metrics import generation
from tlstudio.tasks.base import TestJob
from tlstudio.tasks.seq2seq import WritingOptions, WritingTask

_LEADS = (1, 3)  # sentences: headlines and news (Nallapati et al., 2017, lead-3)


class Options(WritingOptions):
    """Choices of the task."""

    no_repeat_ngram: int = Field(
        3, ge=0, le=10, title="No repeated groups of", description="Tokens that never come twice in a row; 0 allows it."
    )
    language: str = Field(
        "",
        title="Language",
        description="Code of the language as the model writes it, such as en_XX; only models of many languages such "
        "as mBART need it.",
    )


class Summarisation(WritingTask):
    """Judged by ROUGE."""

    NAME = "summarisation"
    TITLE = "Summarisation"
    SUMMARY = "A long text becomes a short one: summaries, headlines, subject lines. For BART, Pegasus, T5 and mT5."
    SUGGESTED = False
    HUB_TAG = "summarization"
    METRIC = "rouge_l"
    Config = Options

    def prefix(self, config: Any, model: Mapping[str, Any], languages: tuple[str, str]) -> str:
        stated = (model.get("task_specific_params") or {}).get("summarization") or {}
        return str(stated.get("prefix") or "")

    def languages(self, config: Any) -> tuple[str, str]:
        return config.language.strip(), config.language.strip()

    def baselines(self, job: TestJob) -> list[dict[str, Any]]:
        sources, references = job.texts("source_text"), job.texts("target_text")
        leads = [generation.baseline(sources, references, count, **job.options) for count in _LEADS]
        best = max(leads, key=lambda lead: lead["metrics"][self.METRIC]["value"] or 0.0)
        return sorted([*super().baselines(job), best], key=lambda one: one["metrics"][self.METRIC]["value"] or 0.0)


PLUGIN = Summarisation()

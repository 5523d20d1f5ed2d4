"""Translation: a text in one language becomes a text in another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from tlstudio.tasks.seq2seq import WritingOptions, WritingTask


class Options(WritingOptions):
    """Choices of the task."""

    source_language: str = Field(
        "",
        title="Source language",
        description="Code of the language of the sources as the model writes it, such as en, en_XX or eng_Latn; only "
        "models of many languages need it.",
    )
    target_language: str = Field(
        "", title="Target language", description="Code of the language that is written, likewise."
    )


class Translation(WritingTask):
    """Judged by BLEU and chrF."""

    NAME = "translation"
    TITLE = "Translation"
    SUMMARY = "A text in one language becomes a text in another; learns from pairs of sentences. For Marian, T5, mT5, "\
        "mBART and NLLB."  # fmt: skip
    UNIT = "sentences"
    HUB_TAG = "translation"
    METRIC = "bleu"
    SUGGESTED = True
    Config = Options
    AUTO_SOURCE = 128

    def prefix(self, config: Any, model: Mapping[str, Any], languages: tuple[str, str]) -> str:
        stated = (model.get("task_specific_params") or {}).get("translation_{}_to_{}".format(*languages)) or {}
        return str(stated.get("prefix") or "")

    def languages(self, config: Any) -> tuple[str, str]:
        return config.source_language.strip(), config.target_language.strip()


PLUGIN = Translation()

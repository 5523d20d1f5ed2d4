"""Language mix: words in another language, as bilingual people write (Qin et al. 2020, "CoSDA-ML", section 3)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field

from tlstudio.augmentation import dictionary
from tlstudio.augmentation.base import Resources, TextOptions
from tlstudio.augmentation.substitution import substituted
from tlstudio.core.errors import StudioError
from tlstudio.core.files import expand

if TYPE_CHECKING:
    import numpy as np


class Options(TextOptions):
    dictionary: str = Field(
        "",
        title="Dictionary",
        description="Bilingual file: a word, a tab, and its translations with commas between them; or CSV or JSON.",
        json_schema_extra={"file": True},
    )
    share: float = Field(
        0.3, gt=0, le=1, title="Share of words", description="Words that are translated, as far as they are known."
    )


class LanguageMix:
    """Words are replaced by translations from the user's dictionary."""

    NAME = "language-mix"
    TITLE = "Language mix"
    SUMMARY = (
        "Some words are replaced by their translation from a dictionary that you give. For texts that mix languages, "
        "and for a multilingual backbone that should carry over to another language."
    )
    KIND = "text"
    Config = Options

    def change(
        self, config: Options, texts: Sequence[str], random: Sequence[np.random.Generator], resources: Resources
    ) -> list[str]:
        known = dictionary.read(_place(config), resources)
        return [
            substituted(text, config.share, known.others, known.longest, generator)
            for text, generator in zip(texts, random, strict=True)
        ]

    def files(self, config: Options, resources: Resources) -> list[Path]:
        return [expand(_place(config))]


PLUGIN = LanguageMix()


def _place(config: Options) -> str:
    if config.dictionary:
        return config.dictionary
    raise StudioError(
        "augment.no-dictionary",
        "The language mix has no dictionary.",
        "Choose a bilingual dictionary file, or leave this augmentation out.",
        where=dictionary.WHERE,
    )

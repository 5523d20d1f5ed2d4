"""Texts that are so short that they say next to nothing."""

from __future__ import annotations

from pydantic import Field

from tlstudio.data.detect.blank import is_short
from tlstudio.data.doctor.base import CheckOptions, Examined, Finding, Fix


class Options(CheckOptions):
    """How short is too short."""

    letters: int = Field(
        3,
        ge=1,
        le=1000,
        title="Fewest letters",
        description="Letters and figures that a text should have; a Chinese or Japanese character counts for three.",
    )


class ShortTexts:
    """Empty texts are no matter of this check."""

    NAME = "short-texts"
    TITLE = "Very short texts"
    SUMMARY = "Texts of one or two letters, or of signs only."
    ROLES = tuple(frozenset({role}) for role in ("text", "source_text", "prompt"))
    EMBEDS = False
    USES_MODEL = False
    COST = 4
    Config = Options

    def find(self, config: Options, examined: Examined) -> list[Finding]:
        numbers = [
            number
            for first, texts in examined.portions()
            for number, text in enumerate(texts, first)
            if is_short(text, config.letters) and text.strip()
        ]
        if not numbers:
            return []
        return [Finding(
            "short-texts", "short-texts", "notice", len(numbers),
            "{count} of {rows} texts have fewer than {letters} letters.",
            "There is little in them that a model could learn from: look whether they belong here.",
            {"count": len(numbers), "rows": len(examined.drawn), "letters": config.letters}, examined.samples(numbers),
            (Fix("Leave them out", {"name": "drop-empty", "letters": config.letters}),),
        )]  # fmt: skip


PLUGIN = ShortTexts()

"""Texts in other languages than most."""

from __future__ import annotations

from collections import Counter

from pydantic import Field

from tlstudio.data.detect.language import language
from tlstudio.data.doctor.base import TEXTS, CheckOptions, Examined, Finding, Fix

_MIXED = 0.2  # from this share on, several languages are taken for intended


class Options(CheckOptions):
    """How many rows of a language are told of."""

    rows: int = Field(2, ge=1, le=10_000, title="Fewest rows", description="A language with fewer rows is not told of.")


class Languages:
    """Only answers that are nearly sure count; short texts have none (:mod:`tlstudio.data.detect.language`)."""

    NAME = "languages"
    TITLE = "Mixed languages"
    SUMMARY = "Texts that are in another language than most."
    ROLES = TEXTS
    EMBEDS = False
    USES_MODEL = False
    COST = 90
    Config = Options

    def find(self, config: Options, examined: Examined) -> list[Finding]:
        codes = [language(text) for _first, texts in examined.portions() for text in texts]
        counts = Counter(code for code in codes if code)
        if not counts:
            return []
        main = counts.most_common(1)[0][0]
        others = {code: count for code, count in counts.most_common() if code != main and count >= config.rows}
        numbers = [number for number, code in enumerate(codes) if code in others]
        if not numbers:
            return []
        many = len(numbers) >= _MIXED * counts.total()
        told = ", ".join(f"{code} {count}" for code, count in others.items())
        params = {"count": len(numbers), "rows": len(codes), "main": main, "others": told}
        samples = examined.samples(numbers, [codes[number] for number in numbers])
        if many:
            return [Finding(
                "languages", "several-languages", "notice", len(numbers),
                "The texts are in several languages: {main} and {others}.",
                "A model that knows one language learns little from the others: choose a multilingual one. Dividing by "
                "language tells how well it carries over.",
                params, samples, (_only(main),),
            )]  # fmt: skip
        return [Finding(
            "languages", "other-languages", "warning", len(numbers),
            "{count} of {rows} texts are in another language than most ({main}): {others}.",
            "They are too few to be learnt, and a language can give a label away.", params, samples, (_only(main),),
        )]  # fmt: skip


PLUGIN = Languages()


def _only(main: str) -> Fix:
    return Fix("Keep only the language of most texts", {"name": "keep-languages", "languages": [main]})

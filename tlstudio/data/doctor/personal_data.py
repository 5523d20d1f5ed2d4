"""Texts with personal data."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from pydantic import Field

from tlstudio.data.detect.personal import KINDS, find, masked
from tlstudio.data.doctor.base import TEXTS, CheckOptions, Examined, Finding, Fix


class Options(CheckOptions):
    """Which phone numbers are known."""

    country: str = Field(
        "",
        pattern="^([A-Z]{2})?$",
        title="Country",
        description="Two letters such as DE: its phone numbers are recognised without a country code as well.",
    )


class PersonalData:
    """All texts of a row are looked at. Samples are masked, so that a report does not repeat what it warns of."""

    NAME = "personal-data"
    TITLE = "Personal data"
    SUMMARY = "E-mail addresses, phone, card, bank account and identity numbers in texts."
    ROLES = TEXTS
    EMBEDS = False
    USES_MODEL = False
    COST = 15
    Config = Options

    def find(self, config: Options, examined: Examined) -> list[Finding]:
        rows: dict[int, set[str]] = {}
        for place, column in enumerate(examined.text_columns):
            for first, texts in examined.portions(column, count=place == 0):
                for number, text in enumerate(texts, first):
                    if kinds := {item.kind for item in find(text, KINDS, config.country)}:
                        rows.setdefault(number, set()).update(kinds)
        if not rows:
            return []
        numbers = sorted(rows)
        counts = Counter(kind for kinds in rows.values() for kind in kinds)
        country = {"country": config.country} if config.country else {}
        return [Finding(
            "personal-data", "personal-data", "warning", len(rows),
            "{count} of {rows} texts have personal data: {kinds}.",
            "The model may learn it by heart and give it away with its weights; the law may forbid to use it.",
            {"count": len(rows), "rows": len(examined.drawn),
             "kinds": ", ".join(f"{kind} {counts[kind]}" for kind in KINDS if counts[kind])},
            tuple(replace(sample, text=masked(sample.text, KINDS, config.country)) for sample in
                  examined.samples(numbers, [" ".join(sorted(rows[number])) for number in numbers])),
            (Fix("Mask it", {"name": "mask-personal-data", **country}),),
        )]  # fmt: skip


PLUGIN = PersonalData()

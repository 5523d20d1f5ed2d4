"""What gives the label away: a column beside the text, or a single word in it. Each is measured on rows held out."""

from __future__ import annotations

import re

from pydantic import Field

from tlstudio.data.doctor.base import LABELS, CheckOptions, Examined, Finding, Fix
from tlstudio.data.doctor.leaking_columns import Told, told_by_columns
from tlstudio.data.doctor.leaking_words import Giveaway, giveaways

_NAMED = 6


class Options(CheckOptions):
    """From when on something gives the label away."""

    gain: float = Field(
        0.8,
        gt=0,
        le=1,
        title="Column: gain",
        description="Share of the errors of always guessing the largest class that the column alone would avoid.",
    )
    precision: float = Field(
        0.95, gt=0.5, le=1, title="Word: precision", description="Share of the rows with the word that have the label."
    )
    coverage: float = Field(
        0.1, gt=0, le=1, title="Word: coverage", description="Share of the label's rows that have the word."
    )


class Leaks:
    """Half of the rows is learnt from, and the other half tells how well: rows that were counted flatter."""

    NAME = "leaks"
    TITLE = "Giveaways"
    SUMMARY = "Columns and words that alone predict the label almost perfectly."
    ROLES = LABELS
    EMBEDS = False
    USES_MODEL = False
    COST = 60
    Config = Options

    def find(self, config: Options, examined: Examined) -> list[Finding]:
        findings = [_column(told, examined) for told in told_by_columns(examined) if told.gain >= config.gain]
        if examined.text_columns:
            words = giveaways(examined, config.precision, config.coverage)
            if words:
                findings.append(_words(words, examined))
        return findings


PLUGIN = Leaks()


def _column(told: Told, examined: Examined) -> Finding:
    params = {"column": told.column, "accuracy": round(100 * told.accuracy, 1), "base": round(100 * told.base, 1),
              "by": told.by, "example": told.example}  # fmt: skip
    given = examined.data.roles.get("ignore", ())
    ignored = [*((given,) if isinstance(given, str) and given else given), told.column]
    ignore = Fix("Do not use the column", changes={"roles.ignore": ignored})
    if f"{{{told.column}}}" in examined.data.template:
        return Finding(
            "leaks", "leaking-column-used", "error", 1,
            "The column '{column}' alone predicts the label in {accuracy} % of held-out rows ({base} % by guessing the "
            "largest class), and the text template uses it.",
            "The model will read the label there instead of learning from the text: take it out of the template, "
            "unless it is known in practice.", params, fixes=(_without(told.column, examined.data.template),),
        )  # fmt: skip
    return Finding(
        "leaks", "leaking-column", "notice", 1,
        "The column '{column}' alone predicts the label in {accuracy} % of held-out rows ({base} % by guessing the "
        "largest class), such as {example}.",
        "The model does not read it; but a text that is built from it, or that repeats it, would give the label away.",
        params, fixes=(ignore,),
    )  # fmt: skip


def _without(column: str, template: str) -> Fix:
    """The template without a column and the space that this leaves; none where it names no other one."""
    left = re.sub(r"[^\S\n]{2,}", " ", template.replace(f"{{{column}}}", "")).strip()
    return Fix("Take it out of the template", changes={"template": left if "{" in left else ""})


def _words(words: list[Giveaway], examined: Examined) -> Finding:
    best = words[0]
    told = ", ".join(f"“{word.word}” ({word.label}: {100 * word.precision:.0f} %, {100 * word.coverage:.0f} %)"
                     for word in words[:_NAMED])  # fmt: skip
    numbers = [number for word in words[:_NAMED] for number in word.rows]
    details = [f"{word.word} → {word.label}" for word in words[:_NAMED] for _number in word.rows]
    grave = best.precision >= 0.99 and best.coverage >= 0.9
    return Finding(
        "leaks", "leaking-words", "warning" if grave else "notice", len(words),
        "{count} words or signs predict a label almost alone (label: precision, share of its rows): {words}.",
        "If they are not there in practice, such as a signature or a mark of the source, the model will fail: it has "
        "learnt to look for them. If they belong to the matter, all is well.",
        {"count": len(words), "words": told}, examined.samples(numbers, details),
        (Fix("Take them out of the texts",
             {"name": "remove-tokens", "tokens": [word.word for word in words if word.removable]}),)
        if any(word.removable for word in words) else (),
    )  # fmt: skip

"""Rows whose parts do not fit together: misplaced answers, impossible boxes, missing tags, broken messages."""

from __future__ import annotations

from tlstudio.data.doctor.base import SHOWN, CheckOptions, Examined, Finding, Fix
from tlstudio.data.rowwise import Rule, rules

_FIX = Fix("Leave these rows out", {"name": "drop-flawed"})
_REFUSED = "They cannot be learnt from or tested as they are; a run does not start with such rows."
_MOVED = (
    "Training takes the nearest place where the answer stands, and leaves out questions whose answer stands nowhere; a "
    "test counts them as mistakes."
)
_MESSAGES = {
    "misplaced-answers": "In {count} rows an answer does not stand in the context where it should.",
    "bad-boxes": "In {count} rows a box is impossible, or there are not as many labels as boxes.",
    "uneven-tags": "In {count} rows there are not as many tags as tokens.",
    "bad-messages": "In {count} rows the conversation is broken, or has no answer of the assistant.",
}  # what is no number is told as a row without a label


class Options(CheckOptions):
    """Only the switch."""


class Flawed:
    """All rows are looked at, by the rules that a run goes by."""

    NAME = "flawed"
    TITLE = "Rows that do not fit together"
    SUMMARY = "Answers that stand elsewhere, impossible boxes, missing tags and broken messages."
    ROLES = tuple(
        frozenset(roles)
        for roles in (
            ("answers", "answer_starts", "context"),
            ("boxes", "box_labels"),
            ("tokens", "tags"),
            ("messages",),
        )
    )
    EMBEDS = False
    USES_MODEL = False
    COST = 5
    Config = Options

    def find(self, config: Options, examined: Examined) -> list[Finding]:
        kinds = {name: rule for name, rule in rules(examined.labelled.roles).items() if name in _MESSAGES}
        found = (_finding(examined, name, rule) for name, rule in kinds.items())
        return [finding for finding in found if finding is not None]


PLUGIN = Flawed()


def _finding(examined: Examined, name: str, rule: Rule) -> Finding | None:
    places: list[tuple[str, int]] = []
    details: list[str] = []
    count = 0
    for split, rows in examined.labelled.splits.items():
        first = 0
        for batch in rows.batches(rule.columns(examined.labelled.roles)):
            examined.control.check()
            bad = [(first + index, why) for index, why in enumerate(rule.reasons(batch)) if why]
            count += len(bad)
            room = SHOWN - len(places)
            places += [(split, position) for position, _why in bad[:room]]
            details += [why for _position, why in bad[:room]]
            first += batch.num_rows
            examined.tick(batch.num_rows)
    if not count:
        return None
    # the source of SQuAD refuses such answers itself, unless the user has told it not to
    told = name == "misplaced-answers" and next(iter(examined.labelled.splits.values())).table.source == "squad"
    return Finding(
        "flawed", name, "warning" if told else "error", count, _MESSAGES[name], _MOVED if told else _REFUSED,
        {"count": count}, examined.rows_at(places, details), (_FIX,),
    )  # fmt: skip

"""Rows that stand in the data more than once, within a place and across splits."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from tlstudio.data.detect.keys import earlier
from tlstudio.data.doctor.base import TEXTS, CheckOptions, Examined, Finding, Fix, severe
from tlstudio.data.steps.drop_duplicates import labelled_keys

if TYPE_CHECKING:
    import numpy as np

_SHARE = 0.01  # of the rows, from which on it matters
_MANY = 1_000  # places that are gathered for the samples


class Options(CheckOptions):
    """Only the switch."""


class Duplicates:
    """All rows are looked at. Copies with different labels are contradictions, which another check tells of."""

    NAME = "duplicates"
    TITLE = "Duplicates"
    SUMMARY = "Rows with the same content and label, and rows that are both learnt and tested."
    ROLES = TEXTS
    EMBEDS = False
    USES_MODEL = False
    COST = 1
    Config = Options

    def find(self, config: Options, examined: Examined) -> list[Finding]:
        found = [_across(examined, one, other) for one, other in combinations(examined.labelled.splits, 2)]
        found += [_within(examined, place) for place in examined.places]
        return [finding for finding in found if finding is not None]


PLUGIN = Duplicates()


def _across(examined: Examined, one: str, other: str) -> Finding | None:
    """Rows of a later split that are in an earlier one."""
    import numpy as np

    keys = examined.keys(other)
    first = examined.keys(one)
    hit = np.flatnonzero(np.isin(keys, first) & ~examined.blank(other))
    if not len(hit):
        return None
    rows = len(keys)
    step = {"name": "drop-duplicates", **({"labels": "any"} if examined.together(one, other) else {})}
    return Finding(
        "duplicates", "duplicates-across", severe(len(hit), rows, _SHARE, "error", "warning"), len(hit),
        "{count} of {rows} {other} rows are in the {one} rows as well.",
        "The model has seen these rows with their answers: the score on them says nothing about new ones.",
        {"count": len(hit), "rows": rows, "one": one, "other": other},
        examined.rows_at([(other, int(position)) for position in hit[:_MANY]], _twins(examined, one, first, keys[hit])),
        (Fix("Take them out of the rows that are learnt from", step),),
    )  # fmt: skip


def _twins(examined: Examined, split: str, keys: np.ndarray, wanted: np.ndarray) -> list[str]:
    """Where the first row with each of the wanted keys stands in a split."""
    import numpy as np

    order = np.argsort(keys, kind="stable")
    found = order[np.searchsorted(keys[order], wanted[:_MANY])]
    return [where(examined, split, int(position)) for position in found]


def where(examined: Examined, split: str, position: int) -> str:
    """Split and number of a row, as a short detail."""
    rows = examined.labelled.splits[split]
    return f"= {split} {rows.table.place(int(rows.indices[position]))[1]}"


def _within(examined: Examined, place: list[str]) -> Finding | None:
    """Later copies within one place; of a place that is only tested nothing can be taken."""
    import numpy as np

    splits = examined.labelled.splits
    codes = [splits[split].codes for split in place]
    keys = np.concatenate([examined.keys(split) for split in place])
    if all(part is not None for part in codes):
        keys = labelled_keys(keys, np.concatenate([part for part in codes if part is not None]))
    first = earlier(keys)
    first[np.concatenate([examined.blank(split) for split in place])] = -1
    copies = np.flatnonzero(first >= 0)
    if not len(copies):
        return None
    twins = examined.places_of(place, first[copies[:_MANY]])
    samples = examined.rows_at(examined.places_of(place, copies[:_MANY]), [where(examined, *twin) for twin in twins])
    params = {"count": len(copies), "rows": len(keys), "split": place[0]}
    if place == ["test"]:
        return Finding(
            "duplicates", "duplicates-tested", "notice", len(copies),
            "{count} of {rows} test rows are copies of others.",
            "Each of them counts several times in the score.", params, samples,
            (Fix("Keep the first of each in the test rows, too", {"name": "drop-duplicates", "tested": True}),),
        )  # fmt: skip
    return Finding(
        "duplicates", "duplicates-within", severe(len(copies), len(keys), _SHARE, "warning", "notice"), len(copies),
        "{count} of {rows} rows are copies of others with the same label.",
        "They count several times in training and in the score.", params, samples,
        (Fix("Keep the first of each", {"name": "drop-duplicates"}),),
    )  # fmt: skip

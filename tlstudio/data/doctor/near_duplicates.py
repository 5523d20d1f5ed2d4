"""Texts that differ by a few words only, within a place and across splits, and with different labels."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from pydantic import Field

from tlstudio.data.detect import near
from tlstudio.data.detect.keys import earlier
from tlstudio.data.doctor.base import TEXTS, CheckOptions, Examined, Finding, Fix, drop_learnt, severe
from tlstudio.data.frames import whole_columns

if TYPE_CHECKING:
    import numpy as np

_SHARE = 0.02  # of the rows, from which on it matters
_BOTH_OUT = "Leave both rows of each pair out of training"


class Options(CheckOptions):
    """How similar is too similar."""

    threshold: float = Field(
        0.8,
        ge=0.5,
        le=1,
        title="Least similarity",
        description="Share of words and word pairs that two texts have in common (Jaccard index).",
    )


class NearDuplicates:
    """MinHash finds candidates, and the exact similarity of each is computed (:mod:`tlstudio.data.detect.near`)."""

    NAME = "near-duplicates"
    TITLE = "Near duplicates"
    SUMMARY = "Texts that differ from another by a few words, punctuation or case."
    ROLES = TEXTS
    EMBEDS = False
    USES_MODEL = False
    COST = 120
    Config = Options

    def find(self, config: Options, examined: Examined) -> list[Finding]:
        job = _job(config, examined)
        found = [_across(job, one, other) for one, other in combinations(examined.drawn.splits, 2)]
        found += [_within(job, place) for place in examined.places if place != ["test"]]
        found.append(_contradictions(job))
        return [finding for finding in found if finding is not None]


PLUGIN = NearDuplicates()


@dataclass(frozen=True)
class _Job:
    """``sketch`` and ``shelf`` of the drawn rows; ``keys`` of their contents; ``fresh``: bool [n], no exact copy of an
    earlier row."""

    examined: Examined
    threshold: float
    sketch: near.Sketches
    shelf: near.Shelf
    keys: np.ndarray
    fresh: np.ndarray

    def shelf_of(self, numbers: np.ndarray) -> near.Shelf:
        return lambda wanted: self.shelf(numbers[wanted])

    def groups(self, numbers: np.ndarray) -> np.ndarray | None:
        codes = self.examined.drawn.codes
        return None if codes is None else codes[numbers]


def _job(config: Options, examined: Examined) -> _Job:
    kept: list[near.Shingles] = []
    whole = examined.portions(*whole_columns(examined.labelled.roles))
    sketch = near.sketches((texts for _first, texts in whole), len(examined.drawn), kept)
    keys = examined.drawn_keys()
    return _Job(examined, config.threshold, sketch, near.on_shelf(kept), keys, earlier(keys) < 0)


def _across(job: _Job, one: str, other: str) -> Finding | None:
    """Rows of a later split that are similar to one of an earlier split, and no copy of it."""
    import numpy as np

    examined = job.examined
    others, mine = examined.drawn.numbers(one), examined.drawn.numbers(other)
    mine = mine[~np.isin(job.keys[mine], job.keys[others])]
    alike = near.alike_in(job.sketch.some(mine), job.shelf_of(mine), job.sketch.some(others), job.shelf_of(others),
                          job.threshold, examined.control.check)  # fmt: skip
    hit = np.flatnonzero(alike.partner >= 0)
    if not len(hit):
        return None
    hit = hit[np.argsort(-alike.similarity[hit], kind="stable")]
    rows = len(examined.drawn.numbers(other))
    details = [_detail(job, others[alike.partner[row]], alike.similarity[row]) for row in hit[:100]]
    return Finding(
        "near-duplicates", "near-duplicates-across", severe(len(hit), rows, _SHARE, "warning", "notice"), len(hit),
        "{count} of {rows} {other} rows are nearly the same as one of the {one} rows.",
        "The model has seen their like with the answer: the score on them is better than on really new rows.",
        {"count": len(hit), "rows": rows, "one": one, "other": other}, examined.samples(mine[hit].tolist(), details),
        (Fix("Take their like out of the rows that are learnt from", _step(job, examined.together(one, other))),),
    )  # fmt: skip


def _within(job: _Job, place: list[str]) -> Finding | None:
    import numpy as np

    examined = job.examined
    inside = [number for number, split in enumerate(examined.drawn.splits) if split in place]
    everyone = np.flatnonzero(np.isin(examined.drawn.split, inside))
    numbers = everyone[job.fresh[everyone]]
    own = job.sketch.some(numbers).of_groups(job.groups(numbers))
    alike = near.alike_earlier(own, job.shelf_of(numbers), job.threshold, examined.control.check)
    hit = np.flatnonzero(alike.partner >= 0)
    if not len(hit):
        return None
    hit = hit[np.argsort(-alike.similarity[hit], kind="stable")]
    details = [_detail(job, numbers[alike.partner[row]], alike.similarity[row]) for row in hit[:100]]
    return Finding(
        "near-duplicates", "near-duplicates-within", severe(len(hit), len(everyone), _SHARE, "warning", "notice"),
        len(hit), "{count} of {rows} rows are nearly the same as an earlier one with the same label.",
        "They count several times in training, and make the data look larger than it is.",
        {"count": len(hit), "rows": len(everyone)}, examined.samples(numbers[hit].tolist(), details),
        (Fix("Keep the first of each", _step(job, False)),),
    )  # fmt: skip


def _contradictions(job: _Job) -> Finding | None:
    """Similar texts with different labels; equal texts are no matter of this check."""
    import numpy as np

    examined = job.examined
    codes = examined.drawn.codes
    if codes is None:
        return None
    numbers = np.flatnonzero(job.fresh & (codes >= 0))
    mine = codes[numbers]
    alike = near.alike_earlier(job.sketch.some(numbers), job.shelf_of(numbers), job.threshold, examined.control.check,
                               lambda one, other: mine[one] != mine[other])  # fmt: skip
    hit = np.flatnonzero(alike.partner >= 0)
    if not len(hit):
        return None
    hit = hit[np.argsort(-alike.similarity[hit], kind="stable")]
    both = np.unique(np.concatenate([numbers[hit], numbers[alike.partner[hit]]]))
    details = [f"{examined.labelled.labels[mine[alike.partner[row]]]}: "
               f"{_detail(job, numbers[alike.partner[row]], alike.similarity[row])}" for row in hit[:100]]  # fmt: skip
    return Finding(
        "near-duplicates", "near-contradictions", "notice", len(hit),
        "{count} rows are nearly the same as an earlier one, but have another label.",
        "One of the two labels may be wrong; or the few words that differ decide, which is hard to learn.",
        {"count": len(hit)}, examined.samples(numbers[hit].tolist(), details),
        drop_learnt(examined, both, _BOTH_OUT),
    )  # fmt: skip


def _detail(job: _Job, number: int, similarity: float) -> str:
    drawn, splits = job.examined.drawn, job.examined.labelled.splits
    split, position = drawn.place(int(number))
    row = splits[split].table.place(int(splits[split].indices[position]))[1]
    return f"≈ {split} {row} ({similarity:.2f})"


def _step(job: _Job, any_label: bool) -> dict[str, object]:
    threshold = {} if job.threshold == 0.8 else {"threshold": job.threshold}
    return {"name": "drop-near-duplicates", **threshold, **({"labels": "any"} if any_label else {})}

"""Rows with the same content and different labels."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from tlstudio.data.detect.keys import contradicted
from tlstudio.data.doctor.base import SHOWN, CheckOptions, Examined, Finding, Fix, severe

if TYPE_CHECKING:
    import numpy as np

FIXES = (
    Fix("Keep the most frequent label of each", {"name": "drop-conflicts", "keep": "majority"}),
    Fix("Leave all of them out", {"name": "drop-conflicts", "keep": "none"}),
)
EFFECT = "One of the labels must be wrong, or the classes overlap: no model can get all of these rows right."


class Options(CheckOptions):
    """Only the switch."""


class Conflicts:
    """All rows are looked at."""

    NAME = "conflicts"
    TITLE = "Contradictions"
    SUMMARY = "Rows with the same content and different labels."
    ROLES = tuple(
        frozenset({text, label}) for text in ("text", "question", "source_text") for label in ("label", "labels")
    )
    EMBEDS = False
    USES_MODEL = False
    COST = 1
    Config = Options

    def find(self, config: Options, examined: Examined) -> list[Finding]:
        import numpy as np

        splits = examined.labelled.splits
        codes = [np.asarray(rows.codes) for rows in splits.values()]
        keys = np.concatenate([examined.keys(split) for split in splits])
        hit = contradicted(keys, np.concatenate(codes))
        hit &= ~np.concatenate([examined.blank(split) for split in splits])
        numbers = np.flatnonzero(hit)
        if not len(numbers):
            return []
        numbers = numbers[np.argsort(keys[numbers], kind="stable")]
        contents = len(np.unique(keys[numbers]))
        labels = np.concatenate(codes)
        return [Finding(
            "conflicts", "conflicts", severe(len(numbers), len(keys), 0.001, "warning", "notice"), len(numbers),
            "{count} rows share {contents} contents, but not the label.", EFFECT,
            {"count": len(numbers), "contents": contents},
            examined.rows_at(examined.places_of(list(splits), numbers[:SHOWN]), told(keys[numbers], labels[numbers],
                                                              examined.labelled.labels)), FIXES,
        )]  # fmt: skip


PLUGIN = Conflicts()


def told(keys: np.ndarray, codes: np.ndarray, names: list[str]) -> list[str]:
    """The labels of each row's content with their numbers, such as "earn 3 / acq 1", for as many rows as are shown."""
    found = []
    counts: dict[int, Counter[int]] = {}
    for key, code in zip(keys.tolist(), codes.tolist(), strict=True):
        counts.setdefault(key, Counter())[code] += 1
    for key in keys[:SHOWN].tolist():
        found.append(
            " / ".join(f"{names[code] if code >= 0 else ''} {count}" for code, count in counts[key].most_common())
        )
    return found

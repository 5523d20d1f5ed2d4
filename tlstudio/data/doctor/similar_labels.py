"""Labels that look like one another: in another form, or with a typing error."""

from __future__ import annotations

from collections.abc import Mapping

from tlstudio.data.detect.labels import counted, look_alikes, parts, typing_errors
from tlstudio.data.doctor.base import LABELS, SHOWN, CheckOptions, Examined, Finding, Fix, Sample

_NAMED = 5  # pairs that are named in the sentence


class Options(CheckOptions):
    """Only the switch."""


class SimilarLabels:
    """Every label that occurs is compared."""

    NAME = "similar-labels"
    TITLE = "Similar labels"
    SUMMARY = "Labels that differ only in case, spaces, hyphens or Unicode form, or by a typing error."
    ROLES = LABELS
    EMBEDS = False
    USES_MODEL = False
    COST = 1
    Config = Options

    def find(self, config: Options, examined: Examined) -> list[Finding]:
        counts = label_counts(examined)
        same = look_alikes(counts)
        left = {label: count for label, count in counts.items() if label not in same}
        misspelt = typing_errors(left)
        findings = []
        if same:
            findings.append(Finding(
                "similar-labels", "similar-labels", "warning", len(same),
                "{count} labels are others in another form: {pairs}.",
                "They are learnt as different classes, and an answer in the other form counts as wrong.",
                {"count": len(same), "pairs": _pairs(same)}, _samples(examined, same),
                (Fix("Join them", {"name": "merge-similar-labels"}),),
            ))  # fmt: skip
        if misspelt:
            findings.append(Finding(
                "similar-labels", "misspelt-labels", "notice", len(misspelt),
                "{count} rare labels may be misspelt: {pairs}.",
                "If so, they are classes with hardly any examples, and their rows count as wrong.",
                {"count": len(misspelt), "pairs": _pairs(misspelt)}, _samples(examined, misspelt),
                (Fix("Rename them", {"name": "rename-labels", "labels": misspelt}),),
            ))  # fmt: skip
        return findings


PLUGIN = SimilarLabels()


def label_counts(examined: Examined) -> dict[str, int]:
    """Rows of each single label in all splits."""
    total: dict[str, int] = {}
    for rows in examined.labelled.splits.values():
        for name, count in rows.counts().items():
            total[name] = total.get(name, 0) + count
    return counted(total, examined.separator)


def _pairs(same: Mapping[str, str]) -> str:
    shown = ", ".join(f"{label} → {other}" for label, other in list(same.items())[:_NAMED])
    return f"{shown} …" if len(same) > _NAMED else shown


def _samples(examined: Examined, same: Mapping[str, str]) -> tuple[Sample, ...]:
    return rows_of(examined, same, [f"→ {other}" for other in same.values()])


def rows_of(examined: Examined, labels: Mapping[str, object], details: list[str]) -> tuple[Sample, ...]:
    """Some rows of each of the labels, with the detail of their label."""
    import numpy as np

    each = max(1, SHOWN // max(len(labels), 1))
    wanted = dict(zip(labels, details, strict=True))
    names = [set(parts(name, examined.separator)) & wanted.keys() for name in examined.labelled.labels]
    places, reasons, taken = [], [], dict.fromkeys(wanted, 0)
    for split, rows in examined.labelled.splits.items():
        codes = np.asarray(rows.codes)
        for code in [number for number, found in enumerate(names) if found]:
            for label in sorted(names[code]):
                for position in np.flatnonzero(codes == code)[: each - taken[label]].tolist():
                    places.append((split, position))
                    reasons.append(wanted[label])
                    taken[label] += 1
    return examined.rows_at(places, reasons)

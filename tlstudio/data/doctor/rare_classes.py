"""Classes that are too small to be learnt, or to be divided."""

from __future__ import annotations

from pydantic import Field

from tlstudio.data.detect.labels import counted
from tlstudio.data.doctor.base import LABELS, CheckOptions, Examined, Finding, Fix, Sample
from tlstudio.data.doctor.similar_labels import rows_of

_NAMED = 8


class Options(CheckOptions):
    """How small is too small."""

    minimum: int = Field(
        10, ge=2, le=100_000, title="Fewest rows", description="Classes with fewer rows in the training place are rare."
    )


class RareClasses:
    """The rows that are divided count together: with two of them a class can be learnt from one and tested with one."""

    NAME = "rare-classes"
    TITLE = "Rare classes"
    SUMMARY = "Classes with too few rows to be learnt and tested."
    ROLES = LABELS
    EMBEDS = False
    USES_MODEL = False
    COST = 1
    Config = Options

    def find(self, config: Options, examined: Examined) -> list[Finding]:
        counts = training_counts(examined)
        apart = not any("train" in place and "test" in place for place in examined.places)
        single = {label: count for label, count in counts.items() if count < (1 if apart else 2)}
        rare = {label: count for label, count in counts.items() if label not in single and count < config.minimum}
        findings = []
        if single:
            findings.append(Finding(
                "rare-classes", "single-classes", "error", len(single),
                "{count} classes have too few training rows to be both learnt and tested: {labels}.",
                "A run does not start with such classes.",
                {"count": len(single), "labels": _named(single)}, _samples(examined, single),
                (Fix("Leave these classes out", {"name": "drop-rare-classes"}),),
            ))  # fmt: skip
        if rare:
            findings.append(Finding(
                "rare-classes", "rare-classes", "warning", len(rare),
                "{count} classes have fewer than {minimum} rows: {labels}.",
                "They are hardly learnt, and their scores hang on single rows.",
                {"count": len(rare), "minimum": config.minimum, "labels": _named(rare)}, _samples(examined, rare),
                (Fix("Leave these classes out", {"name": "drop-rare-classes", "minimum": config.minimum}),),
            ))  # fmt: skip
        return findings


PLUGIN = RareClasses()


def training_counts(examined: Examined) -> dict[str, int]:
    """Rows of each single label in the place that training rows come from; 0 for labels of other places only."""
    total = dict.fromkeys(examined.labelled.labels, 0)
    for split in next(place for place in examined.places if "train" in place):
        for name, count in examined.labelled.splits[split].counts().items():
            total[name] += count
    return counted(total, examined.separator)


def _samples(examined: Examined, labels: dict[str, int]) -> tuple[Sample, ...]:
    return rows_of(examined, labels, [str(count) for count in labels.values()])


def _named(labels: dict[str, int]) -> str:
    shown = ", ".join(f"{label} ({count})" for label, count in list(labels.items())[:_NAMED])
    return f"{shown} …" if len(labels) > _NAMED else shown

"""Classes of very different size."""

from __future__ import annotations

from pydantic import Field

from tlstudio.data.detect.labels import counted
from tlstudio.data.doctor.base import LABELS, CheckOptions, Examined, Finding, Fix


class Options(CheckOptions):
    """How uneven is too uneven."""

    ratio: float = Field(
        10.0, ge=2, le=10_000, title="Largest ratio", description="Rows of the largest class for one of the smallest."
    )


class Imbalance:
    """Only the training rows count: they decide what is learnt."""

    NAME = "imbalance"
    TITLE = "Uneven classes"
    SUMMARY = "Classes of very different size."
    ROLES = LABELS
    EMBEDS = False
    USES_MODEL = False
    COST = 1
    Config = Options

    def find(self, config: Options, examined: Examined) -> list[Finding]:
        rows = examined.labelled.splits["train"]
        counts = counted(rows.counts(), examined.separator)
        if len(counts) < 2 or examined.data.balance == "classes":
            return []
        large, small = max(counts, key=lambda label: counts[label]), min(counts, key=lambda label: counts[label])
        ratio = counts[large] / counts[small]
        if ratio < config.ratio:
            return []
        behind = [label for label, count in counts.items() if counts[large] / count >= config.ratio]
        return [Finding(
            "imbalance", "imbalance", "warning", len(behind),
            "'{large}' has {most} training rows and '{small}' has {fewest}: {ratio} times as many.",
            "Always answering '{large}' is right in {share} % of the rows: accuracy says little, and small classes are "
            "neglected. Look at macro F1.",
            {"large": large, "most": counts[large], "small": small, "fewest": counts[small], "ratio": round(ratio),
             "share": round(100 * counts[large] / max(len(rows), 1)), "count": len(behind)},
            fixes=(Fix("Show every class equally often in training", changes={"balance": "classes"}),),
        )]  # fmt: skip


PLUGIN = Imbalance()

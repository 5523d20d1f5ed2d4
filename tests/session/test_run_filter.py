"""Which runs are found."""

from __future__ import annotations

import pytest

from tlstudio.session.run_filter import RunFilter
from tlstudio.session.run_summary import RunSummary

RUNS = [
    RunSummary("1-mini", "/r/1", "", "tickets", "org/Mini", "LoRA", "text-classification", "completed", "accuracy",
               0.912, tags=("paper",), star=True),
    RunSummary("2-base", "/r/2", "", "reviews", "org/base", "Full", "regression", "failed", note="out of memory"),
    RunSummary("3-base", "/r/3", "", "tickets", "org/base", "LoRA", "text-classification", "completed", "perplexity",
               18.7, tags=("Paper", "old")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (RunFilter(), "123"),
        (RunFilter("lora TICKETS"), "13"),
        (RunFilter("91.2"), "1"),
        (RunFilter("memory"), "2"),
        (RunFilter("#old"), "3"),
        (RunFilter("lora nothing"), ""),
        (RunFilter(states=("failed", "stopped")), "2"),
        (RunFilter(tasks=("text-classification",), text="base"), "3"),
        (RunFilter(tags=("PAPER",)), "13"),
        (RunFilter(tags=("paper", "old")), "3"),
        (RunFilter(star=True), "1"),
    ],
)
def test_filter(wanted, found) -> None:
    assert "".join(run.id[0] for run in wanted.of(RUNS)) == found
    assert wanted.empty == (wanted == RunFilter())

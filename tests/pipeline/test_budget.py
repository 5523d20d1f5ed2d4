"""Whether a point keeps a budget."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from tlstudio.pipeline.budget import Budget, latency_key

POINT = {
    "lost": 0.01, "bytes": 20e6, "memory_bytes": 300e6,
    "latency": {"1": {"median_ms": 5.0}, "16": {"median_ms": 60.0}, "1-thread": {"median_ms": 8.0},
                "1-thread-16": {"median_ms": 100.0}},
}  # fmt: skip


@pytest.mark.parametrize(
    ("limits", "kept"),
    [
        ({}, True),  # the usual one: a hundredth of the score
        ({"lost": 0.0099}, False),
        ({"lost": None, "size_mb": 20}, True),
        ({"lost": None, "size_mb": 19.9}, False),
        ({"latency_ms": 5}, True),
        ({"latency_ms": 5, "threads": "one"}, False),
        ({"latency_ms": 60, "batch": 16}, True),
        ({"latency_ms": 60, "batch": 16, "threads": "one"}, False),
        ({"memory_mb": 300}, True),
        ({"memory_mb": 299}, False),
    ],
)
def test_each_limit_counts_by_itself(limits, kept):
    assert Budget(**limits).holds(POINT) is kept


def test_a_form_that_is_better_than_the_model_loses_nothing():
    assert Budget(lost=0).holds({**POINT, "lost": -0.02})


def test_every_latency_has_its_own_name():
    names = {latency_key(batch, threads) for batch in (1, 16) for threads in ("all", "one")}
    assert names == set(POINT["latency"])


@pytest.mark.parametrize("wrong", [{"lost": -1}, {"size_mb": 0}, {"batch": 2}, {"threads": "two"}, {"price": 1}])
def test_what_is_no_budget(wrong):
    with pytest.raises(ValidationError):
        Budget(**wrong)

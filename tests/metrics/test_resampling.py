"""Resamples as weights."""

from __future__ import annotations

import numpy as np
import pytest

from tlstudio.core.errors import Cancelled
from tlstudio.metrics import resampling


def test_each_resample_has_as_many_rows_as_the_test():
    weights = np.concatenate(list(resampling.blocks(37, 500, seed=1)), axis=1)
    assert weights.shape == (37, 500)
    assert (weights.sum(axis=0) == 37).all()
    assert weights.mean() == pytest.approx(1)
    assert weights.var() == pytest.approx(1 - 1 / 37, rel=0.1)  # multinomial


def test_large_tests_come_in_blocks_and_can_be_cancelled(monkeypatch):
    monkeypatch.setattr(resampling, "_BLOCK_CELLS", 100)
    calls = []
    assert [block.shape[1] for block in resampling.blocks(30, 8, 1, lambda: calls.append(1))] == [3, 3, 2]
    assert len(calls) == 3

    def check() -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        list(resampling.blocks(30, 8, 1, check))


def test_interval():
    samples = np.arange(1001) / 1000
    assert resampling.interval(0.5, samples) == pytest.approx({"value": 0.5, "low": 0.025, "high": 0.975})
    assert resampling.interval(0.01, samples)["low"] == 0.01
    assert resampling.interval(0.5, np.full(9, np.nan)) == {"value": 0.5, "low": 0.5, "high": 0.5}
    assert resampling.interval(np.nan, samples) == {"value": None, "low": None, "high": None}

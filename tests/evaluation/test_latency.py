"""Latency is measured in turns, after a warm-up."""

from __future__ import annotations

import time

import pytest

from tlstudio.core.control import Control
from tlstudio.core.errors import Cancelled
from tlstudio.evaluation import latency


class _Sleeper:
    def __init__(self, name: str, seconds: float, calls: list) -> None:
        self.name, self.format, self._seconds, self._calls = name, "pytorch", seconds, calls

    def outputs(self, batch):
        self._calls.append((self.name, [tuple(row["input_ids"]) for row in batch]))
        time.sleep(self._seconds)


ENCODED = [{"input_ids": [index, index + 1]} for index in range(5)]


def test_times_and_shape_of_the_result():
    calls: list = []
    scorers = {"fast": _Sleeper("fast", 0.001, calls), "slow": _Sleeper("slow", 0.01, calls)}
    found = latency.measure(scorers, ENCODED, repetitions=6, control=Control())
    assert set(found) == {"fast", "slow"}
    assert set(found["fast"]) == {"1", "16"}
    assert found["fast"]["1"]["median_ms"] < found["slow"]["1"]["median_ms"]
    assert 10 <= found["slow"]["1"]["median_ms"] <= found["slow"]["1"]["p95_ms"]
    assert found["slow"]["1"]["repetitions"] == 6
    assert {len(batch) for _, batch in calls} == {1, 16}


def test_models_take_turns_on_the_same_batches():
    calls: list = []
    scorers = {name: _Sleeper(name, 0, calls) for name in ("a", "b")}
    latency.measure(scorers, ENCODED, batches=(2,), repetitions=4, control=Control())
    timed = calls[6:]  # three warm-up batches for each
    assert [name for name, _ in timed] == ["a", "b", "b", "a", "a", "b", "b", "a"]
    assert all(timed[i][1] == timed[i + 1][1] for i in range(0, 8, 2))


def test_a_slow_model_ends_early_but_not_before_five_repetitions():
    scorers = {"slow": _Sleeper("slow", 0.005, [])}
    found = latency.measure(scorers, ENCODED, batches=(1,), repetitions=50, control=Control(), seconds=0.001)
    assert found["slow"]["1"]["repetitions"] == 5


def test_can_be_cancelled():
    control = Control()
    control.cancel()
    with pytest.raises(Cancelled):
        latency.measure({"a": _Sleeper("a", 0, [])}, ENCODED, control=control)

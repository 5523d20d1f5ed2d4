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


def _all(scorers: dict) -> dict:
    return {name: (scorer, ENCODED) for name, scorer in scorers.items()}


def test_times_and_shape_of_the_result():
    calls: list = []
    scorers = _all({"fast": _Sleeper("fast", 0.001, calls), "slow": _Sleeper("slow", 0.01, calls)})
    found = latency.measure(scorers, repetitions=6, control=Control())
    assert set(found) == {"fast", "slow"}
    assert set(found["fast"]) == {"1", "16"}
    assert found["fast"]["1"]["median_ms"] < found["slow"]["1"]["median_ms"]
    assert 10 <= found["slow"]["1"]["median_ms"] <= found["slow"]["1"]["p95_ms"]
    assert found["slow"]["1"]["repetitions"] == 6
    assert 0 <= found["slow"]["1"]["busy"] <= 1
    assert {len(batch) for _, batch in calls} == {1, 16}


def test_models_take_turns_on_the_same_batches():
    calls: list = []
    scorers = _all({name: _Sleeper(name, 0, calls) for name in ("a", "b")})
    latency.measure(scorers, batches=(2,), repetitions=4, control=Control())
    timed = calls[6:]  # three warm-up batches for each
    assert [name for name, _ in timed] == ["a", "b", "b", "a", "a", "b", "b", "a"]
    assert all(timed[i][1] == timed[i + 1][1] for i in range(0, 8, 2))


def test_a_slow_model_ends_early_but_not_before_five_repetitions():
    scorers = _all({"slow": _Sleeper("slow", 0.005, [])})
    found = latency.measure(scorers, batches=(1,), repetitions=50, control=Control(), seconds=0.001)
    assert found["slow"]["1"]["repetitions"] == 5


def test_can_be_cancelled():
    control = Control()
    control.cancel()
    with pytest.raises(Cancelled):
        latency.measure(_all({"a": _Sleeper("a", 0, [])}), control=control)


def test_each_model_gets_the_same_rows_as_it_reads_them():
    calls: list = []
    other = [{"input_ids": [100 + index]} for index in range(5)]
    models = {"a": (_Sleeper("a", 0, calls), ENCODED), "b": (_Sleeper("b", 0, calls), other)}
    latency.measure(models, batches=(2,), repetitions=2, control=Control())
    first, second = calls[4:6]  # two warm-up batches for each
    assert [ids[0] for ids in first[1]] == [ids[0] - 100 for ids in second[1]]

"""Numbers as text."""

from __future__ import annotations

import pytest

from tlstudio.core import numbers


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (90868376, "90.9 MB"), (438e6, "438 MB"), (2e12, "2000 GB")],
)
def test_size(value, text):
    assert numbers.size(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(4.21, "4.2 s"), (59.7, "1 min 0 s"), (270, "4 min 30 s"), (7500, "2 h 5 min")]
)
def test_duration(value, text):
    assert numbers.duration(value) == text


def test_interval():
    assert numbers.interval({"value": 0.97625, "low": 0.9691, "high": 0.982}) == "0.976 (0.969–0.982)"
    assert numbers.interval({"value": None, "low": None, "high": None}) == numbers.DASH
    assert numbers.interval({"value": 1.0}) == "1.000"


def test_nothing_is_a_dash():
    for function in (numbers.count, numbers.score, numbers.interval, numbers.percent, numbers.size):
        assert function(None) == numbers.DASH
    assert numbers.milliseconds(None) == numbers.duration(None) == numbers.DASH


def test_others():
    assert numbers.count(5485) == "5,485"
    assert numbers.percent(0.0312) == "3.1 %"
    assert [numbers.milliseconds(value) for value in (0.123, 17.53, 430.4)] == ["0.12 ms", "17.5 ms", "430 ms"]

"""The estimate of energy says its number and what it assumes."""

from __future__ import annotations

import pytest

from tlstudio.export import energy


@pytest.mark.parametrize(
    ("training", "words"),
    [
        ({"seconds": 3600, "device": "cpu", "threads": 4}, ("60 Wh", "60 W", "assumed: 10 W for each of 4 threads")),
        ({"seconds": 36_000, "device": "cuda"}, ("3.2 kWh", "320 W", "assumed: 300 W for the accelerator")),
        ({"seconds": 3600, "device": "cpu", "watts": 45}, ("45 Wh", "45 W", "as measured")),
    ],
)
def test_energy_is_time_by_power(training, words):
    said = energy.told(training)
    for word in (*words, "estimate"):
        assert word in said


def test_without_a_time_nothing_is_said():
    assert energy.told({}) == ""

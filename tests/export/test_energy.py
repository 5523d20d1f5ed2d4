"""The estimate of energy says its number and what it assumes."""

from __future__ import annotations

import pytest

from tlstudio.export import energy


@pytest.mark.parametrize(
    ("training", "words"),
    [
        ({"seconds": 3600, "device": "cpu", "threads": 4}, ("60 Wh", "60 W", "assumed: 10 W for each of 4 threads")),
        ({"seconds": 36_000, "device": "cuda"}, ("3.2 kWh", "320 W", "assumed: 300 W for the accelerator")),
        (
            {"seconds": 3600, "device": "cpu", "watts": 45.0, "watts_from": "stated"},
            ("45 Wh", "45 W", "as the recipe states"),
        ),
        ({"seconds": 3600, "threads": 1}, ("30 Wh", "assumed: 10 W for one thread and")),
        ({"seconds": 3600, "threads": 2, **energy.power("cpu", 2)}, ("40 Wh", "assumed: 10 W for each of 2 threads")),
    ],
)
def test_energy_is_time_by_power(training, words):
    said = energy.told(training)
    for word in (*words, "estimate"):
        assert word in said


def test_without_a_time_nothing_is_said():
    assert energy.told({}) == ""


def test_what_is_assumed_depends_on_the_device_and_gives_way_to_what_is_stated():
    assert energy.power("cpu", 4) == {"watts": 60.0, "watts_from": "assumed"}
    assert energy.power("cuda", 4)["watts"] == 320.0
    assert energy.power("cuda", 4, 55) == {"watts": 55.0, "watts_from": "stated"}

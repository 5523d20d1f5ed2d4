"""Geometry of the drawings."""

from __future__ import annotations

import itertools
import math

import pytest

from tlstudio.evaluation import charts


@pytest.mark.parametrize(
    ("low", "high"), [(0, 1), (0.0013, 0.0042), (0, 5e-5), (-3, 7), (2, 2), (0, 0), (-1, -1), (0, 12345)]
)
def test_ticks_cover_the_range(low, high):
    found = charts.ticks(low, high)
    assert found[0] <= low
    assert found[-1] >= high
    assert 2 <= len(found) <= 8
    steps = {round(b - a, 12) for a, b in itertools.pairwise(found)}
    assert len(steps) == 1


def test_lines_stay_inside_and_skip_what_is_not_finite():
    points = [(0.5, 2.0), (1.0, math.nan), (2.0, 0.5), (3.0, math.inf)]
    chart = charts.line_chart("Loss", "Epoch", [charts.Series("Training", "one", points, dots=True)], mark=2.0)
    assert chart is not None
    [line] = chart["lines"]
    places = [tuple(map(float, place.split(","))) for place in line["path"].split()]
    assert len(places) == len(line["dots"]) == 2
    assert all(chart["left"] <= x <= chart["right"] and chart["top"] <= y <= chart["bottom"] for x, y in places)
    assert places[0][1] < places[1][1]  # a larger value is higher, so its y is smaller
    assert chart["mark"] == places[1][0]


def test_nothing_to_draw():
    assert charts.line_chart("Loss", "Epoch", [charts.Series("Training", "one", [])]) is None
    assert charts.reliability([{"low": 0, "high": 1, "confidence": None, "accuracy": None, "count": 0}]) is None


def test_many_points_become_means():
    points = [(float(index), float(index % 2)) for index in range(100_000)]
    chart = charts.line_chart("Loss", "Epoch", [charts.Series("Training", "one", points)])
    assert chart is not None
    assert len(chart["lines"][0]["path"].split()) <= 400


def test_bars_stand_on_the_axis():
    bins = [
        {"low": 0.5, "high": 1.0, "confidence": 0.8, "accuracy": 0.75, "count": 4},
        {"low": 0.0, "high": 0.5, "confidence": 0.4, "accuracy": 0.0, "count": 1},
    ]
    chart = charts.reliability(bins)
    assert chart is not None
    full, empty = chart["bars"]
    assert full["y"] + full["height"] == pytest.approx(chart["bottom"])
    assert empty["height"] == 0
    assert full["opacity"] == 1 > empty["opacity"]

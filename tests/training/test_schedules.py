"""The learning rate over the steps."""

from __future__ import annotations

import math

import pytest

from tlstudio.training.schedules import NAMES, factor


@pytest.mark.parametrize("name", NAMES)
def test_it_rises_to_its_peak_and_never_leaves_the_range(name):
    values = [factor(name, step, 100, 10) for step in range(101)]
    assert max(values) == values[10] == 1.0
    assert all(0 <= value <= 1 for value in values)
    assert values[:11] == sorted(values[:11])
    assert values[10:] == sorted(values[10:], reverse=True)


def test_ends():
    ends = {name: factor(name, 100, 100, 10) for name in NAMES}
    assert ends == pytest.approx({
        "linear": 0, "cosine": 0, "constant": 1, "slanted-triangular": 1 / 32, "inverse-sqrt": math.sqrt(0.1),
    })  # fmt: skip
    assert factor("slanted-triangular", 0, 100, 10) == pytest.approx(1 / 32)
    assert factor("cosine", 55, 100, 10) == pytest.approx(0.5)


@pytest.mark.parametrize("name", NAMES)
def test_without_warm_up_and_without_steps(name):
    assert factor(name, 0, 10, 0) == 1
    assert 0 <= factor(name, 1, 1, 0) <= 1

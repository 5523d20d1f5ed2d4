"""When two answers mean the same."""

from __future__ import annotations

import numpy as np
import pytest

from tlstudio.models import heads
from tlstudio.models.heads import Head


def _numbers(*values):
    return [np.array([value], np.float32) for value in values]


def test_numbers_are_alike_within_a_part_of_their_spread():
    head = Head(kind="values")
    assert head.agreement(_numbers(0.0, 5.1, 9.0), _numbers(0.0, 5.0, 10.0)) == pytest.approx(2 / 3)


@pytest.mark.parametrize("count", [1, 3])
def test_rounding_of_equal_numbers_does_not_count(count):
    head, near = Head(kind="values"), np.nextafter(np.float32(70.0), np.float32(71.0))
    assert head.agreement(_numbers(*[near] * count), _numbers(*[70.0] * count)) == 1.0
    assert head.agreement(_numbers(*[71.0] * count), _numbers(*[70.0] * count)) == 0.0
    assert head.agreement(_numbers(*[1e-12] * count), _numbers(*[0.0] * count)) == 1.0


def test_the_spread_is_looked_at_once(monkeypatch):
    asked, plain = [], heads.spread
    monkeypatch.setattr(heads, "spread", lambda reference: asked.append(1) or plain(reference))
    assert Head(kind="values").agreement(_numbers(*range(50)), _numbers(*range(50))) == 1.0
    assert len(asked) == 1


@pytest.mark.parametrize("kind", ["classes", "places", "signs", "values"])
def test_an_answer_of_another_shape_is_another_one(kind):
    one, other = np.eye(4, 2, dtype=np.float32), np.eye(3, 2, dtype=np.float32)
    assert Head(kind=kind, per_token=True).agreement([one, other], [one, one]) == 0.5

"""Embeddings judged: samples, and a baseline that knows only letters."""

from __future__ import annotations

import pytest

from tlstudio.core.errors import Cancelled
from tlstudio.metrics import ranking
from tlstudio.metrics.names import METRICS
from tlstudio.tasks import judged
from tlstudio.tasks.pair_losses import LOSSES


def test_every_kind_has_metrics_and_losses_that_are_known():
    for kind in judged.KINDS.values():
        assert set(kind.losses) <= set(LOSSES)
        assert {*kind.quick, kind.headline} <= set(METRICS)
    assert {loss for kind in judged.KINDS.values() for loss in kind.losses} == set(LOSSES)


def test_letters_find_texts_that_are_spelt_alike():
    train = ["international law", "green apples", "the history of rome", "退款 请 处理"]
    sides = judged.letters(train, [["internationally", "apple", "退款"], ["green apple", "international", "退款 请"]],
                           lambda: None)  # fmt: skip
    found = [places[0][0] for places in ranking.nearest(sides[0], sides[1], 1)]
    assert found == [1, 0, 2]


def test_letters_can_be_cancelled():
    def check():
        raise Cancelled

    with pytest.raises(Cancelled):
        judged.letters(["a text"], [["a"], ["b"]], check)


def test_rows_shown_are_spread_and_the_worst_come_first():
    score = [1.0, 0.5, 0.0]
    assert judged.spread(score) == [2, 1, 0]
    many = judged.spread([1.0] * 1000)
    assert len(many) == 50
    assert {0, 999} <= set(many)
    assert judged.spread([]) == []

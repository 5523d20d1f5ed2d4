"""The order of the training rows: seeded by epoch, grouped by length, and thinned by callbacks."""

from __future__ import annotations

import numpy as np
import pytest

from tlstudio.models.callbacks import Callback
from tlstudio.training.balance import balanced_indices
from tlstudio.training.order import Order, grouped_by_length


def test_each_epoch_holds_every_row_once_in_an_order_of_its_own():
    order = Order(50, 7, 8)
    first = list(order)
    assert sorted(first) == list(range(50)) != first
    assert list(order) == first == list(Order(50, 7, 8)), "the same epoch again"
    order.epoch = 1
    assert sorted(order) == list(range(50))
    assert list(order) != first != list(Order(50, 8, 8))


class OnlyEven(Callback):
    def order(self, rows):
        return (row for row in rows if row % 2 == 0)


def test_rows_that_a_callback_leaves_out_are_replaced_by_others():
    rows = list(Order(50, 7, 8, callbacks=[OnlyEven()]))
    assert len(rows) == 50
    assert sorted(rows) == sorted([*range(0, 50, 2)] * 2)


def test_rows_of_like_length_come_together():
    lengths = np.random.default_rng(0).integers(5, 100, 400)
    labels = [0] * 360 + [1] * 40
    order = Order(400, 7, 8, lengths.tolist(), labels)
    indices = list(order)
    assert len(order) == len(indices) == 400
    assert sorted(indices) == sorted(balanced_indices(labels, 7, 0).tolist())
    drawn = lengths[indices]
    assert drawn[0] == drawn.max()
    spread = np.mean([np.ptp(drawn[start : start + 8]) for start in range(0, 400, 8)])
    assert spread < 20 < np.ptp(lengths) / 2
    order.epoch = 1
    assert list(order) != indices


@pytest.mark.parametrize("count", [0, 1, 7])
def test_few_rows_are_grouped_too(count):
    indices = np.arange(count)
    assert sorted(grouped_by_length(indices, np.arange(count) + 1, 16).tolist()) == list(range(count))

"""Averages over steps are what is validated and kept."""

from __future__ import annotations

import pytest
import torch

from tlstudio.models.heads import Head
from tlstudio.regularisation.weight_averaging import PLUGIN, Options


def walked(network, loop, steps=40, **options):
    """Adds 1 to a weight in each step; gives the callback and the weight."""
    callback = PLUGIN.callback(Options(**options), Head())
    callback.begin(loop)
    weight = network.classifier.bias
    with torch.no_grad():
        weight.zero_()
        for step in range(1, steps + 1):
            weight += 1.0
            callback.stepped(step)
    return callback, weight


def test_swa_is_the_mean_after_its_start(network, loop):
    callback, weight = walked(network, loop, kind="swa", start=0.5)
    with callback.evaluating():
        assert weight.tolist() == pytest.approx([30.5] * 3)  # 21 … 40
    assert weight.tolist() == [40.0] * 3
    callback.end()
    assert weight.tolist() == pytest.approx([30.5] * 3)


def test_ema_forgets(network, loop):
    callback, weight = walked(network, loop, kind="ema", decay=0.5)
    with callback.evaluating():
        assert 38 < weight[0] < 40
    average = 1.0
    for step in range(2, 41):
        average += max(0.5, 1 / (1 + step)) * (step - average)
    with callback.evaluating():
        assert float(weight[0].detach()) == pytest.approx(average)


def test_an_error_in_validation_gives_the_weights_back(network, loop):
    callback, weight = walked(network, loop)
    with pytest.raises(ZeroDivisionError), callback.evaluating():
        raise ZeroDivisionError
    assert weight.tolist() == [40.0] * 3


def test_before_its_start_nothing_is_averaged(network, loop):
    callback, weight = walked(network, loop, steps=5, kind="swa", start=0.5)
    with callback.evaluating():
        assert weight.tolist() == [5.0] * 3
    callback.end()
    assert weight.tolist() == [5.0] * 3


def test_it_goes_on_from_its_state(network, loop):
    callback, weight = walked(network, loop)
    other = PLUGIN.callback(Options(), Head())
    other.begin(loop)
    other.restore(callback.state())
    with callback.evaluating():
        expected = weight.tolist()
    with other.evaluating():
        assert weight.tolist() == expected

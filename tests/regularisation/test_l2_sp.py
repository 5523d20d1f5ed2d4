"""L2-SP: the penalty is measured from the pretrained weights, and from zero for the head."""

from __future__ import annotations

import pytest
import torch

from tlstudio.models.heads import Head
from tlstudio.regularisation.l2_sp import PLUGIN, Options


def test_the_penalty(network, loop, given):
    callback = PLUGIN.callback(Options(strength=0.5, head=0.25), Head())
    callback.begin(loop)
    with torch.no_grad():
        network.bert.layer[0].weight += 2.0
    value = torch.zeros(())
    expected = 0.5 * 0.5 * 16 * 4 + 0.5 * 0.25 * float(
        network.classifier.weight.square().sum() + network.classifier.bias.square().sum()
    )
    found = callback.loss(given, None, value)
    assert float(found) == pytest.approx(expected, rel=1e-5)
    found.backward()
    assert float(network.bert.layer[0].weight.grad.mean()) == pytest.approx(0.5 * 2.0)


def test_frozen_weights_do_not_count(network, loop, given):
    network.requires_grad_(False)
    callback = PLUGIN.callback(Options(), Head())
    callback.begin(loop)
    with torch.no_grad():
        network.bert.layer[0].weight += 2.0
    assert float(callback.loss(given, None, torch.zeros(()))) == 0

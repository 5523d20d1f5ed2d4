"""R-Drop: nothing without dropout, the divergence of the paper with it."""

from __future__ import annotations

import pytest
import torch

from tlstudio.models.heads import Head
from tlstudio.regularisation.r_drop import PLUGIN, Options


def test_without_dropout_the_loss_stays_and_the_user_is_told(given, network, loop):
    network.bert.dropout.p = 0.0
    callback = PLUGIN.callback(Options(weight=3), Head())
    callback.begin(loop)
    assert loop.emit.codes() == ["regularise.no-dropout"]
    outputs, value = given.again()
    assert float(callback.loss(given, outputs, value)) == pytest.approx(float(value))


def test_the_divergence_is_that_of_the_paper(given, network, loop):
    callback = PLUGIN.callback(Options(weight=3), Head())
    callback.begin(loop)
    assert loop.emit.codes() == []
    torch.manual_seed(5)
    outputs, value = given.again()
    state = torch.get_rng_state()
    found = callback.loss(given, outputs, value)
    torch.set_rng_state(state)
    others, second = given.again()
    p, q = torch.softmax(outputs.logits, -1), torch.softmax(others.logits, -1)
    kl = (p * (p / q).log()).sum(-1).mean() + (q * (q / p).log()).sum(-1).mean()
    assert float(kl) > 1e-5
    assert float(found) == pytest.approx(float(0.5 * (value + second) + 0.25 * 3 * kl), rel=1e-5)

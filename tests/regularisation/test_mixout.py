"""Mixout: pretrained weights come in for a pass, and the optimiser sees the network's own."""

from __future__ import annotations

import torch

from tlstudio.models.heads import Head
from tlstudio.regularisation.mixout import PLUGIN, Options


def test_weights_are_mixed_for_a_step_and_come_back(network, loop, given):
    callback = PLUGIN.callback(Options(probability=0.5), Head())
    weight = network.bert.layer[0].weight
    start = weight.detach().clone()
    callback.begin(loop)
    with torch.no_grad():
        weight += 1.0
    own = weight.detach().clone()
    torch.manual_seed(0)
    callback.step(0)
    mixed = weight.detach().clone()
    # (m·w₀ + (1 − m)·w − p·w₀) / (1 − p) is w₀ where the mask is 1, and w₀ + (w − w₀) / (1 − p) elsewhere
    pretrained = torch.isclose(mixed, start, atol=1e-5)
    assert 0 < pretrained.sum() < 16
    assert torch.allclose(mixed[~pretrained], start[~pretrained] + 2.0, atol=1e-5)
    _outputs, value = given.again()
    value.backward()
    gradient = weight.grad.clone()
    callback.backward(given)
    assert torch.equal(weight, own)
    assert torch.equal(weight.grad, torch.where(pretrained, 0.0, 2.0) * gradient)


def test_the_mean_over_many_steps_is_the_own_weight(network, loop):
    callback = PLUGIN.callback(Options(probability=0.3), Head())
    weight = network.bert.layer[0].weight
    callback.begin(loop)
    with torch.no_grad():
        weight += 1.0
    own, total = weight.detach().clone(), torch.zeros(4, 4)
    for step in range(2000):
        callback.step(step)
        total += weight.detach()
        callback.end() if step == 1999 else callback._unmix()
    assert (total / 2000 - own).abs().max() < 0.1
    assert torch.equal(weight, own)


def test_head_and_vectors_are_left_alone(network, loop):
    callback = PLUGIN.callback(Options(), Head())
    callback.begin(loop)
    before = {name: value.detach().clone() for name, value in network.named_parameters()}
    with torch.no_grad():
        for value in network.parameters():
            value += 1.0
    callback.step(0)
    changed = [name for name, value in network.named_parameters() if not torch.equal(value, before[name] + 1.0)]
    assert changed == ["bert.layer.0.weight"]
    callback.end()

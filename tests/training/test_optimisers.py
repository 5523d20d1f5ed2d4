"""The optimisers: groups by rate and decay, and each one learns at its usual rate."""

from __future__ import annotations

import pytest
import torch

from tlstudio.training.optimisers import RATES, make, parameter_groups


def test_parameters_are_grouped_by_rate_and_decay():
    model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 2))
    model[0].bias.requires_grad_(False)
    groups = parameter_groups(model, {"0.weight", "1.weight"}, {"0.weight": 0.5}, 0.1, 0.01)
    assert [(group["lr"], group["weight_decay"], len(group["params"])) for group in groups] == [
        (0.1, 0.01, 1), (0.1, 0.0, 1), (0.05, 0.01, 1),
    ]  # fmt: skip


@pytest.mark.parametrize("name", RATES)
def test_each_learns(name):
    torch.manual_seed(0)
    model = torch.nn.Linear(8, 3)
    x = torch.randn(64, 8)
    y = x[:, :3].argmax(1)
    rate = min(1.0, 1e-2 * RATES[name])
    optimiser = make(name, [{"params": list(model.parameters()), "lr": rate, "weight_decay": 0.0}], rate)
    losses = []
    for _step in range(100):
        loss = torch.nn.functional.cross_entropy(model(x), y)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.9 * losses[0]

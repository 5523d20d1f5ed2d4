"""Chains of steps: how much training they take."""

from __future__ import annotations

import pytest

from tlstudio.compression import dynamic_int8, layer_removal, structured_pruning
from tlstudio.pipeline.chains import epochs_of
from tlstudio.pipeline.checks import Configured


@pytest.mark.parametrize(
    ("step", "options", "epochs"),
    [
        (layer_removal.PLUGIN, {"epochs": 4}, 4),
        (structured_pruning.PLUGIN, {"epochs": 5, "rounds": 4}, 5),
        (structured_pruning.PLUGIN, {"epochs": 2, "rounds": 4}, 4),
        (structured_pruning.PLUGIN, {"epochs": 0, "rounds": 4}, 0),
        (dynamic_int8.PLUGIN, {}, 0),
    ],
)
def test_epochs_are_those_that_are_trained(step, options, epochs):
    config = step.Config(**options)
    assert epochs_of(Configured(step, config)) == epochs
    if "rounds" in options:
        rounds = [structured_pruning.dealt(config, number).epochs for number in range(1, config.rounds + 1)]
        assert sum(rounds) == epochs
        assert max(rounds) - min(rounds) <= 1

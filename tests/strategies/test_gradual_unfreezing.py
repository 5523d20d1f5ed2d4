"""Gradual unfreezing by plateau: a part opens when the loss has not fallen."""

from __future__ import annotations

import torch

from tests import tiny
from tlstudio.core.control import Control
from tlstudio.models.callbacks import Loop
from tlstudio.strategies.gradual_unfreezing import Plateau


def test_parts_open_when_the_loss_stands_still():
    model = torch.nn.ModuleDict({"low": torch.nn.Linear(2, 2), "top": torch.nn.Linear(2, 2)})
    heard = tiny.Heard()

    def trains():
        return {name for name, value in model.named_parameters() if value.requires_grad and name.endswith("weight")}

    def made():
        plateau = Plateau([["top.weight", "top.bias"], ["low.weight", "low.bias"]])
        plateau.begin(Loop(model, 4, 8, 10, None, 7, heard, Control()))
        return plateau

    plateau = made()
    assert trains() == {"top.weight"}
    plateau.evaluated({"loss": 1.0})
    plateau.evaluated({"loss": 0.9})
    assert trains() == {"top.weight"}
    plateau.evaluated({"loss": 0.95})
    assert trains() == {"top.weight", "low.weight"}
    assert heard.codes() == ["strategy.phase"]
    plateau.evaluated({"loss": 0.99})
    assert heard.codes() == ["strategy.phase"], "there is nothing more to open"
    state = plateau.state()
    other = made()
    assert trains() == {"top.weight"}
    other.restore(state)
    assert trains() == {"top.weight", "low.weight"}

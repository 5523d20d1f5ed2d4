"""Between the blocks of a network a cancel is heard, in either direction, and nothing else changes."""

from __future__ import annotations

import pytest
import torch

from tlstudio.core.errors import Cancelled
from tlstudio.training.interruptible import interruptible


class Network(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.blocks = torch.nn.ModuleList(torch.nn.Linear(4, 4) for _ in range(3))

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        for block in self.blocks:
            rows = torch.tanh(block(rows))
        return rows


class Asked:
    """Counts, and cancels at the given time."""

    def __init__(self, last: int = 1000) -> None:
        self.times, self.last = 0, last

    def __call__(self) -> None:
        self.times += 1
        if self.times >= self.last:
            raise Cancelled


def test_asked_at_each_block_forwards_and_backwards():
    model, asked = Network(), Asked()
    with interruptible(model, asked):
        loss = model(torch.ones(2, 4)).sum()
        assert asked.times == 3
        loss.backward()
    assert asked.times == 6
    model(torch.ones(2, 4)).sum().backward()
    assert asked.times == 6, "the hooks are gone"


@pytest.mark.parametrize("last", [2, 5])
def test_a_cancel_ends_the_step(last):
    model, asked = Network(), Asked(last)
    with pytest.raises(Cancelled), interruptible(model, asked):
        model(torch.ones(2, 4)).sum().backward()
    assert asked.times == last


def test_gradients_are_the_same():
    found = []
    for check in (Asked(), None):
        model = Network()
        with interruptible(model, check or Asked()) if check else torch.enable_grad():
            model(torch.ones(2, 4)).sum().backward()
        found.append([parameter.grad.clone() for parameter in model.parameters()])
    assert all(torch.equal(one, other) for one, other in zip(*found, strict=True))


def test_blocks_that_are_frozen_or_only_answer():
    model, asked = Network(), Asked()
    model.blocks[0].requires_grad_(False)
    with interruptible(model, asked):
        model(torch.ones(2, 4)).sum().backward()
        assert asked.times == 5
        with torch.inference_mode():
            model(torch.ones(2, 4))
    assert asked.times == 8

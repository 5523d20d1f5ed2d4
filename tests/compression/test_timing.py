"""What networks do with a few rows."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from tlstudio.compression import timing
from tlstudio.compression.units import Group
from tlstudio.core.control import Control
from tlstudio.core.errors import Cancelled

GROUP = Group("neurons", "", 4, 1, (), "out")


class Network(torch.nn.Module):
    """Reads each of T states of 4 numbers."""

    def __init__(self):
        super().__init__()
        self.out, self.asked = torch.nn.Linear(4, 2), 0

    def forward(self, states):
        self.asked += 1
        return {"logits": self.out(states), "kept": (1, 2), "ids": torch.ones(1, dtype=torch.long)}


@pytest.fixture
def job():
    train = [{"states": torch.full((3, 4), float(place)), "labels": place} for place in range(20)]
    encoded = SimpleNamespace(splits={"train": train})

    def collate(rows):
        return {"states": torch.stack([row["states"] for row in rows]), "labels": [row["labels"] for row in rows],
                "boxes": [[1]] * len(rows)}  # fmt: skip

    return SimpleNamespace(encoded=encoded, rows=encoded, collate=collate, control=Control(), seed=7)


WITHOUT = SimpleNamespace(encoded=None, seed=7)


def test_a_batch_has_tensors_and_no_labels(job):
    found = timing.batch(job)
    assert set(found) == {"states"} and len(found["states"]) == timing.ROWS
    assert timing.batch(WITHOUT) is None


def test_answers_are_the_floating_point_ones(job):
    model = Network().train()
    [answer] = timing.answers(model, job)
    assert answer.shape == (timing.ROWS, 3, 2) and not answer.requires_grad and not model.training
    assert timing.answers(model, WITHOUT) == []


def test_networks_take_turns_and_the_first_one_does_not_count(job, monkeypatch):
    one, two = Network(), Network()
    ticks = iter(range(1000))
    monkeypatch.setattr(timing.time, "perf_counter", lambda: float(next(ticks)))
    assert timing.compared([one, two], job) == [1.0, 1.0]
    assert one.asked == two.asked == timing._TURNS + 1
    assert timing.compared([one, two], WITHOUT) == [0.0, 0.0]


def test_cancelling_is_answered(job):
    job.control.cancel()
    with pytest.raises(Cancelled):
        timing.compared([Network()], job)


def test_states_of_a_row_are_counted_and_no_hook_stays(job):
    model = Network()
    assert timing.tokens(model, [GROUP], job) == {GROUP.key: 3.0}
    assert not model.out._forward_pre_hooks
    assert timing.tokens(model, [GROUP], WITHOUT) == {GROUP.key: 1.0}

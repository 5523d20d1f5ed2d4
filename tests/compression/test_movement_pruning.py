"""Movement pruning: what training moves away from zero stays, whatever its size."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from tests.compression import pruning
from tlstudio.compression import movement_pruning, sparsity
from tlstudio.compression.movement_pruning import PLUGIN, Moving, Options
from tlstudio.core.errors import Cancelled
from tlstudio.models.callbacks import Loop, Pass


def test_the_network_ends_with_the_share_of_zeros_and_is_judged_with_it(tiny_model, tickets, tmp_path):
    training = pruning.Training()
    training.job = job = pruning.job(tiny_model, tickets, tmp_path / "model", training)
    sparse = pruning.applied(PLUGIN, job, tmp_path / "sparse", sparsity=0.8)
    assert sparsity.zeros(sparse, sparsity.matrices(sparse)) == pytest.approx(0.8, abs=2e-3)
    steps = [share for moment, share in training.moments if moment == "step"]
    expected = [sparsity.growing(number, pruning.STEPS, 0.8, 0.1) for number in range(pruning.STEPS)]
    assert steps == pytest.approx(expected, abs=2e-3)
    assert steps[:2] == [0, 0]
    # between the steps all weights are there, and may come back
    assert {round(share, 2) for moment, share in training.moments if moment == "stepped"} == {0}
    assert {round(share, 2) for moment, share in training.moments if moment == "evaluating"} == {0.8}
    assert pruning.said(job, "compress.sparse")["percent"] == pytest.approx(80, abs=0.2)


class _Network(torch.nn.Module):
    """One layer in a block, so that all can be computed by hand."""

    def __init__(self):
        super().__init__()
        self.config = SimpleNamespace(model_type="one")
        self.layers = torch.nn.ModuleList([torch.nn.Linear(4, 1, bias=False)])
        with torch.no_grad():
            self.layers[0].weight.copy_(torch.tensor([[2.0, 0.1, -0.1, 1.0]]))


def test_large_weights_that_shrink_go_and_small_ones_that_grow_stay(monkeypatch):
    """∂L/∂S = ∂L/∂W' · W: gradients pull weights 1 and 4 to zero, and push 2 and 3 away from it."""
    monkeypatch.setattr(movement_pruning, "_RATE", 0.5)
    model = _Network()
    weight = model.layers[0].weight
    moving = Moving(Options(sparsity=0.5))
    moving.begin(Loop(model, 1, 6, 1, None, 7, lambda _event: None, None))
    gradient, scores = torch.tensor([[1.0, -1.0, 1.0, 1.0]]), torch.tensor([[2.0, 0.1, 0.1, 1.0]]) / 0.8
    descent = torch.optim.Adam([scores], lr=0.5)
    given = Pass({}, None, None, True, lambda: None, lambda value: value)
    for number in range(6):
        before = weight.detach().clone()
        moving.step(number)
        kept = weight.detach() != 0
        weight.grad = gradient.clone()
        scores.grad = gradient * before
        descent.step()
        moving.backward(given)
        assert torch.equal(weight.grad != 0, kept)
        with torch.no_grad():
            weight -= 0.01 * gradient  # also where it is masked, as momentum would
        moving.stepped(number + 1)
        assert torch.equal(weight[~kept], before[~kept])  # masked weights wait
        assert torch.allclose(weight[kept], (before - 0.01 * gradient)[kept])
    assert torch.allclose(moving._scores["layers.0.weight"], scores)
    assert moving.masks()["layers.0.weight"].tolist() == [[False, True, True, False]]
    with moving.evaluating():
        assert (weight != 0).tolist() == [[False, True, True, False]]
    assert (weight != 0).all()
    moving.end()
    assert (weight != 0).tolist() == [[False, True, True, False]]


def test_parts_of_a_batch_are_counted_once():
    model = _Network()
    moving = Moving(Options())
    moving.begin(Loop(model, 1, 100, 1, None, 7, lambda _event: None, None))
    moving.step(0)
    for last in (False, True):
        model.layers[0].weight.grad = torch.ones(1, 4)
        moving.backward(Pass({}, None, None, last, lambda: None, lambda value: value))
    weight = model.layers[0].weight.detach()
    expected = weight.abs() / weight.abs().mean() - 0.01 * weight.sign()  # one step, not two
    assert torch.allclose(moving._scores["layers.0.weight"], expected, atol=1e-4)


def test_without_a_step_the_smallest_go():
    model = _Network()
    moving = Moving(Options(sparsity=0.5))
    moving.begin(Loop(model, 1, 100, 1, None, 7, lambda _event: None, None))
    assert moving.masks()["layers.0.weight"].tolist() == [[True, False, False, True]]


def test_cancelling_is_answered(tiny_model, tickets, tmp_path):
    job = pruning.job(tiny_model, tickets, tmp_path / "model")
    job.control.cancel()
    with pytest.raises(Cancelled):
        pruning.applied(PLUGIN, job, tmp_path / "sparse")

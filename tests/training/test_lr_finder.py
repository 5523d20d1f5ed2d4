"""The sweep of the learning rate: what it suggests, and that it leaves no trace."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch

from tests import tiny
from tlstudio.core.control import Control
from tlstudio.core.errors import Cancelled
from tlstudio.core.progress import silent
from tlstudio.models.transfer import Transfer
from tlstudio.training import lr_finder
from tlstudio.training.lr_finder import Point, find, rate_of, suggested


def points(*losses, lowest=1e-5, highest=1.0):
    return [Point(rate_of(at, lowest, highest, len(losses)), loss, loss) for at, loss in enumerate(losses)]


def test_the_rate_rises_by_the_same_factor():
    rates = [rate_of(number, 1e-6, 1.0, 7) for number in range(7)]
    assert rates == pytest.approx([1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1])


def test_steepest_fall():
    # a step of height 1 at the 10th of 20 points, then a rise
    losses = [2.0] * 8 + [1.8, 1.5, 1.2, 1.0] + [1.0, 0.99, 0.98, 1.5, 2.5, 4.0, 6.0, 9.0]
    found = points(*losses)
    steepest, least = suggested(found)
    assert steepest in {found[at].rate for at in (8, 9, 10)}
    assert least in {found[at].rate for at in (12, 13, 14)}


@pytest.mark.parametrize("losses", [[1.0] * 20, [1 + at for at in range(20)], [1.0, 0.2, 0.1], [2, 1.999] * 10])
def test_no_fall_no_suggestion(losses):
    assert suggested(points(*losses)) == (None, None)


class Bowl(torch.nn.Module):
    """Its loss is (w - 1)²: plain gradient descent stops converging at a rate of 1."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1, 1))

    def forward(self, **_batch):
        return self.weight


def bowl(**changes):
    rows = [{"x": 0.0, "labels": 0}] * 8
    collate = lambda rows: {"x": torch.zeros(len(rows)), "labels": torch.zeros(len(rows))}  # noqa: E731
    return Transfer(Bowl(), rows, (), collate, lambda: None, **changes)


def squared(outputs, _labels):
    return ((outputs - 1) ** 2).sum()


SGD = replace(tiny.SETTINGS, optimiser="sgd", weight_decay=0.0, gradient_clip=1000.0, batch_size=4)


def test_a_bowl_is_descended_and_left_as_it_was(monkeypatch):
    monkeypatch.setattr(lr_finder.optimisers, "make", lambda _name, groups, rate: torch.optim.SGD(groups, lr=rate))
    transfer, heard = bowl(), tiny.Heard()
    found = find(transfer, squared, SGD, heard, Control(), lowest=1e-4, highest=100, steps=80)
    assert found.ended == "rose"
    assert 1e-3 < found.suggestion < found.lowest_at < 3
    assert float(transfer.model.weight) == 0
    assert transfer.model.weight.grad is None
    assert [event.data["rate"] for event in heard.of("result")] == [point.rate for point in found.points]
    assert heard.of("progress")


def test_a_loss_that_is_no_number_ends_it():
    values = iter([3.0, 2.0, float("nan"), 1.0])
    found = find(bowl(), lambda outputs, _labels: outputs.sum() * 0 + next(values), SGD, silent, Control(), steps=4)
    assert (found.ended, len(found.points), found.suggestion) == ("nan", 2, None)


def test_groups_keep_their_shares_of_the_rate(monkeypatch):
    seen = []
    monkeypatch.setattr(torch.optim.SGD, "step", lambda self: seen.append([group["lr"] for group in self.param_groups]))
    find(bowl(rates={"weight": 0.5}), squared, SGD, silent, Control(), lowest=1e-2, highest=1.0, steps=3)
    assert seen == [[pytest.approx(0.005)], [pytest.approx(0.05)], [pytest.approx(0.5)]]


@pytest.fixture(scope="module")
def encoded(tiny_model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("rates")
    with tiny.own_home(folder):
        return tiny.encode(tiny_model, tiny.write_csv(folder / "tickets.csv"))


@pytest.mark.parametrize("strategy", ["full-fine-tuning", "linear-probe", "lora"])
def test_a_real_network_is_left_as_it_was(tiny_model, encoded, strategy):
    transfer = tiny.transfer(strategy, tiny_model, encoded)
    before = {name: value.clone() for name, value in transfer.model.state_dict().items()}
    trains = [parameter.requires_grad for parameter in transfer.model.parameters()]
    random = torch.get_rng_state()
    loss = tiny.task().loss(tiny.task().Config(), encoded)
    found = find(transfer, loss, tiny.SETTINGS, silent, Control(), lowest=1e-5, highest=10, steps=40)
    assert found.suggestion is not None or strategy == "lora"  # beside random weights it learns nothing
    assert all(torch.equal(value, before[name]) for name, value in transfer.model.state_dict().items())
    assert [parameter.requires_grad for parameter in transfer.model.parameters()] == trains
    assert torch.equal(torch.get_rng_state(), random)


def test_callbacks_take_part_and_end():
    said = []
    names = ("begin", "epoch", "step", "backward", "stepped")
    callback = SimpleNamespace(**{name: lambda *_given, name=name: said.append(name) for name in names},
                               end=lambda: said.append("end"),
                               loss=lambda _given, _outputs, value: value * 2)  # fmt: skip
    found = find(bowl(callbacks=(callback,)), squared, SGD, silent, Control(), steps=2)
    assert said == ["begin", "epoch", *["step", "backward", "stepped"] * 2, "end"]
    assert found.points[0].loss == 2.0


def test_stop_keeps_the_points_and_cancel_does_not():
    control = Control()

    def stop(event):
        if event.kind == "result":
            control.stop()

    found = find(bowl(), squared, SGD, stop, control, steps=50)
    assert (found.ended, len(found.points)) == ("stopped", 1)
    control.cancel()
    with pytest.raises(Cancelled):
        find(bowl(), squared, SGD, silent, control, steps=50)


def test_a_phase_with_its_own_loss_and_settings():
    found = find(replace(bowl(), loss=lambda outputs, _labels: (outputs * 0 + 5).sum(), settings={"batch_size": 2}),
                 squared, SGD, silent, Control(), steps=2)  # fmt: skip
    assert [point.loss for point in found.points] == [5.0, 5.0]

"""Training begins with a part of the rows, which grows when the loss is low."""

from __future__ import annotations

from dataclasses import replace
from itertools import count, islice

import torch

from tlstudio.models.heads import Head
from tlstudio.regularisation.curriculum import PLUGIN, Options


def made(loop, **options):
    callback = PLUGIN.callback(Options(**options), Head())
    callback.begin(loop)
    callback.epoch(0)
    return callback


def drawn(callback, rows=100):
    return islice(callback.order(row % 100 for row in count()), rows)


def test_the_share_grows_when_the_loss_has_fallen(loop, given):
    callback = made(loop, start=0.1, growth=2, mastered=0.5, longest=1.0)
    rows = drawn(callback)
    first = [next(rows) for _ in range(30)]
    assert len(set(first)) == 10
    for step, loss in enumerate([1.0] + [0.1] * 10, 1):
        callback.loss(given, None, torch.tensor(loss))
        callback.stepped(step)
    assert loop.emit.codes()[0] == "regularise.growing"
    assert len(set(first) | {next(rows) for _ in range(60)}) == 20
    assert loop.emit.of("log")[0].params["percent"] == 20


def test_a_high_loss_keeps_the_share_until_the_latest_moment(loop, given):
    callback = made(loop, start=0.1, longest=0.5)
    for step in range(1, 20):
        callback.loss(given, None, torch.tensor(1.0))
        callback.stepped(step)
    assert loop.emit.codes() == []
    callback.loss(given, None, torch.tensor(1.0))
    callback.stepped(20)
    assert len(set(drawn(callback))) == 100


def test_short_rows_come_first(loop):
    callback = made(replace(loop, lengths=list(range(100, 0, -1))), start=0.1, order="short-first")
    assert set(drawn(callback, 20)) == set(range(90, 100))


def test_an_epoch_is_gone_through_again_as_it_was(loop, given):
    callback = made(loop, start=0.1, growth=3, mastered=0.9, longest=1.0)
    rows, seen = drawn(callback), []
    for step in range(1, 11):
        seen += [next(rows) for _ in range(10)]
        callback.loss(given, None, torch.tensor(1.0 / step))
        callback.stepped(step)
    assert len(callback.state()["changes"]) == 3
    other = made(loop, start=0.1, growth=3, mastered=0.9, longest=1.0)
    other.restore(callback.state())
    assert list(drawn(other)) == seen

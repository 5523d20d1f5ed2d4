"""Domain-adversarial training: a reversed gradient, and features that tell the domains apart less."""

from __future__ import annotations

import pytest
import torch

from tests import tiny
from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.models.callbacks import Loop
from tlstudio.models.heads import Head
from tlstudio.regularisation.domain_adversarial import PLUGIN, Options, mean, reversed_gradient


def test_the_gradient_is_turned_round():
    values = torch.tensor([1.0, 2.0], requires_grad=True)
    out = reversed_gradient(values, 0.3)
    assert out.tolist() == pytest.approx([1.0, 2.0])
    (out * torch.tensor([1.0, 10.0])).sum().backward()
    assert values.grad.tolist() == pytest.approx([-0.3, -3.0])


def test_the_mean_leaves_padding_out():
    hidden = torch.tensor([[[1.0], [3.0], [99.0]], [[2.0], [4.0], [6.0]]])
    assert mean(hidden, torch.tensor([[1, 1, 0], [1, 1, 1]])).tolist() == [[2.0], [4.0]]


def test_target_data_must_be_named(network, loop):
    with pytest.raises(StudioError) as caught:
        PLUGIN.callback(Options(), Head()).begin(loop)
    assert caught.value.code == "regularise.no-target"


def test_the_domains_are_told_and_the_guesser_learns(tiny_model, tmp_path, home):
    encoded = tiny.encode(tiny_model, tiny.write_csv(tmp_path / "tickets.csv"))
    target = tmp_path / "other.csv"
    target.write_text("note\n" + "\n".join(f"x y z {at} q" for at in range(40)), encoding="utf-8")
    prepared = tiny.transfer("full-fine-tuning", tiny_model, encoded)
    heard = tiny.Heard()
    callback = PLUGIN.callback(Options(data=str(target), column="note", weight=0.01), Head())
    callback.begin(Loop(prepared.model, 2, 60, len(prepared.train), None, 7, heard, Control()))
    task_loss = tiny.task().loss(tiny.task().Config(), encoded)
    from tlstudio.models.batches import split_batch
    from tlstudio.models.callbacks import Pass

    losses = []
    for step in range(60):
        batch = prepared.collate([prepared.train[at % len(prepared.train)] for at in range(step, step + 8)])
        labels, _rows, _options = split_batch(batch)
        callback.step(step)

        def again(batch=batch, labels=labels):
            outputs = prepared.model(**batch)
            return outputs, task_loss(outputs, labels)

        outputs, value = again()
        whole = callback.loss(Pass(batch, labels, None, True, again, lambda value: value), outputs, value)
        losses.append(float((whole - value).detach()))
        whole.backward()
        callback.stepped(step + 1)
    assert sum(losses[-10:]) < 0.7 * sum(losses[:10]), "texts of other words are easily told apart"
    callback.end()
    assert heard.of("log")[-1].code == "regularise.domains"
    assert heard.of("log")[-1].params["percent"] > 70

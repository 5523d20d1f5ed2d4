"""The backbone goes on with its pretraining beside the task."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from tests import tiny
from tests.tasks.models import image_network
from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.plugins import find
from tlstudio.core.progress import silent
from tlstudio.models.callbacks import Loop, Pass
from tlstudio.models.heads import Head
from tlstudio.regularisation.auxiliary import PLUGIN, Options
from tlstudio.training.trainer import fit

OBJECTIVES = ("masked-lm", "denoising", "simcse")


@pytest.fixture
def encoded(tiny_model, tickets):
    return tiny.encode(tiny_model, tickets)


def loop_of(model, steps=10):
    return Loop(model, 2, steps, 42, None, 7, silent, Control())


def pass_of(transfer):
    batch = transfer.collate([transfer.train[at] for at in range(8)])
    labels = batch.pop("labels")

    def again():
        outputs = transfer.model(**batch)
        return outputs, torch.nn.functional.cross_entropy(outputs.logits, labels)

    return Pass(batch, labels, None, True, again, lambda value: value)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_its_loss_falls_while_the_task_is_learnt(objective, tiny_model, encoded, tmp_path):
    values = []
    callback = PLUGIN.callback(
        Options(objective=objective, weight=1.0, schedule="constant", learning_rate=3e-3), Head()
    )
    plain = callback.loss

    def heard(given, outputs, value):
        found = plain(given, outputs, value)
        values.append(float((found - value).detach()))
        return found

    callback.loss = heard
    transfer = tiny.transfer("full-fine-tuning", tiny_model, encoded)
    transfer = replace(transfer, callbacks=(callback,))
    names = set(transfer.model.state_dict())
    loss = tiny.task().loss(tiny.task().Config(), encoded)
    fit(transfer, loss, tiny.judge(encoded), replace(tiny.SETTINGS, epochs=8), tmp_path, silent, Control())
    count = len(values) // 4
    assert sum(values[-count:]) < 0.95 * sum(values[:count])
    assert set(transfer.finish().state_dict()) == names


@pytest.mark.parametrize(("schedule", "shares"), [("constant", [1.0, 1.0]), ("falling", [1.0, 0.5])])
def test_its_weight_over_time(schedule, shares, tiny_model, encoded):
    transfer = tiny.transfer("full-fine-tuning", tiny_model, encoded)
    given = pass_of(transfer)
    transfer.model.eval()
    callback = PLUGIN.callback(Options(schedule=schedule, weight=0.5), Head())
    callback.begin(loop_of(transfer.model))
    callback._network.eval()
    outputs, value = given.again()
    found = []
    for number in (0, 5):
        callback.step(number)
        torch.manual_seed(2)
        found.append(float((callback.loss(given, outputs, value) - value).detach()))
    assert found[0] > 0.5
    assert found[1] / found[0] == pytest.approx(shares[1] / shares[0], rel=1e-4)


def test_frozen_parts_stay_frozen(tiny_model, encoded):
    transfer = tiny.transfer("partial", tiny_model, encoded)
    frozen = {name for name, value in transfer.model.named_parameters() if not value.requires_grad}
    assert frozen
    callback = PLUGIN.callback(Options(), Head())
    callback.begin(loop_of(transfer.model))
    outputs, value = pass_of(transfer).again()
    callback.loss(pass_of(transfer), outputs, value).backward()
    assert all(value.grad is None for name, value in transfer.model.named_parameters() if name in frozen)


def test_images(tmp_path):
    from transformers import AutoModelForImageClassification

    model = AutoModelForImageClassification.from_pretrained(image_network(tmp_path / "model", "vit"), num_labels=2)
    callback = PLUGIN.callback(Options(weight=1.0), Head())
    callback.begin(loop_of(model))
    side = model.config.image_size
    given = Pass({"pixel_values": torch.randn(4, 3, side, side)}, torch.zeros(4), None, True, None, None)
    found = callback.loss(given, None, torch.zeros(()))
    found.backward()
    assert float(found.detach()) > 0.1
    assert model.base_model.embeddings.cls_token.grad is not None


def test_what_does_not_fit(tiny_model, tmp_path, encoded):
    assert PLUGIN.fits(find("tlstudio.tasks")["audio-classification"]).code == "regularise.no-objective"
    transfer = tiny.transfer("full-fine-tuning", tiny_model, encoded)
    callback = PLUGIN.callback(Options(objective="masked-images"), Head())
    with pytest.raises(StudioError) as caught:
        callback.begin(loop_of(transfer.model))
    assert caught.value.code == "regularise.other-objective"

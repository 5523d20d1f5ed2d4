"""Features that a head trains on: large ones are made smaller, and the factor ends in the weights."""

from __future__ import annotations

import numpy as np
import pytest

from tests.tasks.models import image_network, write_pictures
from tlstudio.core.control import Control
from tlstudio.core.progress import silent
from tlstudio.core.recipe import DataSection
from tlstudio.data.labelled import require
from tlstudio.models.scorers import TorchScorer, score
from tlstudio.strategies import features
from tlstudio.strategies.base import TransferJob
from tlstudio.strategies.linear_probe import PLUGIN as PROBE
from tlstudio.tasks.base import EncodeJob, ListRows
from tlstudio.tasks.image_classification import PLUGIN as TASK


def rows(size, width=100, several=False):
    labels = ListRows([{"labels": number % 2} for number in range(4)])
    shape = (12, width) if several else (4, width)
    values = np.full(shape, -size, dtype=np.float32)
    return features.FeatureRows((values, np.array([0, 3, 6, 9, 12]) if several else None), labels)


@pytest.mark.parametrize("several", [False, True])
def test_only_large_features_are_damped(several):
    import torch

    linear = torch.nn.Linear(100, 2)
    assert features.loudness(rows(5.0, several=several)) == pytest.approx(500)
    assert features.damping(linear, rows(0.5, several=several)) == 1
    assert features.damping(linear, rows(5.0, several=several)) == pytest.approx(128 / 500)


def test_the_layer_that_reads_the_features():
    import torch

    linear = torch.nn.Linear(4, 2)
    assert features.first_linear(linear) is linear
    assert features.first_linear(torch.nn.Sequential(torch.nn.Flatten(), linear)) is linear
    normed = torch.nn.Sequential(torch.nn.BatchNorm1d(4), linear)
    assert features.first_linear(normed) is None
    assert features.damping(normed, rows(5.0)) == 1


def test_the_factor_ends_in_the_weights(tmp_path, monkeypatch):
    import torch

    monkeypatch.setattr(features, "_LOUD", 4.0)
    backbone, folder = image_network(tmp_path / "m", "resnet"), write_pictures(tmp_path / "pictures", each=6)
    data = require(DataSection(path=str(folder)), silent, Control(), TASK.ROLES)
    encoded = TASK.encode(EncodeJob(TASK.Config(), data, backbone, silent, Control()))
    collate = TASK.collator(TASK.Config(), encoded)
    job = TransferJob(lambda **options: TASK.build(backbone, encoded, **options), encoded, collate,
                      TASK.HEAD, "tiny", torch.device("cpu"), silent, Control())  # fmt: skip
    transfer = PROBE.prepare(PROBE.Config(), job)
    assert features.damping(transfer.model.head, transfer.train) < 1
    batch = transfer.collate([transfer.train[index] for index in range(4)])
    with torch.no_grad():
        expected = transfer.model(batch["features"]).logits.numpy()
    scorer = TorchScorer(transfer.finish(), head=TASK.HEAD, inputs=encoded.inputs)
    found = np.stack(
        score(scorer, [{"pixel_values": encoded.splits["train"][index]["pixel_values"]} for index in range(4)])
    )
    assert np.abs(found - expected).max() < 1e-5

"""Prototypes: the nearest mean, as a linear head."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests import tiny
from tlstudio.core.control import Control
from tlstudio.strategies.prototypes import PLUGIN, class_means, set_means
from tlstudio.training.trainer import fit_all


class Rows(list):
    pass


def test_the_head_answers_with_the_nearest_mean():
    draw = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], 30)
    values = draw.normal(size=(90, 5)) + 3 * np.eye(5)[labels]
    layer = torch.nn.Linear(5, 4)
    set_means(layer, Rows({"features": value, "labels": label} for value, label in zip(values, labels, strict=True)))
    means, spread = class_means(values, labels, 4)
    assert means[:3] == pytest.approx(np.stack([values[labels == at].mean(0) for at in range(3)]))
    with torch.inference_mode():
        scores = layer(torch.tensor(values, dtype=torch.float32)).numpy()
    distances = np.square(values[:, None] - means[:3]).sum(-1)
    assert (scores.argmax(1) == distances.argmin(1)).all(), "the fourth class has no rows and is never chosen"
    shares = np.exp(scores[:, :3]) / np.exp(scores[:, :3]).sum(1, keepdims=True)
    expected = np.exp(-distances / spread) / np.exp(-distances / spread).sum(1, keepdims=True)
    assert shares == pytest.approx(expected, abs=1e-5)


def test_nothing_is_trained_and_rows_are_told_apart(tiny_model, encoded_tickets, tmp_path):
    task = tiny.task()
    heard = tiny.Heard()
    prepared = tiny.transfer(PLUGIN.NAME, tiny_model, encoded_tickets)
    last, trained = fit_all(prepared, task.loss(task.Config(), encoded_tickets), tiny.judge(encoded_tickets),
                            tiny.SETTINGS, tmp_path, heard, Control())  # fmt: skip
    assert trained.steps == 0
    assert heard.values("train", "loss") == []
    assert trained.best_score == heard.values("validation", "macro_f1")[0] > 0.5
    assert type(last.finish()).__name__ == "BertForSequenceClassification"

"""Contrastive few-shot: pairs by label, an encoder that learns from them, and then a head."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from datasets import Dataset

from tests import tiny
from tlstudio.core.control import Control
from tlstudio.core.plugins import find
from tlstudio.strategies.contrastive_few_shot import PLUGIN, Pairs, closeness
from tlstudio.training.trainer import fit_all


def test_pairs_are_half_alike_and_never_of_a_row_with_itself():
    rows = Dataset.from_dict({"labels": [0, 0, 0, 1, 1, 1, 2, 2], "row": list(range(8))})
    pairs = Pairs(rows, 20)
    assert len(pairs) == 160
    alike = 0
    for at in range(len(pairs)):
        pair = pairs[at]
        assert pair["first"]["row"] != pair["second"]["row"]
        assert (pair["first"]["labels"] == pair["second"]["labels"]) == bool(pair["alike"])
        alike += pair["alike"]
    assert alike == 80


def test_a_class_with_one_row_has_only_others():
    pairs = Pairs(Dataset.from_dict({"labels": [0, 1, 1], "row": [0, 1, 2]}), 4)
    assert {pairs[at]["alike"] for at in range(len(pairs)) if pairs[at]["first"]["row"] == 0} == {0.0}


def test_the_loss_is_that_of_the_paper():
    vectors = torch.nn.functional.normalize(torch.tensor([[1.0, 0], [1, 1], [1, 0], [0, 1]]), dim=1)
    found = closeness(SimpleNamespace(vectors=vectors), torch.tensor([1.0, 0.0]))
    assert float(found) == pytest.approx((0 + 0.5) / 2)


def test_both_phases_train_and_the_result_is_the_tasks_model(tiny_model, encoded_tickets, tmp_path, home):
    task = tiny.task()
    prepared = tiny.transfer(PLUGIN.NAME, tiny_model, encoded_tickets, encoder_rate=1e-3)
    start = {name: value.detach().clone() for name, value in prepared.finish().named_parameters()}
    heard = tiny.Heard()
    settings = tiny.SETTINGS
    last, trained = fit_all(prepared, task.loss(task.Config(), encoded_tickets), tiny.judge(encoded_tickets), settings,
                            tmp_path, heard, Control())  # fmt: skip
    model = last.finish()
    assert type(model).__name__ == "BertForSequenceClassification"
    moved = {name for name, value in model.named_parameters() if name in start and not torch.equal(value, start[name])}
    assert any("layer.0" in name for name in moved) and "classifier.weight" in moved
    steps = [event.step for event in heard.of("metric") if event.split == "train"]
    assert steps == list(range(1, trained.steps + 1)), "the curves go on from phase to phase"
    first = [event.values["loss"] for event in heard.of("metric")][: len(prepared.train) // 16]
    assert sum(first[-10:]) < 0.5 * sum(first[:10])


def test_it_needs_texts_with_one_label():
    tasks = find("tlstudio.tasks")
    assert PLUGIN.fits(tasks["text-classification"]) is None
    for name in ("regression", "token-classification", "image-classification", "translation"):
        assert PLUGIN.fits(tasks[name]).code == "strategy.no-pairs", name

"""Full fine-tuning: dropout is a choice of the training, not of the model."""

from __future__ import annotations

import pytest

from tests import tiny
from tlstudio.models.anatomy import layer_groups
from tlstudio.strategies.full_fine_tuning import PLUGIN


@pytest.fixture
def encoded(tiny_model, tickets):
    return tiny.encode(tiny_model, tickets)


def test_attention_dropout_is_off_while_training_and_back_in_the_saved_config(tiny_model, encoded, tmp_path):
    import json

    prepared = tiny.transfer(PLUGIN.NAME, tiny_model, encoded)
    layer = prepared.model.bert.encoder.layer[0]
    assert prepared.model.config.attention_probs_dropout_prob == 0.0
    assert layer.output.dropout.p == 0.1, "hidden dropout stays the model's own"
    model = prepared.finish()
    tiny.task().save(model, encoded, tiny_model, tmp_path / "model")
    saved = json.loads((tmp_path / "model/config.json").read_text())
    original = json.loads((tiny_model / "config.json").read_text())
    for name in ("attention_probs_dropout_prob", "hidden_dropout_prob"):
        assert saved[name] == original[name] == 0.1


def test_chosen_dropouts_reach_the_layers(tiny_model, encoded):
    prepared = tiny.transfer(PLUGIN.NAME, tiny_model, encoded, attention_dropout=0.3, hidden_dropout=0.2)
    layer = prepared.model.bert.encoder.layer[1]
    assert (layer.attention.self.dropout.p, layer.output.dropout.p) == (0.3, 0.2)
    assert prepared.finish().config.hidden_dropout_prob == 0.1


def test_everything_trains(tiny_model, encoded):
    prepared = tiny.transfer(PLUGIN.NAME, tiny_model, encoded)
    assert all(parameter.requires_grad for parameter in prepared.model.parameters())
    assert [one.trains for one in PLUGIN.plan(PLUGIN.Config(), layer_groups(prepared.model), 3.0)] == [True] * 5


def test_rows_and_batches(tiny_model, encoded):
    prepared = tiny.transfer(PLUGIN.NAME, tiny_model, encoded)
    assert {"input_ids", "labels", "length"} <= set(prepared.train.column_names)
    rows = [prepared.train[index] for index in range(5)]
    batch = prepared.collate(rows)
    longest = max(len(row["input_ids"]) for row in rows)
    assert batch["input_ids"].shape == batch["attention_mask"].shape == (5, longest)
    assert batch["attention_mask"].sum(1).tolist() == [len(row["input_ids"]) for row in rows]
    assert batch["labels"].tolist() == [row["labels"] for row in rows]
    assert "length" not in batch


@pytest.mark.parametrize(("rows", "epochs"), [(10, 10), (500, 10), (800, 6), (5485, 4), (1_000_000, 4)])
def test_few_rows_get_more_passes(rows, epochs):
    assert PLUGIN.defaults(PLUGIN.Config(), rows).epochs == epochs

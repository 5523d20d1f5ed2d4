"""The linear probe: features once, then a head in seconds, then one ordinary model."""

from __future__ import annotations

import numpy as np
import pytest

from tests import tiny
from tlstudio.core.control import Control
from tlstudio.core.errors import Cancelled, StudioError
from tlstudio.core.paths import cache_folder
from tlstudio.strategies.linear_probe import PLUGIN


@pytest.fixture
def encoded(tiny_model, tickets):
    return tiny.encode(tiny_model, tickets)


def hits(model, encoded, **options):
    """How many splits were found in the cache."""
    heard = tiny.Heard()
    tiny.transfer(PLUGIN.NAME, model, encoded, heard, **options)
    return heard.codes().count("strategy.features-cached")


def test_the_cache_is_hit_the_second_time_and_missed_after_any_change(tiny_model, encoded, tickets):
    assert hits(tiny_model, encoded) == 0
    assert hits(tiny_model, encoded) == 2
    assert hits(tiny_model, encoded, pooling="mean") == 2, "auto means the mean here"
    assert hits(tiny_model, encoded, pooling="first") == 0
    assert hits(tiny_model, encoded, key="another backbone") == 0
    tickets.write_text(tickets.read_text().replace("please", "now"))
    assert hits(tiny_model, tiny.encode(tiny_model, tickets)) == 0
    assert hits(tiny_model, encoded) == 2


def test_a_stub_stands_in_for_the_backbone_and_gives_the_models_own_logits(tiny_model, encoded):
    """What the head is trained on is what the finished model will see."""
    import torch

    from tlstudio.models.scorers import TorchScorer

    prepared = tiny.transfer(PLUGIN.NAME, tiny_model, encoded)
    prepared.model.eval()
    batch = prepared.collate(prepared.train)
    batch.pop("labels")
    with torch.inference_mode():
        cached = prepared.model(**batch).logits.numpy()
    assert sum(p.numel() for p in prepared.model.parameters()) == 32 * 3 + 3, "only the head is there to train"
    model = prepared.finish()
    assert np.abs(tiny.logits(TorchScorer(model), encoded.examples("train")) - cached).max() < 1e-5


def test_the_feature_is_the_mean_over_all_tokens(tiny_model, encoded):
    import torch
    from transformers import AutoModel

    prepared = tiny.transfer(PLUGIN.NAME, tiny_model, encoded)
    plain = AutoModel.from_pretrained(tiny_model).eval()
    for row, ids in zip([prepared.train[at] for at in range(5)], tiny.ids(encoded, "train"), strict=False):
        with torch.inference_mode():
            mean = plain(input_ids=torch.tensor([ids])).last_hidden_state[0].mean(0).numpy()
        assert np.corrcoef(mean, row["features"][:32])[0, 1] > 0.999


def test_the_backbone_stays_and_only_the_head_trains(tiny_model, encoded):
    from tlstudio.models.anatomy import layer_groups

    prepared = tiny.transfer(PLUGIN.NAME, tiny_model, encoded)
    model = prepared.finish()
    groups = layer_groups(model)
    trains = [one.trains for one in PLUGIN.plan(PLUGIN.Config(), groups, 3.0)]
    assert {group.name for group, yes in zip(groups, trains, strict=True) if yes} == {"head"}
    assert {name.split(".")[0] for name, p in model.named_parameters() if p.requires_grad} == {"classifier"}


def test_a_pooling_that_the_architecture_cannot_do(tiny_model, encoded):
    with pytest.raises(StudioError) as caught:
        tiny.transfer(PLUGIN.NAME, tiny_model, encoded, pooling="last")
    assert (caught.value.code, caught.value.where) == ("strategy.pooling", "strategy.pooling")


def test_cancelled_features_leave_no_file(tiny_model, encoded):
    control = Control()
    control.cancel()
    with pytest.raises(Cancelled):
        tiny.transfer(PLUGIN.NAME, tiny_model, encoded, control=control)
    assert not [path for path in cache_folder("features").rglob("*") if path.is_file()]


def test_without_validation(tiny_model, encoded):
    from dataclasses import replace

    prepared = tiny.transfer(PLUGIN.NAME, tiny_model, replace(encoded, splits={"train": encoded.splits["train"]}))
    assert not len(prepared.validation)


def test_a_lower_block_is_read_and_those_above_are_left_out(tiny_model, encoded):
    prepared = tiny.transfer(PLUGIN.NAME, tiny_model, encoded, layer=1)
    whole = tiny.transfer(PLUGIN.NAME, tiny_model, encoded)
    assert not np.allclose(prepared.train[0]["features"], whole.train[0]["features"]), "not from the same cache"
    model = prepared.finish()
    # one block of the backbone, and the one that takes the mean
    assert (len(model.bert.encoder.layer), model.config.num_hidden_layers) == (2, 2)
    assert len(whole.finish().bert.encoder.layer) == 3
    for layer in (3, 9):
        with pytest.raises(StudioError) as caught:
            tiny.transfer(PLUGIN.NAME, tiny_model, encoded, layer=layer)
        assert caught.value.where == "strategy.layer"

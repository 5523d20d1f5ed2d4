"""Layer removal: the right blocks go, the rest is what it was, and the folder is a plain model."""

from __future__ import annotations

import numpy as np
import pytest

from tests import tiny
from tlstudio.compression import layer_removal, networks
from tlstudio.compression.base import CompressJob
from tlstudio.compression.layer_removal import PLUGIN, chosen
from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.models.scorers import TorchScorer


@pytest.mark.parametrize(
    ("how", "keep", "of", "kept"),
    [
        ("alternate", 3, 6, [1, 3, 5]),
        ("alternate", 2, 6, [2, 5]),
        ("alternate", 4, 6, [1, 2, 3, 5]),
        ("top", 4, 6, [0, 1, 2, 3]),
        ("importance", 2, 4, [1, 3]),
    ],
)
def test_which_layers_stay(how, keep, of, kept):
    assert chosen(how, keep, of, lambda: [0.1, 0.9, 0.2, 0.3]) == kept


@pytest.fixture
def made(tiny_model, tickets, tmp_path):
    encoded = tiny.encode(tiny_model, tickets)
    tiny.task().save(tiny.task().build(tiny_model, encoded), encoded, tiny_model, tmp_path / "model")
    heard = tiny.Heard()
    return CompressJob(tmp_path / "model", "transformers", heard, Control(), tiny.task(), encoded), heard


def test_the_rest_answers_as_a_network_without_the_layer(made, tmp_path):
    """What is left is the first block under the old head, loaded by plain transformers."""
    import torch
    from transformers import AutoModelForSequenceClassification

    job, heard = made
    (tmp_path / "less").mkdir()
    PLUGIN.apply(PLUGIN.Config(keep=1, choose="top", epochs=0), job, tmp_path / "less")
    whole, less = networks.load(job.source), AutoModelForSequenceClassification.from_pretrained(tmp_path / "less")
    assert less.config.num_hidden_layers == 1
    rows = [job.rows.examples("train")[at] for at in range(6)]
    blocks = whole.base_model.encoder.layer
    del blocks[1:]
    with torch.no_grad():
        expected = tiny.logits(TorchScorer(whole, inputs=job.rows.inputs), rows)
        found = tiny.logits(TorchScorer(tmp_path / "less"), rows)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    [note] = [event for event in heard.of("log") if event.code == "compress.layers-kept"]
    assert note.params["kept"] == "1"
    assert note.params["after"] == pytest.approx(networks.parameters(less) / 1e6, abs=0.01)


def test_a_block_that_changes_nothing_goes_first(made, tmp_path):
    import torch

    job, _heard = made
    model = networks.load(job.source)
    with torch.no_grad():
        for block in (model.base_model.encoder.layer[0],):
            for linear in (block.attention.output.dense, block.output.dense):
                linear.weight.zero_()
                linear.bias.zero_()
    influence = layer_removal.influences(model, job)
    assert influence[0] < influence[1]
    assert all(0 <= value <= 2 for value in influence)


def test_more_layers_than_there_are(made, tmp_path):
    with pytest.raises(StudioError) as caught:
        PLUGIN.apply(PLUGIN.Config(keep=9), made[0], tmp_path)
    assert caught.value.code == "compress.layers"
    assert caught.value.params["most"] == 2


def test_without_rows_it_says_what_is_missing(made, tmp_path):
    job, heard = made
    bare = CompressJob(job.source, "transformers", heard, Control())
    with pytest.raises(StudioError) as caught:
        PLUGIN.apply(PLUGIN.Config(keep=1, choose="importance"), bare, tmp_path)
    assert caught.value.code == "compress.no-rows"

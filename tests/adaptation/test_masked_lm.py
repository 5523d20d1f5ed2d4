"""Masked words before the task."""

from __future__ import annotations

import pytest

from tests import tiny
from tests.adaptation.common import learn, text_rows
from tlstudio.adaptation.masked_lm import PLUGIN


@pytest.fixture
def rows(tiny_model, tmp_path):
    return text_rows(tiny_model, tiny.write_csv(tmp_path / "tickets.csv", tiny.ticket_rows(120)))


def test_the_loss_falls_and_the_backbone_is_what_learns(tiny_model, rows, tmp_path):
    import torch
    from transformers import BertModel

    torch.manual_seed(0)
    backbone = BertModel.from_pretrained(tiny_model)
    before = {name: value.detach().clone() for name, value in backbone.named_parameters()}
    network, losses = learn("masked-lm", backbone, tiny_model, rows, tmp_path)
    assert sum(losses[-5:]) < 0.85 * sum(losses[:5])
    changed = {name for name, value in backbone.named_parameters() if not torch.equal(value, before[name])}
    assert {name for name in before if "key.bias" not in name} - changed <= {"pooler.dense.weight", "pooler.dense.bias"}
    assert network.cls.predictions.decoder.weight is backbone.embeddings.word_embeddings.weight


def test_the_head_of_the_pretraining_is_taken_where_there_is_one(tiny_model, tmp_path):
    import shutil

    import torch
    from transformers import BertForMaskedLM

    folder = shutil.copytree(tiny_model, tmp_path / "whole")
    torch.manual_seed(4)
    whole = BertForMaskedLM.from_pretrained(tiny_model)
    whole.save_pretrained(folder)
    network = PLUGIN.network(PLUGIN.Config(), BertForMaskedLM.from_pretrained(folder).base_model, folder)
    own = dict(network.cls.named_parameters())
    assert all(torch.equal(value, own[name]) for name, value in whole.cls.named_parameters())


def test_backbones_that_guess_no_words():
    assert PLUGIN.fits({"model_type": "bert"}) is None
    assert PLUGIN.fits({"model_type": "gpt2"}).code == "adapt.no-encoder"
    assert PLUGIN.fits({"model_type": "vit"}).code == "adapt.no-encoder"

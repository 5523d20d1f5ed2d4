"""From scratch: nothing of the pretrained weights is left, and nothing else is different."""

from __future__ import annotations

import torch

from tests import tiny


def test_all_weights_are_random_and_drawn_as_the_architecture_draws_them(tiny_model, encoded_tickets):
    plain = dict(tiny.transfer("full-fine-tuning", tiny_model, encoded_tickets).model.named_parameters())
    torch.manual_seed(0)
    fresh = tiny.transfer("from-scratch", tiny_model, encoded_tickets).model
    for name, value in fresh.named_parameters():
        if value.ndim == 2:
            assert not torch.equal(value, plain[name]), name
            assert abs(float(value.detach().std()) - fresh.config.initializer_range) < 0.01, name
        elif "LayerNorm.weight" in name:
            assert torch.equal(value, torch.ones_like(value)), name
        else:
            assert torch.equal(value, torch.zeros_like(value)), name
    assert torch.equal(fresh.bert.embeddings.word_embeddings.weight[0], torch.zeros(32)), "padding stays at zero"


def test_the_uppermost_block_alone(tiny_model, encoded_tickets):
    plain = tiny.transfer("full-fine-tuning", tiny_model, encoded_tickets).model.bert
    model = tiny.transfer("full-fine-tuning", tiny_model, encoded_tickets, reinitialise=1).model.bert
    layers, before = model.encoder.layer, plain.encoder.layer
    assert not torch.equal(layers[1].output.dense.weight, before[1].output.dense.weight)
    assert not torch.equal(model.pooler.dense.weight, plain.pooler.dense.weight)
    assert torch.equal(layers[0].output.dense.weight, before[0].output.dense.weight)
    assert torch.equal(model.embeddings.word_embeddings.weight, plain.embeddings.word_embeddings.weight)

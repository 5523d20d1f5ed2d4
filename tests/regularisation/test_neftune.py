"""NEFTune: noise of the stated size on the embeddings, only while training."""

from __future__ import annotations

import torch

from tlstudio.models.heads import Head
from tlstudio.regularisation.neftune import PLUGIN, Options


def test_noise_within_its_bound_and_only_in_training(network, loop):
    layer = network.bert.embeddings
    ids = torch.tensor([[1, 2, 3], [4, 5, 6]])
    plain = layer(ids)
    callback = PLUGIN.callback(Options(alpha=5.0), Head())
    callback.begin(loop)
    network.train()
    size = 5.0 / (3 * 4) ** 0.5
    difference = (layer(ids) - plain).abs()
    assert 0.3 * size < difference.max() <= size
    network.eval()
    assert torch.equal(layer(ids), plain)
    callback.end()
    network.train()
    assert torch.equal(layer(ids), plain)

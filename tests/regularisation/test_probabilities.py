"""Which scores count, and their probabilities."""

from __future__ import annotations

from types import SimpleNamespace

import torch

from tlstudio.models.heads import Head
from tlstudio.regularisation.probabilities import log_probabilities, places


def test_places_of_each_kind_of_head():
    logits = torch.arange(24.0).reshape(2, 4, 3)
    labels = torch.tensor([[0, -100, 1, 2], [-100, -100, 0, 1]])
    outputs = SimpleNamespace(logits=logits)
    assert places(Head(), SimpleNamespace(logits=logits[:, 0]), labels[:, 0]).shape == (2, 3)
    assert torch.equal(places(Head(per_token=True), outputs, labels), logits[labels != -100])
    following = places(Head(kind="values", losses="next"), outputs, labels)
    assert torch.equal(following, logits[:, :-1][labels[:, 1:] != -100])


def test_probabilities_sum_to_one():
    scores = torch.randn(5, 3)
    assert torch.allclose(log_probabilities(Head(), scores).exp().sum(-1), torch.ones(5))
    assert torch.allclose(log_probabilities(Head(kind="signs"), scores).exp().sum(-1), torch.ones(5, 3))

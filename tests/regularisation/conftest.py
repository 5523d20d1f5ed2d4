"""A network small enough to be calculated by hand, and a pass over it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tests import tiny
from tlstudio.core.control import Control
from tlstudio.models.callbacks import Loop, Pass


@pytest.fixture
def network():
    """Embeddings, a block of one linear layer with dropout, and a head for three classes."""
    import torch

    class Backbone(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.embeddings = torch.nn.Embedding(11, 4)
            self.layer = torch.nn.ModuleList([torch.nn.Linear(4, 4)])
            self.dropout = torch.nn.Dropout(0.2)

    class Network(torch.nn.Module):
        base_model_prefix = "bert"

        def __init__(self):
            super().__init__()
            self.bert = Backbone()
            self.classifier = torch.nn.Linear(4, 3)

        def get_input_embeddings(self):
            return self.bert.embeddings

        def forward(self, input_ids):
            hidden = self.bert.dropout(self.bert.layer[0](self.bert.embeddings(input_ids)).tanh())
            return SimpleNamespace(logits=self.classifier(hidden.mean(1)))

    torch.manual_seed(0)
    return Network()


@pytest.fixture
def loop(network):
    return Loop(network, epochs=4, steps=40, rows=100, lengths=None, seed=7, emit=tiny.Heard(), control=Control())


@pytest.fixture
def given(network):
    """A pass over four rows; its loss is the plain cross-entropy."""
    import torch

    inputs = {"input_ids": torch.tensor([[1, 2], [3, 4], [5, 6], [7, 8]])}
    labels = torch.tensor([0, 1, 2, 0])

    def again():
        outputs = network(**inputs)
        return outputs, torch.nn.functional.cross_entropy(outputs.logits, labels)

    return Pass(inputs, labels, None, True, again, lambda value: value)

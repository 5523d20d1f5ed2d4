"""Texts told apart by dropout alone."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from tests import tiny
from tests.adaptation.common import learn, text_rows
from tlstudio.adaptation import contrastive


@pytest.fixture
def rows(tiny_model, tmp_path):
    return text_rows(tiny_model, tiny.write_csv(tmp_path / "tickets.csv", tiny.ticket_rows(120)))


def measured(network, rows):
    """Cosine of two looks at a text, and on average of two texts."""
    batch = contrastive.PLUGIN.collator(contrastive.Options(), network.folder)([rows[at] for at in range(32)])
    batch.pop("labels")
    network.train()
    torch.manual_seed(1)
    with torch.no_grad():
        found = network(**batch)
    cosines = found.first @ found.second.T
    own = cosines.diagonal().mean()
    return float(own), float((cosines.sum() - cosines.diagonal().sum()) / (32 * 31))


def test_the_two_looks_at_a_text_stand_out_more(tiny_model, rows, tmp_path):
    """Alignment against uniformity (Wang & Isola, 2020): a text is nearer to itself than to others, by more."""
    from transformers import BertModel

    torch.manual_seed(0)
    backbone = BertModel.from_pretrained(tiny_model)
    fresh = contrastive.twice(backbone, "mean")
    fresh.folder = tiny_model
    own, others = measured(fresh, rows)
    network, losses = learn("simcse", backbone, tiny_model, rows, tmp_path, epochs=12, rate=1e-3)
    network.folder = tiny_model
    own_after, others_after = measured(network, rows)
    assert own_after - others_after > own - others + 0.2
    assert losses[-1] < losses[0]


def test_the_loss_by_hand():
    first, second = torch.eye(3), torch.tensor([[1.0, 0, 0], [0, 0, 1], [0, 0, 1]])
    found = contrastive.info_nce(SimpleNamespace(first=first, second=second), torch.arange(3), 0.5)
    rows = [[2.0, 0, 0], [0.0, 0, 0], [0.0, 2, 2]]
    by_hand = [-torch.tensor(row).log_softmax(0)[at] for at, row in enumerate(rows)]
    assert torch.allclose(found, torch.stack(by_hand).mean())


def test_a_text_alone_has_nothing_to_be_told_apart_from(tiny_model, rows):
    batch = contrastive.PLUGIN.collator(contrastive.Options(), tiny_model)([rows[0]])
    assert batch["labels"].tolist() == [0]
    one = torch.ones(1, 2)
    assert float(contrastive.info_nce(SimpleNamespace(first=one, second=one), batch["labels"], 0.05)) == 0.0

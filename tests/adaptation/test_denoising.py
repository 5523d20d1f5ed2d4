"""Whole texts from damaged ones."""

from __future__ import annotations

import pytest
import torch

from tests import tiny
from tests.adaptation.common import learn, text_rows
from tlstudio.adaptation import denoising


@pytest.fixture
def rows(tiny_model, tmp_path):
    return text_rows(tiny_model, tiny.write_csv(tmp_path / "tickets.csv", tiny.ticket_rows(120)))


def test_the_loss_falls_and_the_vector_is_what_tells(tiny_model, rows, tmp_path):
    from transformers import BertModel

    torch.manual_seed(0)
    backbone = BertModel.from_pretrained(tiny_model)
    network, losses = learn("denoising", backbone, tiny_model, rows, tmp_path, epochs=30, deleted=0.3)
    assert sum(losses[-5:]) < 0.7 * sum(losses[:5])
    batch = denoising.PLUGIN.collator(denoising.Options(), tiny_model)([rows[at] for at in range(16)])
    labels = batch.pop("labels")
    other = {**batch, "input_ids": batch["input_ids"].flip(0), "attention_mask": batch["attention_mask"].flip(0)}
    with torch.no_grad():
        own, wrong = (float(denoising._of_tokens(network(**given), labels)) for given in (batch, other))
    assert own < wrong - 0.2, "the text comes from its own vector"


def test_no_token_sees_those_after_it(tiny_model, rows):
    from transformers import BertModel

    network = denoising.autoencoder(BertModel.from_pretrained(tiny_model), "first", 2).eval()
    batch = denoising.PLUGIN.collator(denoising.Options(), tiny_model)([rows[0], rows[1]])
    batch.pop("labels")
    changed = {**batch, "whole_ids": batch["whole_ids"].clone()}
    changed["whole_ids"][:, 4:] = 7
    with torch.no_grad():
        one, two = network(**batch).logits, network(**changed).logits
    assert torch.allclose(one[:, :4], two[:, :4], atol=1e-5)
    assert not torch.allclose(one[:, 4:], two[:, 4:], atol=1e-3)


def test_what_is_deleted(rows):
    torch.manual_seed(0)
    kept = [denoising._damaged(rows[at], 0.6) for at in range(84)]
    for at, ids in enumerate(kept):
        whole = list(rows[at]["input_ids"])
        assert ids[0] == whole[0] == 2
        assert ids[-1] == whole[-1] == 3
        assert len(ids) > 2, "something is left"
        places = iter(whole)
        assert all(token in places for token in ids), "in the same order"
    ordinary = sum(len(rows[at]["input_ids"]) - 2 for at in range(84))
    assert sum(len(ids) - 2 for ids in kept) / ordinary == pytest.approx(0.4, abs=0.06)
    assert denoising._damaged({"input_ids": [2, 3], "words": [-1, -1]}, 0.6) == [2, 3], "an empty text"

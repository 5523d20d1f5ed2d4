"""Rows for the tests of strategies."""

from __future__ import annotations

import pytest

from tests import tiny


@pytest.fixture(scope="module")
def encoded_tickets(tiny_model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("strategy")
    with tiny.own_home(folder):
        return tiny.encode(tiny_model, tiny.write_csv(folder / "tickets.csv", tiny.ticket_rows(70)))


@pytest.fixture(scope="session")
def lively(tiny_model, tmp_path_factory):
    """The tiny BERT with larger weights, whose states differ from text to text as those of a trained one do."""
    import shutil

    import torch
    from transformers import BertConfig, BertModel

    folder = tmp_path_factory.mktemp("lively") / "bert"
    shutil.copytree(tiny_model, folder)
    torch.manual_seed(0)
    BertModel(BertConfig.from_pretrained(tiny_model, initializer_range=0.2)).save_pretrained(folder)
    return folder

"""A dictionary, and a tiny masked language model that knows what it wants to say."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest


@pytest.fixture
def words_file(tmp_path: Path) -> Path:
    path = tmp_path / "words.tsv"
    path.write_text(
        "Price\tpreis,kosten\nice cream\tspeiseeis\nthe\tdie,der\n出租车\ttaxi\n车\tcar\nlegal\t legitim , \n\nonly\n",
        encoding="utf-8",
    )
    return path


@pytest.fixture(scope="session")
def tiny_mlm(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny BERT with a masked-LM head whose bias says: money, parcel, crash, in this order, then all the rest."""
    import torch
    from transformers import AutoTokenizer, BertConfig, BertForMaskedLM

    folder = tmp_path_factory.mktemp("tiny-mlm") / "model"
    shutil.copytree(tiny_model, folder)
    torch.manual_seed(0)
    model = BertForMaskedLM(BertConfig.from_pretrained(folder))
    tokenizer = AutoTokenizer.from_pretrained(folder)
    with torch.no_grad():
        for word, bias in (("money", 30.0), ("parcel", 29.0), ("crash", 28.0), ("##a", 99.0), ("q", 98.0)):
            model.cls.predictions.bias[tokenizer.convert_tokens_to_ids(word)] = bias
    model.save_pretrained(folder)
    return folder

"""Tiny random classifiers of three architectures."""

from __future__ import annotations

from typing import Any

import pytest


def tiny_classifier(kind: str, labels: int = 3, seed: int = 0) -> Any:
    """A random classifier (fp32, evaluation mode) of two blocks, width 32, 60 tokens, padding 0 (RoBERTa: 1)."""
    import torch
    import transformers

    torch.manual_seed(seed)
    sizes = {"vocab_size": 60, "max_position_embeddings": 40, "num_labels": labels}
    bert = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64,
            "initializer_range": 0.3}  # fmt: skip
    if kind == "bert":
        model = transformers.BertForSequenceClassification(transformers.BertConfig(**sizes, **bert))
    elif kind == "roberta":
        model = transformers.RobertaForSequenceClassification(
            transformers.RobertaConfig(**sizes, **bert, pad_token_id=1, type_vocab_size=1)
        )
    else:
        config = transformers.DistilBertConfig(**sizes, dim=32, n_layers=2, n_heads=2, hidden_dim=64,
                                               initializer_range=0.3)  # fmt: skip
        model = transformers.DistilBertForSequenceClassification(config)
    return model.eval()


@pytest.fixture
def sequences() -> list[list[int]]:
    """Token ids of different lengths; 0 and 1 are left to the padding."""
    import random

    draw = random.Random(3)
    return [[draw.randrange(2, 60) for _ in range(length)] for length in (3, 17, 1, 30, 8, 17)]

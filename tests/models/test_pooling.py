"""The added block gives the layer-normed mean over the tokens that are not padding, in plain transformers."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests import tiny
from tests.models.conftest import tiny_classifier
from tlstudio.models.anatomy import layer_groups
from tlstudio.models.batches import collate, tensors
from tlstudio.models.pooling import add_mean_pooling
from tlstudio.models.scorers import TorchScorer

KINDS = ["bert", "roberta", "distilbert"]


def hidden(model, sequences):
    batch = tensors(collate(tiny.rows(sequences), ["input_ids"], model.config.pad_token_id or 0))
    with torch.inference_mode():
        output = model.base_model(**batch)
    return output.last_hidden_state, batch["attention_mask"]


@pytest.mark.parametrize("kind", KINDS)
def test_first_token_is_the_normed_mean(kind, sequences):
    before, mask = hidden(tiny_classifier(kind), sequences)
    weights = mask[..., None].float()
    mean = (before * weights).sum(1) / weights.sum(1)
    size = mean.shape[-1:]
    # by hand: 100 x mean plus the residual, normed after attention and again after the empty feed-forward part
    by_hand = torch.nn.functional.layer_norm(100 * mean + before[:, 0], size)
    model = tiny_classifier(kind)
    assert add_mean_pooling(model)
    after, _ = hidden(model, sequences)
    torch.testing.assert_close(after[:, 0], by_hand, atol=1e-3, rtol=1e-3)
    pure = torch.nn.functional.layer_norm(mean, size)
    similarity = torch.nn.functional.cosine_similarity(after[:, 0], pure)
    assert similarity.min() > 0.995


@pytest.mark.parametrize("kind", KINDS)
def test_padding_changes_nothing(kind, sequences):
    model = tiny_classifier(kind)
    add_mean_pooling(model)
    together = np.stack(TorchScorer(model).outputs(tiny.rows(sequences)))
    alone = np.concatenate([np.stack(TorchScorer(model).outputs(tiny.rows([ids]))) for ids in sequences])
    np.testing.assert_allclose(together, alone, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_saved_model_is_an_ordinary_one(kind, sequences, tmp_path):
    from transformers import AutoModelForSequenceClassification

    model = tiny_classifier(kind)
    add_mean_pooling(model)
    model.save_pretrained(tmp_path)
    again = AutoModelForSequenceClassification.from_pretrained(tmp_path)
    assert type(again) is type(model)
    assert again.config.num_hidden_layers == 3
    np.testing.assert_array_equal(
        tiny.logits(TorchScorer(again), tiny.rows(sequences)), tiny.logits(TorchScorer(model), tiny.rows(sequences))
    )
    assert [group.name for group in layer_groups(again) if group.name.startswith("block")][-1] == "block 3"


def test_other_architectures_are_left_alone():
    from transformers import GPT2Config, GPT2ForSequenceClassification

    model = GPT2ForSequenceClassification(GPT2Config(vocab_size=20, n_embd=16, n_layer=1, n_head=2, n_positions=16))
    count = sum(p.numel() for p in model.parameters())
    assert not add_mean_pooling(model)
    assert sum(p.numel() for p in model.parameters()) == count

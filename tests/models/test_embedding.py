"""Unit vectors of texts and images from a frozen backbone."""

from __future__ import annotations

import numpy as np
import pytest

from tlstudio.core.control import Control
from tlstudio.core.errors import Cancelled, StudioError
from tlstudio.models.embedding import ImageEmbedder, TextEmbedder, load_backbone
from tlstudio.models.tokenizers import load_tokenizer, tokenise


@pytest.fixture(scope="module")
def embed(tiny_model):
    tokenizer = load_tokenizer(tiny_model)
    return TextEmbedder(tiny_model, lambda texts: tokenise(tokenizer, texts, 32)[0], Control())


def test_features_are_the_mean_over_the_real_tokens(embed, tiny_model):
    import torch

    texts = ["my parcel is late", "refund", "a much longer text about a parcel that is late " * 3]
    found = embed(texts)
    assert found.dtype == np.float32
    assert np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
    model, tokenizer = load_backbone(tiny_model), load_tokenizer(tiny_model)
    for text, row in zip(texts, found, strict=True):
        ids = torch.tensor(tokenise(tokenizer, [text], 32)[0])
        with torch.inference_mode():
            mean = model(input_ids=ids, attention_mask=torch.ones_like(ids)).last_hidden_state[0].mean(0).numpy()
        assert np.allclose(row, mean / np.linalg.norm(mean), atol=1e-4)


def test_none_and_cancel(embed, tiny_model):
    assert embed([]).shape[0] == 0
    control = Control()
    control.cancel()
    with pytest.raises(Cancelled):
        TextEmbedder(tiny_model, lambda texts: [[1, 2] for _ in texts], control)(["a"])


def test_a_text_model_reads_no_images(tiny_model):
    with pytest.raises(StudioError) as caught:
        ImageEmbedder(tiny_model, Control())
    assert caught.value.code == "model.not-for-images"


def test_images_are_embedded(assets):
    from PIL import Image

    embed = ImageEmbedder(assets / "models" / "dinov2-small-fp16", Control())
    red, green = Image.new("RGB", (80, 60), "red"), Image.new("RGB", (64, 64), "green")
    found = embed([red, green, red])
    assert found.shape == (3, 384)
    assert np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
    assert float(found[0] @ found[2]) == pytest.approx(1, abs=1e-4)
    assert float(found[0] @ found[1]) < 0.99

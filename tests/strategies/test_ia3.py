"""IA³: vectors beside frozen layers, multiplied into them in the end."""

from __future__ import annotations

import pytest
import torch

from tests import tiny
from tests.tasks import models, speech
from tlstudio.core.errors import StudioError
from tlstudio.strategies.ia3 import PLUGIN, scaled_layers


def test_vectors_train_and_merge_into_the_weights(tiny_model, encoded_tickets):
    prepared = tiny.transfer(PLUGIN.NAME, tiny_model, encoded_tickets)
    moving = {name: value for name, value in prepared.model.named_parameters() if value.requires_grad}
    vectors = {name: value for name, value in moving.items() if "ia3" in name}
    assert len(vectors) == 2 * 3, "keys, values and hidden units of two blocks"
    assert sum(value.numel() for value in vectors.values()) == 2 * (32 + 32 + 64)
    assert {name.split(".")[0] for name in moving if name not in vectors} <= {"classifier", "bert"}
    torch.manual_seed(1)
    with torch.no_grad():
        for value in vectors.values():
            value.add_(torch.randn_like(value) * 0.3)
    batch = prepared.collate([prepared.train[0], prepared.train[1]])
    inputs = {name: batch[name] for name in encoded_tickets.inputs if name in batch}
    prepared.model.eval()
    with torch.inference_mode():
        before = prepared.model(**inputs).logits
        model = prepared.finish().eval()
        assert type(model).__name__ == "BertForSequenceClassification"
        assert not [name for name, _value in model.named_parameters() if "ia3" in name]
        assert torch.allclose(model(**inputs).logits, before, atol=1e-5)


@pytest.mark.parametrize("build", [models.byte_gpt2, models.chat_llama])
def test_decoders_have_such_layers_too(build, tmp_path):
    from transformers import AutoModelForCausalLM

    names, second = scaled_layers(AutoModelForCausalLM.from_pretrained(build(tmp_path, speech.vocabulary())))
    assert len(names) >= len(second) == 2 or len(names) >= 2


def test_networks_without_them_are_refused(tmp_path):
    from transformers import AutoModelForImageClassification

    model = AutoModelForImageClassification.from_pretrained(models.image_network(tmp_path, "resnet"))
    with pytest.raises(StudioError) as caught:
        scaled_layers(model)
    assert caught.value.code == "strategy.no-ia3-layers"

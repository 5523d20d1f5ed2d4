"""Networks as steps load and save them."""

from __future__ import annotations

import json

import pytest
import torch

from tlstudio.compression import networks
from tlstudio.models.checks import PARTS_WEIGHTS


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    import transformers

    folder = tmp_path_factory.mktemp("network")
    torch.manual_seed(0)
    config = transformers.BertConfig(vocab_size=20, hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
                                     intermediate_size=24, max_position_embeddings=16, num_labels=3)  # fmt: skip
    transformers.BertForSequenceClassification(config).save_pretrained(folder)
    (folder / "tlstudio.json").write_text(json.dumps({"max_length": 12, "task": "text-classification"}))
    (folder / "tokenizer.json").write_text("{}")
    return folder


def test_what_is_saved_is_loaded_and_has_what_lay_beside_it(source, tmp_path):
    model = networks.load(source)
    assert not model.training and next(model.parameters()).dtype == torch.float32
    with torch.no_grad():
        model.classifier.bias += 1
    networks.save(model, source, tmp_path)
    again = networks.load(tmp_path)
    assert torch.equal(again.classifier.bias, model.classifier.bias)
    for name in ("tlstudio.json", "tokenizer.json"):
        assert (tmp_path / name).read_bytes() == (source / name).read_bytes()
    assert not (tmp_path / PARTS_WEIGHTS).exists()


def test_what_transformers_cannot_load_has_weights_of_another_name_and_says_why(source, tmp_path):
    model = networks.load(source)
    model.tlstudio_parts = [{"kind": "widths", "layers": {}, "attributes": {}}]
    networks.save(model, source, tmp_path)
    assert (tmp_path / PARTS_WEIGHTS).is_file() and not (tmp_path / "model.safetensors").exists()
    settings = json.loads((tmp_path / "tlstudio.json").read_text())
    assert settings["parts"] == model.tlstudio_parts and settings["max_length"] == 12


def test_shared_parameters_count_once():
    model = torch.nn.ModuleList([torch.nn.Linear(3, 4), torch.nn.Linear(3, 4)])
    assert networks.parameters(model) == 32
    model[1].weight = model[0].weight
    assert networks.parameters(model) == 20

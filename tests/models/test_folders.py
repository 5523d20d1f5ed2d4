"""What a model folder says about itself."""

from __future__ import annotations

import json

import pytest

from tlstudio.core.errors import StudioError
from tlstudio.models import folders


def write(folder, **files):
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / f"{name}.json").write_text(json.dumps(content))
    return folder


def test_copy_tokenizer(tiny_model, tmp_path):
    write(tmp_path / "a", tlstudio={"max_length": 9})
    folders.copy_tokenizer(tiny_model, tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b" / "tokenizer.json").read_bytes() == (tiny_model / "tokenizer.json").read_bytes()
    assert not (tmp_path / "a" / "b" / "model.safetensors").exists()
    folders.copy_tokenizer(tmp_path / "a", tmp_path / "c")
    assert folders.read_json(tmp_path / "c" / "tlstudio.json") == {"max_length": 9}


def test_labels_in_the_order_of_the_numbers(tmp_path):
    names = {str(index): f"name {index}" for index in range(12)}
    shuffled = dict(sorted(names.items()))  # as text: 0, 1, 10, 11, 2 …
    assert folders.read_labels(write(tmp_path, config={"id2label": shuffled})) == list(names.values())


@pytest.mark.parametrize("config", [{}, {"id2label": {}}, {"id2label": ["a"]}, {"id2label": {"x": "a"}}, []])
def test_no_classifier(tmp_path, config):
    with pytest.raises(StudioError) as caught:
        folders.read_labels(write(tmp_path, config=config))
    assert caught.value.code == "model.no-labels"


@pytest.mark.parametrize(
    ("config", "limit"),
    [
        ({"model_type": "bert", "max_position_embeddings": 512}, 512),
        ({"model_type": "roberta", "max_position_embeddings": 514}, 512),
        ({"model_type": "data2vec-text", "max_position_embeddings": 514}, 512),
        ({"model_type": "gpt2", "n_positions": 1024}, 1024),
        ({"model_type": "t5"}, None),
    ],
)
def test_position_limit(config, limit):
    assert folders.position_limit(config) == limit


@pytest.mark.parametrize(
    ("files", "length"),
    [
        ({"config": {"max_position_embeddings": 64}}, 64),
        ({"config": {"max_position_embeddings": 8192}}, 512),
        ({"config": {}}, 512),
        ({"config": {"max_position_embeddings": 512}, "tokenizer_config": {"model_max_length": 256}}, 256),
        ({"config": {"max_position_embeddings": 128}, "tokenizer_config": {"model_max_length": 256}}, 128),
        ({"config": {"max_position_embeddings": 128}, "tokenizer_config": {"model_max_length": 1e30}}, 128),
        ({"config": {"max_position_embeddings": 128}, "tlstudio": {"max_length": 32}}, 32),
    ],
)
def test_max_length(tmp_path, files, length):
    assert folders.max_length(write(tmp_path, **files)) == length

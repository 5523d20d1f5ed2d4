"""Weights in several files."""

from __future__ import annotations

import json

import pytest

from tlstudio.models import shards


@pytest.fixture
def weights(tmp_path):
    import torch
    from safetensors.torch import save_file

    tensors = {f"layer.{at}": torch.full((100,), float(at)) for at in range(5)}
    tensors["half"] = torch.ones(100, dtype=torch.bfloat16)
    path = tmp_path / shards.FILE
    save_file(tensors, path, metadata={"format": "pt"})
    return path, tensors


def test_each_file_is_within_the_limit_and_nothing_is_lost(weights):
    import torch
    from safetensors.torch import load_file

    path, tensors = weights
    files = shards.split(path, 1000, lambda: None)
    assert [file.name for file in files] == [f"model-0000{number}-of-00003.safetensors" for number in (1, 2, 3)]
    assert not path.exists()
    found = {}
    for file in files:
        part = load_file(file)
        assert sum(tensor.nbytes for tensor in part.values()) <= 1000
        found |= part
    assert found.keys() == tensors.keys()
    assert all(torch.equal(found[name], tensors[name]) for name in tensors)
    index = json.loads((path.parent / "model.safetensors.index.json").read_text())
    assert index["metadata"]["total_size"] == 5 * 400 + 200
    assert {name: file.name for file in files for name in load_file(file)} == index["weight_map"]


def test_small_weights_stay_one_file(weights):
    assert shards.split(weights[0], 10**6, lambda: None) == [weights[0]]


def test_a_tensor_beyond_the_limit_has_a_file_of_its_own():
    assert shards.grouped({"a": 5, "b": 20, "c": 5, "d": 5}, 10) == [["a"], ["b"], ["c", "d"]]

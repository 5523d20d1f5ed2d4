"""bf16: two bytes a parameter, loaded as fp32 by whoever asks for nothing."""

from __future__ import annotations

import torch
from safetensors.torch import load_file

from tests import tiny
from tlstudio.compression import networks
from tlstudio.compression.base import CompressJob
from tlstudio.compression.bf16 import PLUGIN
from tlstudio.core.control import Control


def test_the_numbers(classifier, tmp_path):
    PLUGIN.apply(PLUGIN.Config(), CompressJob(classifier[0], "transformers", tiny.Heard(), Control()), tmp_path)
    stored = load_file(tmp_path / "model.safetensors")
    assert {tensor.dtype for tensor in stored.values()} == {torch.bfloat16}
    before, after = networks.load(classifier[0]).state_dict(), networks.load(tmp_path).state_dict()
    assert all(tensor.dtype == before[name].dtype for name, tensor in after.items())
    for name, tensor in after.items():
        assert torch.equal(tensor, before[name].to(torch.bfloat16).to(before[name].dtype)), name
    from transformers import AutoModelForSequenceClassification

    plain = AutoModelForSequenceClassification.from_pretrained(tmp_path)
    assert plain.dtype == torch.float32

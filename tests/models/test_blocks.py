"""Listening to the blocks of a network."""

from __future__ import annotations

import pytest
import torch
from transformers import BertModel, DistilBertConfig, DistilBertModel, GPT2Config, GPT2Model, ResNetConfig, ResNetModel

from tlstudio.core.errors import StudioError
from tlstudio.models.blocks import Inside, block_modules

IDS = torch.tensor([[2, 5, 6, 3], [2, 7, 3, 0]])
MASK = torch.tensor([[1, 1, 1, 1], [1, 1, 1, 0]])


@pytest.fixture(params=["bert", "distilbert", "gpt2"])
def network(request, tiny_model):
    if request.param == "bert":
        return BertModel.from_pretrained(tiny_model).eval()
    torch.manual_seed(0)
    if request.param == "gpt2":
        return GPT2Model(GPT2Config(vocab_size=20, n_embd=16, n_layer=2, n_head=2, n_positions=16)).eval()
    return DistilBertModel(DistilBertConfig(vocab_size=20, dim=16, n_layers=2, n_heads=2, hidden_dim=32)).eval()


def test_it_hears_what_the_network_itself_tells(network):
    assert len(block_modules(network)) == 2
    inside = Inside(network, (1,))
    with torch.no_grad():
        told = network(input_ids=IDS, attention_mask=MASK, output_hidden_states=True).hidden_states
    assert len(inside.states) == len(told) == 3
    for at in (0, 1):  # some architectures norm the last one before they tell it
        assert torch.equal(inside.states[at], told[at])
    query, key, value = inside.parts[1]
    assert query.shape == key.shape == value.shape == told[0].shape


def test_queries_and_keys_give_the_attention(tiny_model):
    network = BertModel.from_pretrained(tiny_model, attn_implementation="eager").eval()
    inside = Inside(network, (0,))
    with torch.no_grad():
        told = network(input_ids=IDS, attention_mask=MASK, output_attentions=True).attentions[0]
    query, key, _value = (part.unflatten(-1, (2, -1)).transpose(1, 2) for part in inside.parts[0])
    scores = query @ key.transpose(-1, -2) / query.shape[-1] ** 0.5
    scores = scores.masked_fill(~MASK.bool()[:, None, None], float("-inf"))
    assert torch.allclose(scores.softmax(-1), told, atol=1e-6)


def test_closed_it_hears_nothing(network):
    inside = Inside(network, (0, 1))
    inside.close()
    assert not [hook for part in network.modules() for hook in (*part._forward_hooks, *part._forward_pre_hooks)]


def test_a_network_without_attention():
    network = ResNetModel(ResNetConfig(embedding_size=8, hidden_sizes=[8, 8], depths=[1, 1], num_channels=3))
    with pytest.raises(StudioError) as caught:
        Inside(network, (0,))
    assert caught.value.code == "strategy.no-attention"
    assert not [hook for part in network.modules() for hook in part._forward_hooks]

"""Units of networks: where they are, what they have, what is cut. Many architectures: test_structured_pruning.py."""

from __future__ import annotations

import pytest
import torch

from tlstudio.compression import units


@pytest.fixture
def bert():
    import transformers

    torch.manual_seed(0)
    config = transformers.BertConfig(vocab_size=20, hidden_size=16, num_hidden_layers=2, num_attention_heads=4,
                                     intermediate_size=24, max_position_embeddings=16, num_labels=3)  # fmt: skip
    return transformers.BertForSequenceClassification(config).eval()


def test_heads_and_neurons_of_each_block(bert):
    found = units.find(bert)
    assert [(one.kind, one.count, one.size, one.stays) for one in found] == [
        ("neurons", 24, 1, False), ("heads", 4, 4, False)] * 2  # fmt: skip
    assert len({one.key for one in found}) == 4
    heads = found[1]
    assert [parts for _name, parts in heads.rows] == [1, 1, 1]
    assert heads.columns.endswith("layer.0.attention.output.dense")


def test_a_unit_has_the_parameters_that_go_with_it(bert):
    neurons, heads = units.find(bert)[:2]
    assert units.parameters(bert, heads) == 4 * (16 * 4) + 3 * 4, "queries, keys, values, output; three biases"
    assert units.parameters(bert, neurons) == 16 + 16 + 1
    before = sum(one.numel() for one in bert.parameters())
    groups = units.find(bert)
    kept = {one.key: list(range(one.count - 1)) for one in groups}
    units.cut(bert, groups, kept)
    assert before - sum(one.numel() for one in bert.parameters()) == 2 * 268 + 2 * 33


def test_operations_of_a_row(bert):
    neurons, heads = units.find(bert)[:2]
    assert units.flops(bert, neurons, 10) == 2 * 10 * 32
    assert units.flops(bert, heads, 10) == 2 * 10 * 4 * 64 + 4 * 10**2 * 4, "each state with each other one"


def test_silent_units_say_nothing_and_the_others_stay(bert):
    groups = units.find(bert)
    before = {name: value.clone() for name, value in bert.named_parameters()}
    kept = {one.key: [0, *range(2, one.count)] for one in groups}
    units.silence(bert, groups, kept)
    for one in groups:
        columns = units.columns_of(bert, one)
        assert (columns[1] == 0).all() and (columns[0] != 0).any() and (columns[2] != 0).any()
    changed = {name for name, value in bert.named_parameters() if not torch.equal(value, before[name])}
    assert changed == {f"{one.columns}.weight" for one in groups}


def test_layers_with_their_weights_the_other_way_round():
    from transformers.pytorch_utils import Conv1D

    model = torch.nn.ModuleDict({"out": Conv1D(6, 4)})  # 4 in, 6 out
    group = units.Group("neurons", "", 4, 1, (), "out")
    assert units.shape(model["out"]) == (4, 6) == units.shape(torch.nn.Linear(4, 6))
    assert units.columns_of(model, group).shape == (4, 1, 6)
    assert torch.equal(units.columns_of(model, group)[2, 0], model["out"].weight[2])

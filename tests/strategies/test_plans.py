"""What plans say about layer groups, and how training follows them."""

from __future__ import annotations

import pytest

from tlstudio.models.anatomy import LayerGroup
from tlstudio.strategies.full_fine_tuning import PLUGIN as FULL
from tlstudio.strategies.gradual_unfreezing import PLUGIN as GRADUAL
from tlstudio.strategies.partial import PLUGIN as PARTIAL
from tlstudio.strategies.plans import FROZEN, GroupPlan, belongs, depths

GROUPS = [
    LayerGroup("embeddings", "embeddings", 1000),
    *(LayerGroup(f"block {number}", "block", 100, 10, 4, 20) for number in range(1, 5)),
    LayerGroup("final", "block", 8, 4, 8),
    LayerGroup("head", "head", 30, 3),
]


def test_depth_is_counted_from_the_output():
    assert depths(GROUPS) == [5, 4, 3, 2, 1, 0, 0]


def test_what_trains_is_counted():
    block = GROUPS[1]
    assert [GroupPlan(part=part, rank=2).trained(block) for part in ("all", "biases", "norms", "adapters")] == [
        100, 10, 4, 40,
    ]  # fmt: skip
    assert FROZEN.trained(block) == 0


@pytest.mark.parametrize(("name", "biases", "norms"), [
    ("bert.encoder.layer.0.output.LayerNorm.weight", False, True),
    ("bert.encoder.layer.0.output.LayerNorm.bias", True, True),
    ("vit.layers.1.norm1.weight", False, True), ("model.layers.0.input_layernorm.weight", False, True),
    ("transformer.h.0.ln_1.weight", False, True), ("resnet.stages.0.bn2.bias", True, True),
    ("classifier.bias", True, False), ("model.layers.0.mlp.up_proj.weight", False, False),
    ("bert.embeddings.word_embeddings.weight", False, False),
])  # fmt: skip
def test_parts_of_a_group(name, biases, norms):
    assert (belongs(name, "biases"), belongs(name, "norms"), belongs(name, "all")) == (biases, norms, True)


def test_rates_fall_from_block_to_block():
    rates = [one.rate for one in FULL.plan(FULL.Config(layer_decay=0.5, head_rate=3.0), GROUPS, 4.0)]
    assert rates == [0.5**5, 0.5**4, 0.5**3, 0.25, 0.5, 1.0, 3.0]


def test_upper_blocks_or_a_selection():
    def trained(**options):
        plan = PARTIAL.plan(PARTIAL.Config(**options), GROUPS, 4.0)
        return [group.name for group, one in zip(GROUPS, plan, strict=True) if one.trains]

    assert trained(blocks=2) == ["block 3", "block 4", "final", "head"]
    assert trained(blocks=0) == ["final", "head"]
    assert trained(blocks=5)[0] == "embeddings"
    headless = PARTIAL.plan(PARTIAL.Config(blocks=1), GROUPS[:5], 4.0)
    assert [one.trains for one in headless] == [False] * 4 + [True]
    assert trained(trains="selection", selection=("block 2", "no such")) == ["block 2", "head"]


def test_blocks_open_over_the_first_half_or_as_told():
    def opens(**options):
        return [one.opens for one in GRADUAL.plan(GRADUAL.Config(**options), GROUPS, 10.0)]

    assert opens() == [5.0, 4.0, 3.0, 2.0, 1.0, 0.0, 0.0]
    assert opens(opens=(0.5, 6.0)) == [5.0, 4.0, 3.0, 6.0, 0.5, 0.0, 0.0]
    plan = GRADUAL.plan(GRADUAL.Config(), GROUPS[:6], 8.0)
    assert [one.opens for one in plan] == [4.0, 3.0, 2.0, 1.0, 0.0, 0.0], "without a head the uppermost block begins"

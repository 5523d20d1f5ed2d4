"""Which units stay, by numbers that are known. Where the numbers come from: test_structured_pruning.py."""

from __future__ import annotations

import pytest
import torch

from tlstudio.compression import importance
from tlstudio.compression.units import Group


def group(kind, name, count):
    return Group(kind, name, count, 2, ((f"{name}.q", 1),), f"{name}.out")


ONE, TWO, NEURONS = group("heads", "a", 4), group("heads", "b", 4), group("neurons", "c", 6)
RANKS = {
    ONE.key: torch.tensor([0.9, 0.8, 0.7, 0.6]), TWO.key: torch.tensor([0.1, 0.4, 0.2, 0.3]),
    NEURONS.key: torch.tensor([5.0, 1.0, 4.0, 2.0, 3.0, 0.0]),
}  # fmt: skip


def test_each_group_keeps_the_same_share():
    kept = importance.chosen([ONE, TWO, NEURONS], RANKS, by_layer=True, share=0.5)
    assert kept == {ONE.key: [0, 1], TWO.key: [1, 3], NEURONS.key: [0, 2, 4]}


def test_or_those_that_matter_most_anywhere_but_one_of_each_group():
    kept = importance.chosen([ONE, TWO, NEURONS], RANKS, by_layer=False, share=0.5)
    assert kept == {ONE.key: [0, 1, 2], TWO.key: [1], NEURONS.key: [0, 2, 4]}, "kinds are not compared"


@pytest.mark.parametrize("by_layer", [True, False])
def test_nothing_and_everything(by_layer):
    least = importance.chosen([ONE, TWO, NEURONS], RANKS, by_layer, 0.0)
    assert {key: len(units) for key, units in least.items()} == {ONE.key: 1, TWO.key: 1, NEURONS.key: 1}
    whole = importance.chosen([ONE, TWO, NEURONS], RANKS, by_layer, 1.0)
    assert whole == {one.key: list(range(one.count)) for one in (ONE, TWO, NEURONS)}
    assert importance.chosen([], {}, by_layer, 0.5) == {}


def test_the_widest_share_within_a_limit():
    assert importance.widest(lambda share: 10 * share, 4) == pytest.approx(0.4, abs=1e-6)
    assert importance.widest(lambda share: 10 * share, 10) == 1.0
    assert importance.widest(lambda share: 5 + share, 4) is None
    steps = importance.widest(lambda share: float(int(share * 4)), 2)
    assert steps is not None and 2 <= steps * 4 < 3


def test_chance_is_the_same_for_the_same_seed():
    one, same, other = (importance._random([ONE, TWO], seed) for seed in (1, 1, 2))
    assert torch.equal(one[ONE.key], same[ONE.key]) and not torch.equal(one[ONE.key], other[ONE.key])
    assert not torch.equal(one[ONE.key], one[TWO.key])


def test_scales_of_layers_do_not_count_for_the_kinds_that_are_made_comparable():
    found = {
        ONE.key: torch.tensor([1.0, 1, 1, 1]),
        TWO.key: torch.tensor([100.0] * 4),
        NEURONS.key: torch.full((6,), 9.0),
    }
    made = importance._comparable(found, "heads")
    assert torch.allclose(made[ONE.key], made[TWO.key]) and torch.allclose(made[ONE.key], torch.ones(4))
    assert torch.equal(made[NEURONS.key], found[NEURONS.key])
    assert torch.equal(importance._comparable({ONE.key: torch.zeros(4)}, "heads")[ONE.key], torch.zeros(4))

"""Masks from numbers that are known, and that they hold. Whole steps: test_magnitude_pruning.py and its kin."""

from __future__ import annotations

import pytest
import torch

from tests import tiny
from tests.compression.conftest import with_rows
from tlstudio.compression import sparsity
from tlstudio.models.callbacks import Loop

A, B = torch.tensor([[1.0, 2.0, 3.0, 4.0]]), torch.tensor([[5.0, 6.0], [7.0, 8.0]])


def test_the_smallest_of_the_network_go_or_of_each_layer():
    whole = sparsity.largest({"a": A, "b": B}, 0.5, by_layer=False)
    assert [int(mask.sum()) for mask in whole.values()] == [0, 4]
    each = sparsity.largest({"a": A, "b": B}, 0.5, by_layer=True)
    assert each["a"].tolist() == [[False, False, True, True]]
    assert each["b"].tolist() == [[False, False], [True, True]]
    assert all(mask.all() for mask in sparsity.largest({"a": A, "b": B}, 0.0, by_layer=False).values())


@pytest.mark.parametrize(("pattern", "kept"), [("2:4", [0, 1, 0, 1, 0, 0, 1, 1]), ("1:4", [0, 0, 0, 1, 0, 0, 0, 1]),
                                               ("4:8", [0, 1, 0, 1, 0, 0, 1, 1])])  # fmt: skip
def test_n_of_any_m(pattern, kept):
    model = torch.nn.ModuleDict({"one": torch.nn.Linear(8, 1), "odd": torch.nn.Linear(6, 1)})
    weight = torch.tensor([[0.1, -0.8, 0.2, 0.9, 0.1, 0.2, -0.7, 0.95]])
    masks = sparsity.n_of_m(model, {"one.weight": weight, "odd.weight": model["odd"].weight}, pattern)
    assert masks["one.weight"].int().tolist() == [kept]
    if pattern != "2:4":
        assert masks["odd.weight"].all(), "its inputs are no multiple"


def test_sparsity_grows_from_nothing_to_the_whole():
    found = [sparsity.growing(number, 90, 0.6) for number in range(0, 91, 10)]
    assert found[0] == 0 and found == sorted(found) and found[6:] == [0.6] * 4
    assert sparsity.growing(30, 90, 0.6) == pytest.approx(0.6 * (1 - 0.5**3))
    assert sparsity.growing(20, 90, 0.6, start=0.5) == 0
    assert sparsity.growing(1, 1, 0.6) == 0.6
    assert (sparsity.every(3), sparsity.every(7500)) == (1, 100)


class Half(sparsity.Sparse):
    def masks(self):
        return {"weight": torch.tensor([[True, False, True, False]])}


def test_the_network_is_judged_sparse_and_trained_dense():
    model = torch.nn.Linear(4, 1)
    before = model.weight.detach().clone()
    callback = Half()
    callback.end()  # a training that never began has nothing to end
    callback.begin(Loop(model, 1, 3, 4, None, 7, tiny.Heard(), None))
    with callback.evaluating():
        assert sparsity.zeros(model, callback.masks()) == 0.5
    assert torch.equal(model.weight, before)
    callback.end()
    assert torch.equal(model.weight, before * callback.masks()["weight"])


def test_zeros_are_smaller_once_they_are_compressed(tmp_path):
    from safetensors.torch import save_file

    job = with_rows(tmp_path, [], tiny.Heard())
    sizes = []
    for share in (0.0, 0.9):
        torch.manual_seed(0)
        values = torch.randn(200, 200)
        values[torch.rand(200, 200) < share] = 0
        folder = tmp_path / str(share)
        folder.mkdir()
        save_file({"w": values}, folder / "model.safetensors")
        sizes.append(sparsity.squeezed(folder, job))
    assert 0.13 < sizes[0] < 0.17, "noise cannot be compressed"
    assert sizes[1] < 0.25 * sizes[0]

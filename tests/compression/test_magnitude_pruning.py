"""Magnitude pruning: the smallest weights are zero, stay zero while training, and the log says what that brings."""

from __future__ import annotations

import zlib

import pytest
import torch

from tests.compression import pruning
from tlstudio.compression import networks, sparsity
from tlstudio.compression.magnitude_pruning import PLUGIN, Growing, Options, masks_of
from tlstudio.core.errors import Cancelled, StudioError


@pytest.fixture
def job(tiny_model, tickets, tmp_path):
    return pruning.job(tiny_model, tickets, tmp_path / "model")


@pytest.mark.parametrize("spread", ["network", "layer"])
def test_the_smallest_weights_become_zero_and_no_others_change(spread, job, tmp_path):
    whole = networks.load(job.source)
    sparse = pruning.applied(PLUGIN, job, tmp_path / "sparse", epochs=0, sparsity=0.7, spread=spread)
    names = sparsity.matrices(whole)
    assert sparsity.zeros(sparse, names) == pytest.approx(0.7, abs=1e-3)
    sizes = torch.cat([weight.detach().abs().flatten() for weight in names.values()]).sort().values
    level = float(sizes[round(0.7 * len(sizes)) - 1])
    for name, before in whole.named_parameters():
        after = sparse.get_parameter(name)
        gone = (after == 0) & (before != 0)
        assert torch.equal(after[~gone], before[~gone])
        if name not in names:
            assert not gone.any()
        elif spread == "network":
            assert torch.equal(gone, before.abs() <= level)
        else:
            assert float(gone.float().mean()) == pytest.approx(0.7, abs=1e-3)
    assert not any("embeddings" in name or "classifier" in name or "pooler" in name for name in names)


@pytest.mark.parametrize(("pattern", "keep", "of"), [("2:4", 2, 4), ("1:4", 1, 4), ("4:8", 4, 8)])
def test_n_of_any_m_inputs_stay(pattern, keep, of, job, tmp_path):
    sparse = pruning.applied(PLUGIN, job, tmp_path / "sparse", epochs=0, pattern=pattern)
    whole = networks.load(job.source)
    for name in sparsity.matrices(sparse):
        after, before = sparse.get_parameter(name).view(-1, of), whole.get_parameter(name).abs().view(-1, of)
        assert torch.equal((after != 0).sum(1), torch.full((len(after),), keep))
        kept, lost = before.where(after != 0, torch.inf).amin(1), before.where(after == 0, 0).amax(1)
        assert (kept >= lost).all()


def test_layers_that_store_inputs_first_and_convolutions_have_the_pattern_along_their_inputs():
    from torch import nn
    from transformers.pytorch_utils import Conv1D

    model = nn.ModuleDict({"one": Conv1D(6, 8), "two": nn.Conv2d(4, 3, 1), "odd": nn.Linear(6, 4)})
    weights = {name: parameter.detach() for name, parameter in model.named_parameters() if "weight" in name}
    masks = sparsity.n_of_m(model, weights, "2:4")
    assert masks["one.weight"].shape == (8, 6)
    assert (masks["one.weight"].T.reshape(6, 2, 4).sum(-1) == 2).all()
    assert (masks["two.weight"].sum((1, 2, 3)) == 2).all()
    assert masks["odd.weight"].all()


def test_the_log_says_what_the_zeros_bring(job, tmp_path):
    pruning.applied(PLUGIN, job, tmp_path / "sparse", epochs=0, sparsity=0.9)
    said = pruning.said(job, "compress.sparse")
    assert said["percent"] == pytest.approx(90, abs=0.2)
    after = len(zlib.compress((tmp_path / "sparse" / "model.safetensors").read_bytes())) / 1e6
    before = len(zlib.compress((job.source / "model.safetensors").read_bytes())) / 1e6
    assert said["after"] == pytest.approx(after, abs=0.006)
    assert said["before"] == pytest.approx(before, abs=0.006)
    assert after < 0.75 * before
    assert PLUGIN.KEEPS_SIZE


def test_zeros_stay_while_training(tiny_model, tickets, tmp_path):
    training = pruning.Training()
    training.job = job = pruning.job(tiny_model, tickets, tmp_path / "model", training)
    sparse = pruning.applied(PLUGIN, job, tmp_path / "sparse", epochs=1, sparsity=0.6)
    assert {round(share, 3) for _moment, share in training.moments} == {0.6}
    before = networks.load(job.source)
    masks = masks_of(before, Options(sparsity=0.6))
    for name, mask in masks.items():
        assert torch.equal(sparse.get_parameter(name) != 0, mask)
        assert not torch.allclose(sparse.get_parameter(name)[mask], before.get_parameter(name)[mask])


def test_zeros_grow_and_are_judged_as_many_as_they_will_be(tiny_model, tickets, tmp_path):
    training = pruning.Training()
    training.job = job = pruning.job(tiny_model, tickets, tmp_path / "model", training)
    sparse = pruning.applied(PLUGIN, job, tmp_path / "sparse", epochs=1, sparsity=0.8, gradual=True)
    trained = [share for moment, share in training.moments if moment == "stepped"]
    steps = pruning.STEPS
    expected = [sparsity.growing(number, steps, 0.8) for number in range(1, steps + 1)]
    assert trained == pytest.approx(expected, abs=2e-3)
    assert {round(share, 2) for moment, share in training.moments if moment == "evaluating"} == {0.8}
    assert sparsity.zeros(sparse, sparsity.matrices(sparse)) == pytest.approx(0.8, abs=2e-3)


def test_the_schedule_is_that_of_zhu_and_gupta():
    # s_t = s_f + (s_i - s_f) (1 - (t - t_0) / (n dt))^3 with s_i = 0, t_0 = 0, n dt = 60
    assert sparsity.growing(0, 90, 0.9) == 0
    assert sparsity.growing(30, 90, 0.9) == pytest.approx(0.9 - 0.9 * 0.5**3)
    assert sparsity.growing(60, 90, 0.9) == sparsity.growing(90, 90, 0.9) == 0.9
    assert sparsity.growing(9, 90, 0.9, start=0.1) == 0
    assert sparsity.growing(60, 90, 0.9, start=0.1) == 0.9
    assert issubclass(Growing, sparsity.Sparse)


def test_a_network_without_blocks_is_refused(job, tmp_path, monkeypatch):
    monkeypatch.setattr(sparsity, "parameter_groups", lambda _model: {})
    with pytest.raises(StudioError) as caught:
        pruning.applied(PLUGIN, job, tmp_path / "sparse")
    assert caught.value.code == "compress.no-matrices"


def test_cancelling_is_answered(job, tmp_path):
    job.control.cancel()
    with pytest.raises(Cancelled):
        pruning.applied(PLUGIN, job, tmp_path / "sparse")

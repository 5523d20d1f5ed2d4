"""The best weights: kept, compared and put back."""

from __future__ import annotations

import pytest
import torch

from tlstudio.core.errors import StudioError
from tlstudio.training.best import BestWeights


@pytest.fixture
def model():
    layers = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 2))
    layers[0].requires_grad_(False)
    return layers


def fill(model, value):
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.fill_(value)


@pytest.mark.parametrize(("metric", "scores", "best"), [("macro_f1", [0.1, 0.5, 0.5, 0.2], 1), ("loss", [3, 1, 2], 1)])
def test_the_best_evaluation_is_put_back(model, tmp_path, metric, scores, best):
    kept = BestWeights(model, tmp_path / "checkpoints/best.safetensors", metric)
    taken = []
    for number, score in enumerate(scores):
        fill(model, number)
        taken.append(kept.offer({metric: score}, number + 1.0))
    assert [number for number, yes in enumerate(taken) if yes] == [0, best]
    assert (kept.score, kept.epoch) == (scores[best], best + 1.0)
    kept.restore()
    assert set(model[1].weight.flatten().tolist()) == {float(best)}
    assert set(model[0].weight.flatten().tolist()) == {len(scores) - 1.0}, "what does not train is not kept"
    assert [path.name for path in (tmp_path / "checkpoints").iterdir()] == ["best.safetensors"]


def test_of_equal_scores_the_lower_loss_is_kept(model, tmp_path):
    kept = BestWeights(model, tmp_path / "best.safetensors", "macro_f1")
    found = []
    for number, (score, loss) in enumerate([(0.5, 1.0), (0.5, 0.8), (0.5, 0.9), (0.6, 2.0), (0.6, 2.0), (0.6, 1.0)]):
        fill(model, number)
        found.append((kept.offer({"macro_f1": score, "loss": loss}, number + 1.0), kept.gained))
    # before the score has risen, a lower loss is a gain
    assert found == [(True, True), (True, True), (False, False), (True, True), (False, False), (True, False)]
    kept.restore()
    assert set(model[1].weight.flatten().tolist()) == {5.0}


def test_a_score_that_is_no_number_is_never_best(model, tmp_path):
    kept = BestWeights(model, tmp_path / "best.safetensors", "loss")
    assert not kept.offer({"loss": float("nan")}, 1.0)
    assert not kept.found
    kept.restore()
    assert not list(tmp_path.iterdir())
    assert kept.offer({"loss": 2.0}, 2.0)
    assert not kept.offer({"loss": float("-inf")}, 3.0)


def test_a_place_that_cannot_be_written_is_named(model, tmp_path):
    (tmp_path / "file").write_text("in the way")
    kept = BestWeights(model, tmp_path / "file/best.safetensors", "loss")
    with pytest.raises(StudioError) as caught:
        kept.offer({"loss": 1.0}, 1.0)
    assert caught.value.code.startswith("files.")
    assert not kept.found


def test_a_full_disk_leaves_no_half_file(model, tmp_path, monkeypatch):
    def full(_tensors, path):
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("safetensors.torch.save_file", full)
    with pytest.raises(StudioError) as caught:
        BestWeights(model, tmp_path / "best.safetensors", "loss").offer({"loss": 1.0}, 1.0)
    assert caught.value.code == "files.disk-full"
    assert not list(tmp_path.iterdir())

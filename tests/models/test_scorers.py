"""Scoring: padding, order, batches, and both runtimes."""

from __future__ import annotations

import numpy as np
import pytest

from tests import tiny
from tests.models.conftest import tiny_classifier
from tlstudio.core.errors import Cancelled, StudioError
from tlstudio.models.scorers import OnnxScorer, TorchScorer, score, usable_cores


class Recorder:
    """Logits that name the row: its length and its first token."""

    name, format = "recorder", "none"

    def __init__(self):
        self.batches = []

    def outputs(self, batch):
        ids = [row["input_ids"] for row in batch]
        self.batches.append([len(row) for row in ids])
        return [np.array([len(row), row[0]], dtype=np.float32) for row in ids]


def test_order_is_restored_and_batches_are_alike():
    draw = np.random.default_rng(0)
    encoded = [[index] * int(draw.integers(1, 50)) for index in range(100)]
    scorer, ticks = Recorder(), []
    logits = tiny.logits(scorer, tiny.rows(encoded), batch_size=16, tick=ticks.append)
    assert logits[:, 1].tolist() == list(range(100))
    assert logits[:, 0].tolist() == [len(ids) for ids in encoded]
    assert sum(ticks) == 100
    flat = [length for batch in scorer.batches for length in batch]
    assert flat == sorted(flat, reverse=True)
    assert [len(batch) for batch in scorer.batches] == [16] * 6 + [4]


def test_nothing_and_cancel():
    assert score(Recorder(), []) == []

    def cancel(_count):
        raise Cancelled

    with pytest.raises(Cancelled):
        tiny.logits(Recorder(), tiny.rows([[1]]), tick=cancel)


def test_torch_scorer_of_model_and_folder_agree(sequences, tmp_path):
    model = tiny_classifier("roberta").train()
    model.save_pretrained(tmp_path)
    one, two = TorchScorer(model), TorchScorer(tmp_path)
    assert not one.model.training
    logits = np.stack(one.outputs(tiny.rows(sequences)))
    assert logits.dtype == np.float32
    assert logits.shape == (len(sequences), 3)
    np.testing.assert_array_equal(logits, np.stack(two.outputs(tiny.rows(sequences))))


@pytest.mark.parametrize("content", [b"", b"not a graph", None])
def test_bad_onnx_file(tmp_path, content):
    path = tmp_path / "model.onnx"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(StudioError) as caught:
        OnnxScorer(path)
    assert caught.value.code == "model.bad-onnx"
    assert str(path) in caught.value.message


def test_usable_cores():
    assert 1 <= usable_cores() <= 4096


@pytest.mark.parametrize(("wish", "most"), [("1", 1), ("0", 4096), ("many", 4096), ("100000", 4096)])
def test_who_shares_a_machine_may_say_how_many_cores(wish, most, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", wish)
    assert 1 <= usable_cores() <= most

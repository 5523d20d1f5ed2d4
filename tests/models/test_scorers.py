"""Scoring: padding, order, batches, and both runtimes."""

from __future__ import annotations

import numpy as np
import pytest

from tests.models.conftest import tiny_classifier
from tlstudio.core.errors import Cancelled, StudioError
from tlstudio.models.scorers import OnnxScorer, TorchScorer, pad, score, usable_cores


class Recorder:
    """Logits that name the row: its length and its first token."""

    name, format = "recorder", "none"

    def __init__(self):
        self.batches = []

    def logits(self, batch):
        self.batches.append([len(ids) for ids in batch])
        return np.array([[len(ids), ids[0]] for ids in batch], dtype=np.float32)


def test_pad():
    ids, mask = pad([[5, 6], [7], [8, 9, 10]], 1)
    assert ids.tolist() == [[5, 6, 1], [7, 1, 1], [8, 9, 10]]
    assert mask.tolist() == [[1, 1, 0], [1, 0, 0], [1, 1, 1]]
    assert ids.dtype == mask.dtype == np.int64


def test_order_is_restored_and_batches_are_alike():
    draw = np.random.default_rng(0)
    encoded = [[index] * int(draw.integers(1, 50)) for index in range(100)]
    scorer, ticks = Recorder(), []
    logits = score(scorer, encoded, batch_size=16, tick=ticks.append)
    assert logits[:, 1].tolist() == list(range(100))
    assert logits[:, 0].tolist() == [len(ids) for ids in encoded]
    assert sum(ticks) == 100
    flat = [length for batch in scorer.batches for length in batch]
    assert flat == sorted(flat, reverse=True)
    assert [len(batch) for batch in scorer.batches] == [16] * 6 + [4]


def test_nothing_and_cancel():
    assert score(Recorder(), []).shape == (0, 0)

    def cancel(_count):
        raise Cancelled

    with pytest.raises(Cancelled):
        score(Recorder(), [[1]], tick=cancel)


def test_torch_scorer_of_model_and_folder_agree(sequences, tmp_path):
    model = tiny_classifier("roberta").train()
    model.save_pretrained(tmp_path)
    one, two = TorchScorer(model), TorchScorer(tmp_path)
    assert not one.model.training
    logits = one.logits(sequences)
    assert logits.dtype == np.float32
    assert logits.shape == (len(sequences), 3)
    np.testing.assert_array_equal(logits, two.logits(sequences))


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

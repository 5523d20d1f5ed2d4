"""The verdict of the parity check, and that its process can be cancelled."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from tlstudio.core.control import Control
from tlstudio.core.errors import Cancelled
from tlstudio.export import parity
from tlstudio.export.base import Tolerance
from tlstudio.export.onnx_int8 import OnnxInt8
from tlstudio.export.safetensors import Safetensors

LOGITS, AGREEMENT = Tolerance("logits", 1e-3), Tolerance("agreement", 0.97)


def _pair(wrong: int = 0, shift: float = 0.0):
    reference = np.random.default_rng(0).normal(size=(100, 3)) + 5 * np.eye(3)[np.arange(100) % 3]
    other = reference + shift
    other[:wrong] = np.roll(reference[:wrong], 1, axis=1)
    return other, reference


def test_difference_in_logits():
    good = parity.compare(*_pair(shift=9e-4), LOGITS)
    assert good["status"] == "passed"
    assert good["max_logit_difference"] == pytest.approx(9e-4)
    bad = parity.compare(*_pair(shift=2e-3), LOGITS)
    assert bad["status"] == "failed"
    assert bad["agreement"] == 1.0
    assert "0.002" in parity.message(bad)
    assert "0.001 is allowed" in parity.message(bad)


def test_agreement_warns_but_does_not_fail():
    assert parity.compare(*_pair(wrong=3), AGREEMENT)["status"] == "passed"
    warned = parity.compare(*_pair(wrong=4), AGREEMENT)
    assert warned["status"] == "warned"
    assert warned["agreement"] == pytest.approx(0.96)
    assert "96.0%" in parity.message(warned)


def test_another_model_fails_whatever_it_gains():
    bad = parity.compare(*_pair(wrong=20), AGREEMENT)
    assert (bad["status"], bad["agreement"]) == ("failed", pytest.approx(0.8))
    assert parity.compare(*_pair(wrong=100), AGREEMENT)["status"] == "failed"
    answers, reference = _pair(wrong=2)
    few = parity.compare(answers[:10], reference[:10], AGREEMENT)
    assert few["status"] == "warned", "two of ten may be chance"


def test_no_message_says_that_it_was_compared_with_the_trained_model():
    """It may be a network that compression has made of it."""
    found = [parity.compare(*_pair(wrong=wrong, shift=shift), tolerance)
             for tolerance in (LOGITS, AGREEMENT) for wrong, shift in ((0, 0.0), (9, 2e-3))]  # fmt: skip
    assert {one["status"] for one in found} == {"passed", "failed", "warned"}
    assert all("was made of" in one["message"] and "trained" not in one["message"] for one in found)


@pytest.mark.parametrize("tolerance", [LOGITS, AGREEMENT])
def test_scores_that_are_no_numbers_or_of_other_classes_fail(tolerance):
    other, reference = _pair()
    other[3, 1] = np.nan
    assert parity.compare(other, reference, tolerance)["status"] == "failed"
    assert parity.compare(reference[:, :2], reference, tolerance)["status"] == "failed"


def test_int8_is_reloaded_and_two_hundred_rows_are_spread(int8_folder, encoded, reference, monkeypatch):
    many, logits = list(encoded) * 10, np.tile(reference, (10, 1))
    found = parity.check(OnnxInt8(), int8_folder, many, logits, Control())
    assert found["rows"] == 200
    assert found["status"] in ("passed", "warned")
    assert 0.5 < found["agreement"] <= 1
    assert 0 < found["max_logit_difference"] < 5


def test_a_missing_folder_fails_with_the_reason(tmp_path, encoded, reference):
    found = parity.check(OnnxInt8(), tmp_path / "absent", encoded, reference, Control())
    assert found["status"] == "failed"
    assert "model.onnx" in parity.message(found)


def test_cancel_kills_the_check(classifier, encoded, reference):
    control = Control()
    timer = threading.Timer(0.3, control.cancel)
    timer.start()
    begin = time.monotonic()
    with pytest.raises(Cancelled):
        parity.check(Safetensors(), classifier, encoded, reference, control)
    timer.join()
    assert time.monotonic() - begin < 4


def test_without_rows_there_is_a_warning(classifier):
    found = parity.check(Safetensors(), classifier, [], np.zeros((0, 3)), Control())
    assert (found["status"], found["rows"]) == ("warned", 0)


def test_metric_and_latency_of_an_export(int8_folder, encoded, reference):
    right = reference.argmax(1)
    asked = []

    def measure(answers, places):
        asked.append(places)
        return "accuracy", float(
            np.mean([answer.argmax() == right[at] for answer, at in zip(answers, places, strict=True)])
        )

    found = parity.check(OnnxInt8(), int8_folder, encoded, reference, Control(), rows=20, measure=measure)
    assert found["metric"]["reference"] == 1.0
    assert found["metric"]["value"] == pytest.approx(found["agreement"])
    assert found["metric"]["difference"] == pytest.approx(found["agreement"] - 1)
    assert asked[0] == asked[1]
    assert (len(asked[0]), asked[0][0], asked[0][-1]) == (20, 0, len(encoded) - 1)
    assert set(found["latency"]) == {"1", "16"}
    assert all(time["median_ms"] > 0 for time in found["latency"].values())


def test_sixteen_rows_take_longer_than_one():
    import time

    class Slow:
        def outputs(self, batch):
            time.sleep(0.002 * len(batch))
            return [np.zeros(2)] * len(batch)

    found = parity.timed(Slow(), [{"input_ids": [1]}] * 3)
    assert found["1"]["median_ms"] >= 2
    assert found["16"]["median_ms"] >= 32

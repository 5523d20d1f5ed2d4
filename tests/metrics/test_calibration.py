"""Expected calibration error: by hand and by a plain loop."""

from __future__ import annotations

import numpy as np
import pytest

from tlstudio.metrics import calibration
from tlstudio.metrics.classification import evaluate, probabilities


def _plain_loop(confidence, correct, bins=15):
    error = 0.0
    for index in range(bins):
        inside = (confidence > index / bins) & (confidence <= (index + 1) / bins)
        if inside.any():
            error += inside.mean() * abs(correct[inside].mean() - confidence[inside].mean())
    return error


def test_by_hand():
    # bin (0.8, 0.867]: two rows of 0.85, one right; bin (0.933, 1]: one row of 1.0, right
    error = calibration.expected_error(np.array([0.85, 0.85, 1.0]), np.array([True, False, True]))
    assert error == pytest.approx(2 / 3 * 0.35)


def test_equals_a_plain_loop_and_the_metric():
    generator = np.random.default_rng(3)
    labels = generator.integers(0, 4, 500)
    logits = generator.normal(size=(500, 4)) + 2 * np.eye(4)[labels]
    chances = probabilities(logits)
    confidence, correct = chances.max(axis=1), chances.argmax(axis=1) == labels
    expected = _plain_loop(confidence, correct)
    assert calibration.expected_error(confidence, correct) == pytest.approx(expected)
    assert evaluate(logits, labels, list("abcd"), bootstrap=100)["metrics"]["ece"]["value"] == pytest.approx(expected)


def test_table_sums_to_all_rows_and_gives_the_error():
    generator = np.random.default_rng(5)
    labels = generator.integers(0, 3, 200)
    logits = generator.normal(size=(200, 3)) * 3
    table = calibration.table(logits, labels)
    assert len(table) == 15
    assert sum(row["count"] for row in table) == 200
    filled = [row for row in table if row["count"]]
    chances = probabilities(logits)
    error = sum(row["count"] * abs(row["accuracy"] - row["confidence"]) for row in filled) / 200
    correct = chances.argmax(axis=1) == labels
    assert error == pytest.approx(calibration.expected_error(chances.max(axis=1), correct))
    assert all(row["accuracy"] is None for row in table if not row["count"])
    assert all(row["low"] < row["confidence"] <= row["high"] for row in filled)


def test_edges_fall_into_a_bin():
    assert calibration.bin_of(np.array([0.0, 1 / 15, 1.0])).tolist() == [0, 0, 14]

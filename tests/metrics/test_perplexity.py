"""Perplexity: its formula, its interval, and the baseline that only counts tokens."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tlstudio.core.errors import StudioError
from tlstudio.metrics import perplexity


def test_a_model_that_gives_each_of_eight_tokens_the_same_chance_has_a_perplexity_of_eight():
    table = np.array([[3 * math.log(8), 3, 1], [5 * math.log(8), 5, 2]])
    found = perplexity.evaluate(table, guessed=True, bootstrap=50)
    assert found["rows"] == 2
    assert found["metrics"]["perplexity"] == pytest.approx({"value": 8, "low": 8, "high": 8})
    assert found["metrics"]["masked_accuracy"]["value"] == pytest.approx(3 / 8)
    assert "masked_accuracy" not in perplexity.evaluate(table, bootstrap=5)["metrics"]


def test_long_texts_count_more_and_the_interval_is_over_texts():
    table = np.array([[0.0, 1, 0], [9 * 2.0, 9, 0]] * 10)
    found = perplexity.evaluate(table, bootstrap=300)["metrics"]["perplexity"]
    assert found["value"] == pytest.approx(math.exp(1.8))
    assert found["low"] < found["value"] < found["high"]
    assert found == perplexity.evaluate(table, bootstrap=300)["metrics"]["perplexity"]


def test_texts_without_tokens():
    table = np.array([[0.0, 0, 0], [2.0, 1, 0]])
    found = perplexity.evaluate(table, bootstrap=100)["metrics"]["perplexity"]
    assert found["value"] == pytest.approx(math.exp(2))
    for empty in (table[:1], table[:0]):
        with pytest.raises(StudioError) as caught:
            perplexity.evaluate(empty)
        assert caught.value.code == "evaluate.no-tokens"


def test_an_infinite_loss_does_not_overflow():
    assert perplexity.of_loss(1e9) == pytest.approx(math.exp(700))
    assert perplexity.of_loss(math.log(4)) == pytest.approx(4)


def test_the_unigram_model_counts_with_one_more_of_each():
    table = perplexity.unigram([np.array([0, 0]), np.array([1])], 4, [(0, np.array([0, 3])), (0, np.array([1]))], 2)
    expected = -math.log(3 / 7) - math.log(1 / 7) - math.log(2 / 7)
    assert table[0] == pytest.approx([expected, 3, 1])
    assert table[1].tolist() == [0, 0, 0]

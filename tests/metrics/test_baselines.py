"""Baselines that must be beaten."""

from __future__ import annotations

import numpy as np
import pytest

from tlstudio.core.control import Control
from tlstudio.core.errors import Cancelled
from tlstudio.metrics import baselines, words

TRAIN = ["the card was lost", "my card is gone", "refund my money", "money back please", "lost my card"] * 4
LABELS = [0, 0, 1, 1, 0] * 4
NAMES = ["card", "money"]


def test_majority_is_the_share_of_the_largest_training_class():
    found = baselines.majority(LABELS, [0, 0, 1, 0], NAMES, control=Control(), bootstrap=100)
    assert found["name"] == "majority"
    assert found["metrics"]["accuracy"]["value"] == 0.75
    assert found["metrics"]["macro_f1"]["value"] == pytest.approx((6 / 7) / 2)


def test_words_are_learnt_from_iterables():
    tests = ["where is my card", "i want the money back", "card lost", "refund"]
    found = baselines.bag_of_words(iter(TRAIN), LABELS, iter(tests), [0, 1, 0, 1], NAMES, control=Control())
    assert found["metrics"]["accuracy"] == {"value": 1.0, "low": 1.0, "high": 1.0}


def test_chinese_texts_are_split_into_characters():
    train, labels = ["我的卡丢了", "卡不见了", "请退款给我", "我要退款"] * 5, [0, 0, 1, 1] * 5
    found = baselines.bag_of_words(train, labels, ["卡丢了吗", "什么时候退款"], [0, 1], NAMES, control=Control())
    assert found["metrics"]["accuracy"]["value"] == 1.0


def test_texts_without_words_or_with_one_class_fall_back_to_the_majority():
    signs = baselines.bag_of_words(["?", "!!", "…"], [1, 1, 0], ["?"], [1], NAMES, control=Control())
    assert signs["metrics"]["accuracy"]["value"] == 1.0
    single = baselines.bag_of_words(["a card", "my card"], [0, 0], ["card"], [0], NAMES, control=Control())
    assert single["metrics"]["accuracy"]["value"] == 1.0


def test_can_be_cancelled():
    control = Control()
    control.cancel()
    with pytest.raises(Cancelled):
        baselines.bag_of_words(TRAIN, LABELS, ["x"], [0], NAMES, control=control)


def test_large_data_is_sampled(monkeypatch):
    monkeypatch.setattr(words, "_MOST_ROWS", 10)
    assert words.sample(25, 1).sum() == 10
    assert words.sample(5, 1).all()


def test_a_linear_baseline_learns_from_a_few_numbers():
    draw = np.random.default_rng(0)
    labels = np.arange(60) % 3
    numbers = labels[:, None] * [5.0, 0.0] + draw.normal(size=(60, 2))
    found = baselines.linear("x", "Numbers", numbers[:40], labels[:40], numbers[40:], labels[40:], list("abc"),
                             control=Control(), bootstrap=50)  # fmt: skip
    assert (found["name"], found["title"]) == ("x", "Numbers")
    assert found["metrics"]["accuracy"]["value"] >= 0.9
    one = baselines.linear("x", "Numbers", numbers[:9], [1] * 9, numbers[40:], labels[40:], list("abc"),
                           control=Control(), bootstrap=50)  # fmt: skip
    assert one["metrics"]["accuracy"]["value"] == pytest.approx(np.mean(labels[40:] == 1))

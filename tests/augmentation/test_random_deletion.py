"""Words are left out."""

from __future__ import annotations

import numpy as np

from tests.augmentation.common import REUTERS, many, one
from tlstudio.augmentation.words import split


def test_the_share_is_kept_on_average():
    text = " ".join(f"w{number}" for number in range(200))
    left = [len(changed.split()) for changed in many("random-deletion", text, 50, share=0.2)]
    assert abs(np.mean(left) - 160) < 5


def test_order_stays_and_at_least_one_goes():
    words = split(REUTERS).words
    for changed in many("random-deletion", REUTERS, share=0.01):
        left = iter(words)
        assert all(word in left for word in split(changed).words)
        assert len(split(changed).words) < len(words)


def test_one_word_stays():
    for changed in many("random-deletion", "one two three", share=0.99):
        assert len(changed.split()) == 1
    assert one("random-deletion", "one!") == "one!"
    assert one("random-deletion", "火焰") in ("火", "焰")

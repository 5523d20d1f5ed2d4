"""Linear models on counted words, for texts and for pairs."""

from __future__ import annotations

import numpy as np
import pytest

from tlstudio.core.control import Control
from tlstudio.core.errors import Cancelled
from tlstudio.metrics import words

TEXTS = ["the card was lost", "my card is gone", "refund my money", "money back please", "card and money"] * 6
OPTIONS = {"control": Control()}


def test_numbers_are_sums_of_words():
    values = [2.0, 2.0, 5.0, 5.0, 7.0] * 6
    found = words.numbers([TEXTS], values, [["my card", "refund the money", "nothing known"]], **OPTIONS)
    assert found[0] < 3.5 < found[1]
    assert 2 < found[2] < 7


def test_each_label_is_learnt_by_itself():
    truth = np.array([[1, 0, 1, 0], [1, 0, 1, 0], [0, 1, 1, 0], [0, 1, 1, 0], [1, 1, 1, 0]] * 6)
    found = words.several([iter(TEXTS)], truth, [["lost card", "money please", "money card"]], **OPTIONS)
    assert (found[:, :2] > 0.5).tolist() == [[True, False], [False, True], [True, True]]
    assert found[:, 2:].tolist() == [[1.0, 0.0]] * 3, "a label that all rows have, and one that none has"


def test_of_pairs_it_counts_what_both_have_and_which_has_it():
    one = ["card lost", "money back", "card lost", "money back"] * 8
    other = ["card lost", "money back", "money back", "card lost"] * 8
    same = words.classes(
        [one, other], [1, 1, 0, 0] * 8, [["lost card", "back card"], ["card lost", "money"]], **OPTIONS
    )
    assert same.tolist() == [1, 0]
    first = words.classes([one, other], [0, 1, 0, 1] * 8, [["a card", "money"], ["money", "the card"]], **OPTIONS)
    assert first.tolist() == [0, 1]
    similar = words.numbers([one, other], [1.0, 1.0, 0.0, 0.0] * 8, [["card lost", "card"], ["card lost", "money"]],
                            **OPTIONS)  # fmt: skip
    assert similar[0] > 0.5 > similar[1]


def test_without_words_the_answer_is_that_of_no_model():
    signs = [["?", "!!", "…"]] * 2
    asked = [["?", "!"]] * 2
    assert words.classes(signs[:1], [1, 1, 0], asked[:1], **OPTIONS).tolist() == [1, 1]
    assert words.numbers(signs, [1.0, 2.0, 6.0], asked, **OPTIONS).tolist() == [3.0, 3.0]
    assert (
        words.several(signs, [[1, 0], [1, 0], [1, 1]], asked, **OPTIONS).tolist() == [[1.0, pytest.approx(1 / 3)]] * 2
    )


def test_many_labels_take_fewer_rows(monkeypatch):
    asked = []
    monkeypatch.setattr(words, "_MOST_CELLS", 10)
    monkeypatch.setattr(words, "_FEWEST_ROWS", 5)
    kept = words.sample
    monkeypatch.setattr(words, "sample", lambda rows, seed, most=None: (asked.append(most), kept(rows, seed, most))[1])
    words.several([TEXTS], [[1, 0], [0, 1], [1, 0], [0, 1], [0, 0]] * 6, [["card"]], **OPTIONS)
    assert asked == [5]


def test_everything_can_be_cancelled():
    control = Control()
    control.cancel()
    for learn, target in ((words.classes, [0, 1] * 15), (words.numbers, [0.0, 1.0] * 15),
                          (words.several, [[0, 1], [1, 0]] * 15)):  # fmt: skip
        with pytest.raises(Cancelled):
            learn([TEXTS, TEXTS], target, [["x"], ["y"]], control=control)

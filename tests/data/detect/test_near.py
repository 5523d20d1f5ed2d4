"""Similar texts: exact where it is verified, and hardly any are missed."""

from __future__ import annotations

import itertools
import random

import numpy as np
import pytest

from tests.data import patients
from tlstudio.data.detect import near


def check():
    pass


def sketched(texts):
    kept = []
    found = near.sketches([texts], len(texts), kept)
    return found, near.on_shelf(kept)


def jaccard_by_hand(one, other):
    def parts(text):
        words = text.lower().split()
        return {*words, *itertools.pairwise(words)}

    return len(parts(one) & parts(other)) / len(parts(one) | parts(other))


def edited(text, draw):
    words = text.split()
    for _ in range(draw.randrange(4)):
        words[draw.randrange(len(words))] = draw.choice(patients.vocabulary())
    return " ".join(words)


def test_the_similarity_is_exact():
    draw = random.Random(0)
    texts = [text for text, _ in patients.healthy(50)]
    others = [edited(text, draw) for text in texts]
    exact = near.jaccard(near.shingles(texts), near.shingles(others))
    assert exact.tolist() == pytest.approx([jaccard_by_hand(a, b) for a, b in zip(texts, others, strict=True)])


def test_hardly_any_similar_pair_is_missed():
    draw = random.Random(1)
    texts = [text for text, _ in patients.healthy(600, seed=1)]
    copies = [edited(text, draw) for text in texts]
    similar = np.array([jaccard_by_hand(a, b) >= 0.8 for a, b in zip(texts, copies, strict=True)])
    sketch, shelf = sketched([*texts, *copies])
    alike = near.alike_earlier(sketch, shelf, 0.8, check)
    found = alike.partner[600:] >= 0
    assert not found[~similar].any(), "every pair is verified"
    assert found[similar].mean() > 0.98
    assert (alike.partner[:600] < 0).all()
    assert (alike.similarity[600:][found] >= 0.8).all()
    across = near.alike_in(sketch.some(np.arange(600, 1200)), lambda numbers: shelf(numbers + 600),
                           sketch.some(np.arange(600)), shelf, 0.8, check)  # fmt: skip
    assert ((across.partner >= 0) == found).mean() > 0.99
    assert (across.partner[across.partner >= 0] == np.flatnonzero(across.partner >= 0)).all()


def test_groups_and_accepted_pairs():
    texts = [patients.healthy(1)[0][0]] * 4
    sketch, shelf = sketched([f"{text} {sign}" for text, sign in zip(texts, "abcd", strict=True)])
    groups = np.array([0, 1, 0, 1])
    assert near.alike_earlier(sketch, shelf, 0.8, check).partner.tolist() == [-1, 0, 0, 0]
    assert near.alike_earlier(sketch.of_groups(groups), shelf, 0.8, check).partner.tolist() == [-1, -1, 0, 1]
    other = near.alike_earlier(sketch, shelf, 0.8, check, lambda one, two: groups[one] != groups[two])
    assert all(groups[row] != groups[partner] for row, partner in enumerate(other.partner) if partner >= 0)
    assert near.later_copies(sketch, shelf, 0.8, check).tolist() == [False, True, True, True]


def test_texts_without_words_are_like_nothing():
    sketch, shelf = sketched(["", "...", "  ", "https://t.co/a", "one word"])
    assert sketch.full.tolist() == [False, False, False, False, True]
    assert (near.alike_earlier(sketch, shelf, 0.5, check).partner < 0).all()
    empty, nothing = sketched([])
    assert near.alike_earlier(empty, nothing, 0.8, check).partner.tolist() == []
    assert near.alike_in(sketch, shelf, empty, nothing, 0.8, check).partner.tolist() == [-1] * 5


def test_scripts_without_spaces_and_forms():
    sketch, shelf = sketched(
        ["我们今天去图书馆看书吧", "我们今天去图书馆看书吗", "今天天气很好", "Hello, World!", "hello world"]
    )
    assert near.alike_earlier(sketch, shelf, 0.7, check).partner.tolist() == [-1, 0, -1, -1, 3]


def test_equal_keys_give_few_pairs():
    pairs = near.neighbours(np.zeros(1000, dtype=np.uint32))
    assert sum(len(one) for one, _other in pairs) == 2 * 999
    assert all((one > other).all() for one, other in pairs)
    assert all(len(one) == 0 for one, _other in near.neighbours(np.arange(5)))

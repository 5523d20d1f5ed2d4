"""Slips of the hand."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from tests.augmentation.common import ALL, REUTERS, many, one
from tlstudio.augmentation.spelling_noise import neighbours, slip

KINDS = ("neighbours", "swapped", "dropped", "doubled")


def only(kind):
    return {name: name == kind for name in KINDS}


def test_ten_percent_of_the_words_get_one_slip():
    for changed in many("spelling-noise", REUTERS):
        before, after = REUTERS.split(), changed.split()
        different = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
        assert len(different) == round(0.1 * len(before))
        assert all(old[0] == new[0] and abs(len(old) - len(new)) <= 1 for old, new in different)


def test_each_kind_does_what_it_says():
    made = {kind: set(many("spelling-noise", "parcel", 60, share=1.0, **only(kind))) for kind in KINDS}
    assert made["dropped"] == {"prcel", "pacel", "parel", "parcl", "parce"}
    assert made["doubled"] == {"paarcel", "parrcel", "parccel", "parceel", "parcell"}
    assert made["swapped"] == {"pracel", "pacrel", "parecl", "parcle"}
    assert {"pqrcel", "patcel", "parvel"} <= made["neighbours"]
    assert all(len(word) == 6 for word in made["neighbours"])


def test_the_first_letter_may_slip_too():
    assert "aprcel" in many("spelling-noise", "parcel", 60, keep_first=False, **only("swapped"))


def test_what_is_no_plain_word_stays():
    text = "@someone 12345 https://example.org/path no is a covid19 #hashtag"
    assert set(many("spelling-noise", text, share=1.0)) == {text}


def test_case_is_kept():
    for changed in many("spelling-noise", "PARCEL", share=1.0, **only("neighbours")):
        assert changed.isupper()


def test_letters_as_the_unit_give_long_words_more():
    [word] = {len(many("spelling-noise", "extraordinarily", 1)[0])}
    assert 14 <= word <= 16
    dropped = one("spelling-noise", "extraordinarily", unit="letters", share=0.5, **only("dropped"))
    assert len(dropped) == 15 - 8


def test_chinese_characters_slip_as_words_do():
    text = "我们明天坐出租车去机场"
    for kind, lengths in (("dropped", {10}), ("doubled", {12}), ("swapped", {11})):
        made = many("spelling-noise", text, **only(kind))
        assert {len(changed) for changed in made} <= lengths | {11}
        assert set(made) != {text}
        assert all(set(changed) <= set(text) for changed in made)
    assert one("spelling-noise", "火焰", share=1.0) == "火焰", "half of a short word would be lost"


def test_marks_stay_with_their_letters():
    word = "e\u0301te\u0301s"
    made = set(many("spelling-noise", word, share=1.0, **only("swapped")))
    assert made <= {"e\u0301e\u0301ts", "e\u0301tse\u0301"}


def test_keyboards():
    assert set(neighbours("qwerty")["g"]) == set("fhtyvb")
    assert set(neighbours("qwertz")["ö"]) == set("läpü")
    assert set(neighbours("azerty")["a"]) == set("zq")
    assert set(neighbours("qwerty")["а"]) == set("впкемс"), "Cyrillic"
    assert slip("neighbours", "日本", "qwerty", False, np.random.default_rng(0)) is None


def test_some_kind_must_be_chosen():
    with pytest.raises(ValidationError):
        ALL["spelling-noise"].Config(**dict.fromkeys(KINDS, False))


def test_a_held_key_does_not_hang():
    text = "a" * 300_000
    assert one("spelling-noise", text, unit="letters", share=1.0) == text

"""Labels that look like one another."""

from __future__ import annotations

import pytest

from tlstudio.data.detect.labels import counted, distance, look_alikes, plain, renamed, typing_errors


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Red Car", "red  car"),
        ("money-fx", "money_fx"),
        ("é", "e\u0301"),
        ("Ａ", "a"),
        ("a\u200bb", "ab"),
        ("ﬁx", "fix"),
        ("Straße", "STRASSE"),
    ],
)
def test_forms_that_are_the_same(one, other):
    assert plain(one) == plain(other)


@pytest.mark.parametrize(
    ("one", "other"), [("1", "-1"), ("c", "c++"), ("c#", "c"), ("a", "b"), ("1.0", "10"), ("é", "e")]
)
def test_forms_that_are_not(one, other):
    assert plain(one) != plain(other)


def test_the_most_frequent_form_is_kept():
    assert look_alikes({"RED": 2, "red": 5, "Red": 3, "blue": 1}) == {"Red": "red", "RED": "red"}
    assert look_alikes({"b": 1, "B": 1}) == {"b": "B"}, "of equally frequent ones the first by name"


@pytest.mark.parametrize(
    ("rare", "frequent", "misspelt"),
    [
        ("delivrey", "delivery", True), ("delivry", "delivery", True), ("deliveryy", "delivery", True),
        ("class b", "class a", False), ("class 1", "class 2", False), ("train", "grain", False), ("cat", "car", False),
        ("dislike", "like", False), ("complaimts about it", "complaints about it", True),
    ],
)  # fmt: skip
def test_typing_errors(rare, frequent, misspelt):
    assert typing_errors({frequent: 200, rare: 2}) == ({rare: frequent} if misspelt else {})
    assert typing_errors({frequent: 200, rare: 150}) == {}, "both are frequent"


def test_distance():
    assert [distance(*pair, 3) for pair in (("ab", "ba"), ("abc", "abc"), ("abc", "axc"), ("abc", "abcd"))] == [
        1,
        0,
        1,
        1,
    ]
    assert distance("abcdefgh", "zyxwvuts", 2) == 3


def test_several_labels_in_one_name():
    assert counted({"a|b": 2, "b": 3}, "|") == {"a": 2, "b": 5}
    assert renamed(["a|b", "b", "c"], {"b": "x", "c": None}, "|") == {"a|b": "a|x", "b": "x", "c": None}
    assert renamed(["a|b"], {"a": None, "b": None}, "|") == {"a|b": None}
    assert renamed(["a|b"], {"a": "b"}, "|") == {"a|b": "b"}

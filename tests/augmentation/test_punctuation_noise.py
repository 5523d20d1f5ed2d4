"""Marks come, go and are repeated."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from tests.augmentation.common import ALL, REUTERS, many, one
from tlstudio.augmentation.words import split

OFF = {"insert": False, "drop": False, "repeat": False}


def only(kind):
    return {**OFF, kind: True}


def test_words_stay():
    for changed in many("punctuation-noise", REUTERS):
        assert split(changed).words == split(REUTERS).words
        assert changed != REUTERS


def test_insertion():
    made = set(many("punctuation-noise", "one two", 60, share=0.1, **only("insert")))
    assert made == {f"one{mark} two" for mark in ".;?:!,"} | {f"one two{mark}" for mark in ".;?:!,"}


def test_dropping_and_repeating():
    assert set(many("punctuation-noise", "Stop! Now, please", **only("drop"))) == {
        "Stop Now, please", "Stop! Now please",
    }  # fmt: skip
    assert set(many("punctuation-noise", "Stop!", **only("repeat"))) == {"Stop!!", "Stop!!!"}
    assert one("punctuation-noise", "Well.", **only("repeat")) == "Well..."


def test_numbers_and_links_stay_whole():
    for changed in many("punctuation-noise", "3.14 https://a.b/c,d 12:30", share=1.0):
        assert split(changed).words == ("3.14", "https://a.b/c,d", "12:30")


def test_chinese_gets_its_own_marks_and_only_where_words_end():
    assert set(many("punctuation-noise", "出租车", 60, **only("insert"))) == {
        f"出租车{mark}" for mark in "。；？：！，"
    }
    assert one("punctuation-noise", "好！", **only("drop")) == "好"


@pytest.mark.parametrize("text", ["", "!!!", "😀", " "])
def test_without_words_nothing_changes(text):
    assert one("punctuation-noise", text) == text


def test_something_must_be_chosen():
    with pytest.raises(ValidationError):
        ALL["punctuation-noise"].Config(**OFF)


def test_long_texts_take_no_time():
    text = "word, " * 50_000
    assert len(one("punctuation-noise", text, share=1.0)) != len(text)

"""Taking texts apart into words, and together again."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tlstudio.augmentation import words
from tlstudio.augmentation.words import Pieces, split


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" \t\n", []),
        ("I don't like 3.14 or 1,000.50 at 12:30!", ["I", "don't", "like", "3.14", "or", "1,000.50", "at", "12:30"]),
        ("我喜欢苹果。ラーメンを食べた", [*"我喜欢苹果", "ラーメン", *"を食べた"]),
        ("see https://a.b/c?d=e, or www.x.org.", ["see", "https://a.b/c?d=e", "or", "www.x.org"]),
        ("foo@bar.com @me #tag &amp; x", ["foo@bar.com", "@me", "#tag", "&amp;", "x"]),
        ("it’s well-known", ["it’s", "well-known"]),
        ("हिन्दी में लिखा", ["हिन्दी", "में", "लिखा"]),
        ("👩‍👩‍👧 ok 👍🏽 ❤️", ["ok"]),
        ("ภาษาไทย สวัสดี 한국어 문장", ["ภาษาไทย", "สวัสดี", "한국어", "문장"]),
        ("Tシャツ covid19 naïve cafe\u0301", ["Tシャツ", "covid19", "naïve", "cafe\u0301"]),
        ("привет, Ёлка", ["привет", "Ёлка"]),
        ("«tiens» (a) snake_case", ["tiens", "a", "snake", "case"]),
    ],
)
def test_words(text, expected):
    assert list(split(text).words) == expected
    assert split(text).text == text


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=st.characters(codec=None), max_size=80))
def test_every_text_comes_back(text):
    pieces = split(text)
    assert pieces.text == text
    assert all(pieces.words)
    assert len(pieces.between) == len(pieces.words) + 1
    assert words.without(pieces, []) == text
    assert words.replaced(pieces, {}) == text
    assert "".join(words.clusters(text)) == text


@pytest.mark.parametrize("part", ["a.", "x-", "@", "&", "1.1", "http://!", "a@", "é", "'", "我"])
def test_long_runs_take_linear_time(part):
    text = part * 100_000
    begin = time.perf_counter()
    assert split(text).text == text
    assert time.perf_counter() - begin < 5


@pytest.mark.parametrize(
    ("word", "plain", "cjk", "fixed"),
    [("don't", 1, 0, 0), ("苹", 1, 1, 0), ("ラーメン", 1, 0, 0), ("3", 0, 0, 0), ("covid19", 0, 0, 0),
     ("@me", 0, 0, 1), ("#tag", 0, 0, 0), ("a@b.de", 0, 0, 1), ("https://a.b", 0, 0, 1), ("&amp;", 0, 0, 1),
     ("हिन्दी", 1, 0, 0)],
)  # fmt: skip
def test_kinds_of_words(word, plain, cjk, fixed):
    assert (words.is_plain(word), words.is_cjk(word), words.is_fixed(word)) == (plain, cjk, fixed)


@pytest.mark.parametrize(
    ("text", "gone", "left"),
    [
        ("the cat, sat", [1], "the, sat"),
        ("is it now.", [2], "is it."),
        ("hello world", [0], "world"),
        ("hello world", [1], "hello"),
        ('say "hello there" now', [1], 'say "there" now'),
        ('say "hello there" now', [2], 'say "hello" now'),
        ("我喜欢", [1], "我欢"),
        ("one two three four", [1, 2], "one four"),
        ("a (b c) d", [1], "a (c) d"),
        ("line one\nline two", [2], "line one\ntwo"),
    ],
)
def test_without_words_and_their_spaces(text, gone, left):
    assert words.without(split(text), gone) == left


def test_expressions_are_found_longest_first():
    known = {"new york", "york", "出租", "出租车", "city"}
    pieces = split("New  York City, york 出租车站")
    longest = words.longest_by_first(known)
    assert longest == {"new": 2, "york": 1, "city": 1, "出": 3}
    places = words.spans(pieces, known.__contains__, longest)
    assert [words.span_text(pieces, *place) for place in places] == ["New  York", "City", "york", "出租车"]
    assert words.replaced(pieces, {places[0]: "X", places[-1]: "Y"}) == "X City, york Y站"


@pytest.mark.parametrize(("share", "count", "expected"), [(0.1, 0, 0), (0.1, 1, 1), (0.1, 100, 10), (1.0, 3, 3)])
def test_how_many(share, count, expected):
    assert words.how_many(share, count) == expected


def test_choice_is_ordered_and_without_replacement():
    drawn = words.choose(np.random.default_rng(0), list("abcdefgh"), 5)
    assert drawn == sorted(set(drawn))
    assert len(drawn) == 5
    assert words.choose(np.random.default_rng(0), [], 3) == []


@pytest.mark.parametrize(("new", "old", "expected"), [("firm", "Company", "Firm"), ("firm", "COMPANY", "FIRM"),
                                                      ("firm", "company", "firm"), ("one", "I", "One")])  # fmt: skip
def test_case_is_kept(new, old, expected):
    assert words.like(new, old) == expected


def test_folded():
    assert words.folded(" Cafe\u0301  STRASSE ß") == "café strasse ss"


def test_pieces_are_frozen():
    with pytest.raises(AttributeError):
        Pieces(("a",), ("", "")).words = ()  # type: ignore[misc]

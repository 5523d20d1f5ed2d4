"""Words change places."""

from __future__ import annotations

from tests.augmentation.common import REUTERS, many, one
from tlstudio.augmentation.words import split


def test_words_are_the_same_and_punctuation_stays():
    for changed in many("random-swap", REUTERS):
        assert sorted(split(changed).words) == sorted(split(REUTERS).words)
        assert split(changed).between == split(REUTERS).between
        assert changed != REUTERS


def test_number_of_swaps():
    text = " ".join(f"w{number}" for number in range(100))
    moved = sum(old != new for old, new in zip(text.split(), one("random-swap", text, share=0.1).split(), strict=True))
    assert 10 <= moved <= 20


def test_distance_limits_the_move():
    text = " ".join(f"w{number:02}" for number in range(50))
    for changed in many("random-swap", text, share=0.02, distance=1):
        places = [place for place, word in enumerate(changed.split()) if word != f"w{place:02}"]
        assert len(places) == 2
        assert places[1] - places[0] == 1


def test_links_stay():
    text = "look at https://a.b now @me"
    for changed in many("random-swap", text, share=1.0):
        assert changed.split()[2] == "https://a.b"
        assert changed.endswith(" @me")


def test_nothing_to_swap():
    for text in ("", "one", "ha ha ha", "😀 one 😀"):
        assert one("random-swap", text) == text
    assert one("random-swap", "火焰") == "焰火"

"""Other capitals."""

from __future__ import annotations

import pytest

from tests.augmentation.common import REUTERS, many, one


@pytest.mark.parametrize(
    ("style", "expected"),
    [("lower", "the quick fox at https://X.y"), ("upper", "THE QUICK FOX AT https://X.y"),
     ("capitalised", "The Quick Fox At https://X.y")],
)  # fmt: skip
def test_styles(style, expected):
    assert one("case-noise", "The qUick FOX at https://X.y", share=1.0, style=style) == expected


def test_letters_at_random():
    made = many("case-noise", "parcel", style="letters")
    assert {changed.lower() for changed in made} == {"parcel"}
    assert "parcel" not in made
    assert len(set(made)) > 10


def test_only_a_share_of_the_words_changes():
    for changed in many("case-noise", REUTERS):
        different = [old != new for old, new in zip(REUTERS.split(), changed.split(), strict=True)]
        assert sum(different) == round(0.2 * len(different))
        assert changed.lower() == REUTERS


def test_any_takes_a_style_that_changes_something():
    assert all(changed != "parcel" for changed in many("case-noise", "parcel"))


@pytest.mark.parametrize("text", ["火焰", "こんにちは", "สวัสดี", "한국어", "123", "😀"])
def test_scripts_without_case_stay(text):
    assert set(many("case-noise", text, share=1.0)) == {text}


def test_letters_that_grow():
    assert one("case-noise", "straße", style="upper") == "STRASSE"

"""Words in another language."""

from __future__ import annotations

import pytest

from tests.augmentation.common import ALL, many, one
from tlstudio.augmentation.base import Resources
from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError


def test_known_words_are_translated(words_file):
    made = set(many("language-mix", "The price of ICE  CREAM!", share=1.0, dictionary=str(words_file)))
    assert made == {f"{the} {price} of SPEISEEIS!" for the in ("Die", "Der") for price in ("preis", "kosten")}


def test_the_share_is_of_all_words(words_file):
    text = "the price of the legal price in the end now"
    for changed in many("language-mix", text, share=0.2, dictionary=str(words_file)):
        assert sum(old != new for old, new in zip(text.split(), changed.split(), strict=True)) == 2


def test_words_of_several_chinese_characters(words_file):
    assert one("language-mix", "我坐出租车去", share=1.0, dictionary=str(words_file)) == "我坐taxi去"
    assert one("language-mix", "我的车", share=1.0, dictionary=str(words_file)) == "我的car"


def test_without_a_dictionary_it_says_so():
    with pytest.raises(StudioError) as caught:
        one("language-mix", "the")
    assert (caught.value.code, caught.value.where) == ("augment.no-dictionary", "data.augment")
    with pytest.raises(StudioError):
        ALL["language-mix"].files(ALL["language-mix"].Config(), Resources(Control()))


def test_its_file_is_the_dictionary(words_file):
    plugin = ALL["language-mix"]
    assert plugin.files(plugin.Config(dictionary=str(words_file)), Resources(Control())) == [words_file]

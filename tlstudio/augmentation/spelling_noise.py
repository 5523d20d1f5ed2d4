"""Spelling noise: slips of the hand, as people make them on a keyboard.

Keys beside the right one, two letters in the wrong order, a letter left out or doubled: the four kinds of Belinkov &
Bisk 2018, "Synthetic and natural noise both break neural machine translation", section 3, as far as they are slips.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Literal

from pydantic import Field, model_validator

from tlstudio.augmentation.base import Resources, SelfContained, TextOptions
from tlstudio.augmentation.words import choose, clusters, how_many, is_cjk, is_plain, joined, split

if TYPE_CHECKING:
    import numpy as np

_ROWS = {
    "qwerty": ("qwertyuiop", "asdfghjkl", "zxcvbnm"),
    "qwertz": ("qwertzuiopü", "asdfghjklöä", "yxcvbnm"),
    "azerty": ("azertyuiop", "qsdfghjklm", "wxcvbn"),
}
_CYRILLIC = ("йцукенгшщзхъ", "фывапролджэ", "ячсмитьбю")
_SHORTEST = 3  # letters; a slip in a shorter word mostly makes another word
_LONGEST = 200  # letters; a longer run is no word, but letters that someone has held down


class Options(TextOptions):
    share: float = Field(0.1, gt=0, le=1, title="Share", description="Share of the words, or of the letters.")
    unit: Literal["words", "letters"] = Field(
        "words", title="Share of", description="Words get one slip each; of letters, a long word may get several."
    )
    neighbours: bool = Field(True, title="Neighbouring keys", description="A key beside the right one is hit.")
    swapped: bool = Field(True, title="Swapped letters", description="Two letters come in the wrong order.")
    dropped: bool = Field(True, title="Dropped letters", description="A letter is left out.")
    doubled: bool = Field(True, title="Doubled letters", description="A letter is written twice.")
    keep_first: bool = Field(
        True, title="Keep first letter", description="The first letter of a word, where slips are rare, stays."
    )
    keyboard: Literal["qwerty", "qwertz", "azerty"] = Field(
        "qwerty",
        title="Keyboard",
        description="For Latin letters; Cyrillic ones have their own keyboard.",
        json_schema_extra={"only": {"neighbours": [True]}},
    )

    @model_validator(mode="after")
    def _something(self) -> Options:
        if not self.slips:
            raise ValueError("choose at least one kind of slip")
        return self

    @property
    def slips(self) -> list[str]:
        return [kind for kind in ("neighbours", "swapped", "dropped", "doubled") if getattr(self, kind)]


class SpellingNoise(SelfContained):
    """Slips in some words; numbers, links, @names and very short words stay."""

    NAME = "spelling-noise"
    TITLE = "Spelling noise"
    SUMMARY = (
        "Some words get a slip of the hand: a neighbouring key, or letters swapped, dropped or doubled. Makes a model "
        "steadier on text that people type in haste."
    )
    Config = Options

    def change(
        self, config: Options, texts: Sequence[str], random: Sequence[np.random.Generator], resources: Resources
    ) -> list[str]:
        return [_misspelt(text, config, generator) for text, generator in zip(texts, random, strict=True)]


PLUGIN = SpellingNoise()


def _misspelt(text: str, config: Options, random: np.random.Generator) -> str:
    pieces = split(text)
    words = list(pieces.words)
    for place in _places(words, config, random):
        word = words[place]
        for kind in random.permutation(config.slips).tolist():
            if is_cjk(word):
                slipped = _cjk_slip(kind, words, pieces.between, place)
            else:
                slipped = slip(kind, word, config.keyboard, config.keep_first, random)
            if slipped is not None:
                words[place] = slipped
                break
    return joined(words, pieces.between)


def _places(words: list[str], config: Options, random: np.random.Generator) -> list[int]:
    """Words that get a slip; with letters as the unit, a word may come several times."""
    count = len(words)
    usable = [place for place, word in enumerate(words) if is_plain(word) and _may_slip(word, count)]
    if config.unit == "words" or not usable:
        return choose(random, usable, how_many(config.share, len(words)))
    letters = [place for place in usable for _ in words[place]]
    return choose(random, letters, how_many(config.share, len(letters)))


def _may_slip(word: str, count: int) -> bool:
    """``count`` is the number of words of the text, which of Chinese are characters."""
    return count >= _SHORTEST if is_cjk(word) else _SHORTEST <= len(word) <= _LONGEST


def _cjk_slip(kind: str, words: list[str], between: Sequence[str], place: int) -> str | None:
    """A slip with a character that is a word by itself; it may change place with the one that follows."""
    if kind == "doubled":
        return words[place] * 2
    if kind == "dropped" and place > 0:  # something must stay
        return ""
    following = words[place + 1] if place + 1 < len(words) else ""
    if kind == "swapped" and following != words[place] and is_cjk(following) and not between[place + 1]:
        words[place + 1] = words[place]
        return following
    return None


def slip(kind: str, word: str, keyboard: str, keep_first: bool, random: np.random.Generator) -> str | None:
    """A word with one slip of a kind, or None where it allows none."""
    letters = clusters(word)
    places = [place for place, letter in enumerate(letters) if letter[0].isalpha() and place >= keep_first]
    if kind == "neighbours":
        places = [place for place in places if letters[place].lower() in neighbours(keyboard)]
    elif kind == "swapped":
        pairs = set(places)
        places = [at for at in places if at + 1 in pairs and letters[at].lower() != letters[at + 1].lower()]
    if not places or (kind == "dropped" and len(letters) < 2):
        return None
    place = places[int(random.integers(len(places)))]
    if kind == "neighbours":
        letters[place] = _beside(letters[place], keyboard, random)
    elif kind == "swapped":
        letters[place : place + 2] = [letters[place + 1], letters[place]]
    elif kind == "dropped":
        del letters[place]
    else:
        letters.insert(place, letters[place])
    return "".join(letters)


def _beside(letter: str, keyboard: str, random: np.random.Generator) -> str:
    keys = neighbours(keyboard)[letter.lower()]
    key = keys[int(random.integers(len(keys)))]
    return key.upper() if letter.isupper() else key


@cache
def neighbours(keyboard: str) -> dict[str, str]:
    """Letter → the letters on the keys around it; each row stands half a key to the right of the one above."""
    found: dict[str, str] = {}
    for rows in (_ROWS[keyboard], _CYRILLIC):
        for number, row in enumerate(rows):
            for place, letter in enumerate(row):
                around = [(number, place - 1), (number, place + 1), (number - 1, place), (number - 1, place + 1),
                          (number + 1, place - 1), (number + 1, place)]  # fmt: skip
                found[letter] = "".join(
                    rows[line][at] for line, at in around if 0 <= line < len(rows) and 0 <= at < len(rows[line])
                )
    return found

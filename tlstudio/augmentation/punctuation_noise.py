"""Punctuation noise: marks come, go and are repeated.

Marks between words are AEDA (Karimi, Rossi & Prati 2021, "AEDA: An easier data augmentation technique for text
classification"), written without a space before them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pydantic import Field, model_validator

from tlstudio.augmentation.base import Resources, SelfContained, TextOptions
from tlstudio.augmentation.words import Pieces, how_many, is_cjk, joined, split

if TYPE_CHECKING:
    import numpy as np

_MARKS = (".", ";", "?", ":", "!", ",")  # AEDA, section 2
_WIDE = ("。", "；", "？", "：", "！", "，")
_MARK = re.compile(r"[.,;:!?…。，、；：！？]+")


class Options(TextOptions):
    share: float = Field(
        0.1, gt=0, le=1, title="Share", description="Changes for each word of a text; there is at least one."
    )
    insert: bool = Field(True, title="Insert", description="Puts a mark after a word that has none (AEDA).")
    drop: bool = Field(True, title="Drop", description="Leaves a mark out.")
    repeat: bool = Field(True, title="Repeat", description="Writes ! and ? twice or thrice, and . as dots.")

    @model_validator(mode="after")
    def _something(self) -> Options:
        if not (self.insert or self.drop or self.repeat):
            raise ValueError("choose at least one of insert, drop and repeat")
        return self


class PunctuationNoise(SelfContained):
    """Marks after words are put in, left out or repeated; the words stay."""

    NAME = "punctuation-noise"
    TITLE = "Punctuation noise"
    SUMMARY = "Puts punctuation in, leaves it out or repeats it; no word changes. The mildest of the text changes."
    Config = Options

    def change(
        self, config: Options, texts: Sequence[str], random: Sequence[np.random.Generator], resources: Resources
    ) -> list[str]:
        return [_changed(text, config, generator) for text, generator in zip(texts, random, strict=True)]


PLUGIN = PunctuationNoise()


def _changed(text: str, config: Options, random: np.random.Generator) -> str:
    pieces = split(text)
    if not pieces.words:
        return text
    between = list(pieces.between)
    free = _shuffled([place for place in range(1, len(between)) if _is_free(pieces, place)], random)
    marks = _shuffled([place for place in range(1, len(between)) if _MARK.match(between[place])], random)
    wishes = [("insert", free, config.insert), ("drop", marks, config.drop), ("repeat", marks, config.repeat)]
    for _ in range(how_many(config.share, len(pieces.words))):
        usable = [(kind, places) for kind, places, wished in wishes if wished and places]
        if not usable:
            break
        kind, places = usable[int(random.integers(len(usable)))]
        place = places.pop()
        between[place] = _noisy(kind, between[place], is_cjk(pieces.words[place - 1]), random)
    return joined(pieces.words, between)


def _shuffled(places: list[int], random: np.random.Generator) -> list[int]:
    return [places[index] for index in random.permutation(len(places))]


def _is_free(pieces: Pieces, place: int) -> bool:
    """Whether a mark may follow the word before ``place``: there is a space, or the end.

    Not between Chinese characters: without a dictionary nobody knows where their words end.
    """
    gap = pieces.between[place]
    return gap.isspace() if gap else place == len(pieces.words)


def _noisy(kind: str, gap: str, wide: bool, random: np.random.Generator) -> str:
    if kind == "insert":
        marks = _WIDE if wide else _MARKS
        return marks[int(random.integers(len(marks)))] + gap
    found = _MARK.match(gap)
    mark = found[0] if found else ""
    if kind == "drop":
        return gap[len(mark) :]
    times = 2 if mark[-1:] == "." else int(random.integers(1, 3))
    return mark + mark[-1:] * times + gap[len(mark) :]

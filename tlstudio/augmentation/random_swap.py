"""Random swap: words change places (EDA: Wei & Zou 2019, "EDA: Easy data augmentation techniques", section 2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pydantic import Field

from tlstudio.augmentation.base import Resources, SelfContained, TextOptions
from tlstudio.augmentation.words import how_many, is_fixed, joined, split

if TYPE_CHECKING:
    import numpy as np

_TRIES = 8  # to find another word than the first; in "ha ha ha ha!" there is none


class Options(TextOptions):
    share: float = Field(
        0.1, gt=0, le=1, title="Share of words", description="Swaps for each word of a text; there is at least one."
    )
    distance: int | None = Field(
        None,
        ge=1,
        le=1000,
        title="Farthest",
        description="Words are swapped over at most this many places; empty allows any distance, as EDA does.",
        json_schema_extra={"unit": "words"},
    )


class RandomSwap(SelfContained):
    """Two words change places, several times; punctuation and links stay where they are."""

    NAME = "random-swap"
    TITLE = "Random swap"
    SUMMARY = (
        "Words of a text change places. For classes that follow from the words and not from their order; in Chinese "
        "and Japanese single characters are swapped, which breaks words."
    )
    Config = Options

    def change(
        self, config: Options, texts: Sequence[str], random: Sequence[np.random.Generator], resources: Resources
    ) -> list[str]:
        return [_swapped(text, config, generator) for text, generator in zip(texts, random, strict=True)]


PLUGIN = RandomSwap()


def _swapped(text: str, config: Options, random: np.random.Generator) -> str:
    pieces = split(text)
    words = list(pieces.words)
    places = [place for place, word in enumerate(words) if not is_fixed(word)]
    if len(places) < 2:
        return text
    reach = config.distance or len(places)
    for _ in range(how_many(config.share, len(places))):
        at = int(random.integers(len(places)))
        left = places[at]
        others = random.integers(max(0, at - reach), min(len(places), at + reach + 1), _TRIES)
        right = next((places[other] for other in others if words[places[other]] != words[left]), left)
        words[left], words[right] = words[right], words[left]
    return joined(words, pieces.between)

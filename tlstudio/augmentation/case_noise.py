"""Case noise: words in other capitals, as people write in haste or in anger."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from tlstudio.augmentation.base import Resources, SelfContained, TextOptions
from tlstudio.augmentation.words import choose, how_many, is_plain, joined, split

if TYPE_CHECKING:
    import numpy as np


class Options(TextOptions):
    share: float = Field(
        0.2, gt=0, le=1, title="Share of words", description="Words that change; 1 changes the whole text."
    )
    style: Literal["any", "lower", "upper", "capitalised", "letters"] = Field(
        "any",
        title="Case",
        description="Lower case, capitals, a capital at the start, or letters at random; any draws one for each text.",
    )


class CaseNoise(SelfContained):
    """Other capitals; scripts without case stay as they are."""

    NAME = "case-noise"
    TITLE = "Case noise"
    SUMMARY = "Changes capitals. Does nothing for a backbone that reads lower case only, nor for scripts without case."
    Config = Options

    def change(
        self, config: Options, texts: Sequence[str], random: Sequence[np.random.Generator], resources: Resources
    ) -> list[str]:
        return [_changed(text, config, generator) for text, generator in zip(texts, random, strict=True)]


PLUGIN = CaseNoise()


def _changed(text: str, config: Options, random: np.random.Generator) -> str:
    pieces = split(text)
    words = list(pieces.words)
    styles = ["lower", "upper", "capitalised", "letters"] if config.style == "any" else [config.style]
    for style in (styles[index] for index in random.permutation(len(styles))):
        # only words that really change, so that a text in lower case is not "lowered" in vain
        places = [place for place, word in enumerate(words) if is_plain(word) and _may_change(word, style)]
        if not places:
            continue
        for place in choose(random, places, how_many(config.share, len(words))):
            words[place] = _styled(words[place], style, random)
        break
    return joined(words, pieces.between)


def _may_change(word: str, style: str) -> bool:
    if style == "letters":
        return word.swapcase() != word
    return _styled(word, style, None) != word


def _styled(word: str, style: str, random: np.random.Generator | None) -> str:
    if style == "lower":
        return word.lower()
    if style == "upper":
        return word.upper()
    if style == "capitalised" or random is None:
        return word[:1].upper() + word[1:].lower()
    flips = random.random(len(word)) < 0.5
    if not flips.any():
        flips[int(random.integers(len(word)))] = True
    return "".join(letter.swapcase() if flip else letter for letter, flip in zip(word, flips, strict=True))

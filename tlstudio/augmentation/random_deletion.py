"""Random deletion: words are left out (EDA: Wei & Zou 2019, "EDA: Easy data augmentation techniques", section 2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pydantic import Field

from tlstudio.augmentation.base import Resources, SelfContained, TextOptions
from tlstudio.augmentation.words import split, without

if TYPE_CHECKING:
    import numpy as np


class Options(TextOptions):
    share: float = Field(
        0.1,
        gt=0,
        lt=1,
        title="Share of words",
        description="Chance of each word to be left out. At least one goes, and at least one stays.",
    )


class RandomDeletion(SelfContained):
    """Each word is left out with the same chance."""

    NAME = "random-deletion"
    TITLE = "Random deletion"
    SUMMARY = "Some words of a text are left out. Careful where one word decides, such as 'not'."
    Config = Options

    def change(
        self, config: Options, texts: Sequence[str], random: Sequence[np.random.Generator], resources: Resources
    ) -> list[str]:
        return [_thinned(text, config.share, generator) for text, generator in zip(texts, random, strict=True)]


PLUGIN = RandomDeletion()


def _thinned(text: str, share: float, random: np.random.Generator) -> str:
    pieces = split(text)
    count = len(pieces.words)
    if count < 2:
        return text
    drawn = random.random(count)
    gone = {int(index) for index in (drawn < share).nonzero()[0]} or {int(drawn.argmin())}
    if len(gone) == count:
        gone.remove(int(drawn.argmax()))
    return without(pieces, gone)

"""Single words and signs that predict a label almost alone, measured on rows held out."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tlstudio.data.detect.labels import parts
from tlstudio.data.detect.words import URL, _CHARACTER
from tlstudio.data.doctor.base import Examined
from tlstudio.data.splits import mixed

if TYPE_CHECKING:
    import numpy as np

_ROWS = 50_000
_FEWEST = 10  # rows with the word in each half
_MOST = 50  # words that are told of
_TOKEN = re.compile(rf"[{_CHARACTER.pattern[1:-1]}]|[@#$]?[^\W{_CHARACTER.pattern[1:-1]}]+|[^\w\s]+")
URL_SIGN = "https://…"


@dataclass(frozen=True)
class Giveaway:
    """A word; precision: share of the rows with it that have the label; coverage: share of the label's rows with it.

    Both are of the half that the word was not chosen on. ``rows`` are some numbers of drawn rows with it.
    """

    word: str
    label: str
    precision: float
    coverage: float
    rows: tuple[int, ...]

    @property
    def removable(self) -> bool:
        return self.word != URL_SIGN


def tokens(text: str) -> set[str]:
    """Different words, mentions, hashtags and runs of signs of a text, as they are written."""
    if "://" not in text:
        return set(_TOKEN.findall(text))
    bare = URL.sub(" ", text)
    return {*_TOKEN.findall(bare), *([URL_SIGN] if bare != text else [])}


def giveaways(examined: Examined, precision: float, coverage: float) -> list[Giveaway]:
    """Words that fulfil both limits on both halves, the one that covers most first."""
    import numpy as np

    drawn = examined.drawn
    if drawn.codes is None:
        return []
    order = np.argsort(mixed(drawn.ids, 17), kind="stable")[:_ROWS]
    chosen = np.zeros(len(drawn), dtype=bool)
    chosen[order] = True
    learnt = (mixed(drawn.ids, 19) & np.uint64(1)).astype(bool)
    row, word, spelt = _occurrences(examined, chosen)
    found: list[Giveaway] = []
    for label, member in _classes(examined).items():
        examined.control.check()
        found += _of_class(label, member, chosen, learnt, row, word, spelt, precision, coverage)
    return sorted(found, key=lambda item: (-item.coverage, item.word))[:_MOST]

"""Words or expressions of a text, replaced by others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from tlstudio.augmentation.words import choose, folded, how_many, like, replaced, span_text, spans, split

if TYPE_CHECKING:
    import numpy as np


def substituted(
    text: str,
    share: float,
    others: Callable[[str], Sequence[str]],
    longest: Mapping[str, int],
    random: np.random.Generator,
) -> str:
    """The text with a share of its words replaced.

    Args:
        text: any text.
        share: of all words of the text; fewer are replaced where fewer are known.
        others: what may stand in the place of a folded word or expression; empty where nothing is known.
        longest: from :func:`tlstudio.augmentation.words.longest_by_first`.
        random: the generator of this text.
    """
    pieces = split(text)
    places = spans(pieces, lambda found: bool(others(found)), longest)
    new = {}
    for start, end in choose(random, places, how_many(share, len(pieces.words))):
        old = span_text(pieces, start, end)
        found = others(folded(old))
        new[start, end] = like(found[int(random.integers(len(found)))], old)
    return replaced(pieces, new)

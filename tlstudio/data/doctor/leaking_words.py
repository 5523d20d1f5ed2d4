"""Single words and signs that predict a label almost alone, measured on rows held out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tlstudio.data.detect.labels import parts
from tlstudio.data.detect.words import UNSPACED, URL, numbered
from tlstudio.data.doctor.base import Examined
from tlstudio.data.splits import mixed

if TYPE_CHECKING:
    import numpy as np

_ROWS = 50_000  # enough to measure to a fraction of a per cent
_FEWEST = 10  # rows with the word in each half
_CLASSES = 200  # the largest are looked at
_MOST = 50  # words that are told of
_SHOWN = 20  # rows of each word
_TOKEN = re.compile(rf"[{UNSPACED}]|[@#$]?[^\W{UNSPACED}]+|[^\w\s]+")
URL_SIGN = "https://…"  # stands for any address of a page


@dataclass(frozen=True)
class Giveaway:
    """A word; ``precision``: share of the rows with it that have the label; ``coverage``: share of the label's rows
    that have it. Both are of the half that the word was not chosen on. ``rows`` are some numbers of drawn rows."""

    word: str
    label: str
    precision: float
    coverage: float
    rows: tuple[int, ...]

    @property
    def removable(self) -> bool:
        return self.word != URL_SIGN


@dataclass(frozen=True)
class _Occurrences:
    """Which of the frequent words (numbered from 0) stands in which drawn row, once each; int64 [T] both."""

    words: np.ndarray
    row: np.ndarray
    word: np.ndarray

    def counts(self, rows: np.ndarray) -> np.ndarray:
        """Rows with each word among those that are True in ``rows`` (bool [n])."""
        import numpy as np

        return np.bincount(self.word[rows[self.row]], minlength=len(self.words))


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
    chosen = np.zeros(len(drawn), dtype=bool)
    chosen[np.argsort(mixed(drawn.ids, 17), kind="stable")[:_ROWS]] = True
    # equal contents fall into one half
    learnt = (mixed(drawn.ids, 19) & np.uint64(1)).astype(bool)
    halves = (chosen & learnt, chosen & ~learnt)
    seen = _occurrences(examined, chosen)
    found = []
    for label, member in _classes(examined):
        examined.control.check()
        right = [_fulfils(seen, half, member & half, precision, coverage) for half in halves]
        for word in np.flatnonzero(right[0][0] & right[1][0]).tolist():
            rows = seen.row[seen.word == word]
            rows = rows[member[rows]][:_SHOWN]
            spelt = _spelt(examined, int(rows[0]), int(seen.words[word]))
            _ok, exact, share = right[1]
            found.append(Giveaway(spelt, label, float(exact[word]), float(share[word]), tuple(rows.tolist())))
    return sorted(found, key=lambda item: (-item.coverage, item.word))[:_MOST]


# --- inside


def _occurrences(examined: Examined, chosen: np.ndarray) -> _Occurrences:
    import numpy as np

    rows, numbers = [np.zeros(0, np.int64)], [np.zeros(0, np.uint32)]
    for first, texts in examined.portions():
        wanted = [number for number in range(len(texts)) if chosen[first + number]]
        flat, starts = numbered([sorted(tokens(texts[number])) for number in wanted])
        rows.append(np.repeat(np.array(wanted, dtype=np.int64) + first, np.diff(starts)))
        numbers.append(flat)
    words, place, counts = np.unique(np.concatenate(numbers), return_inverse=True, return_counts=True)
    frequent = counts >= 2 * _FEWEST
    kept = frequent[place]
    return _Occurrences(words[frequent], np.concatenate(rows)[kept], (np.cumsum(frequent) - 1)[place[kept]])


def _classes(examined: Examined) -> list[tuple[str, np.ndarray]]:
    """The largest single labels, and the drawn rows that have each, bool [n]."""
    import numpy as np

    drawn = examined.drawn
    codes = np.asarray(drawn.codes)
    of_name: dict[str, list[int]] = {}
    for code, name in enumerate(drawn.names):
        for label in parts(name, examined.separator):
            of_name.setdefault(label, []).append(code)
    members = [(label, np.isin(codes, mine)) for label, mine in of_name.items()]
    members.sort(key=lambda item: -int(item[1].sum()))
    return members[:_CLASSES]


def _fulfils(
    seen: _Occurrences, half: np.ndarray, member: np.ndarray, precision: float, coverage: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """bool [W], and precision and coverage of each word, float64 [W].

    In a large class any word is precise: it must also be better than guessing the class, as it would in one of half
    of the rows.
    """
    import numpy as np

    rows, hits = seen.counts(half), seen.counts(member)
    exact = hits / np.maximum(rows, 1)
    share = hits / max(int(member.sum()), 1)
    base = member.sum() / max(int(half.sum()), 1)
    above = (exact - base) / max(1 - base, 1e-9)
    good = (exact >= precision) & (above >= 2 * precision - 1) & (share >= coverage)
    return good & (rows >= _FEWEST), exact, share


def _spelt(examined: Examined, row: int, number: int) -> str:
    """The word of a row with a number; of two with the same one, which hardly ever happens, the first."""
    import numpy as np

    text = examined.drawn.texts(examined.labelled.content, np.array([row]))[0]
    found = sorted(tokens(text))
    flat, _starts = numbered([found])
    return found[int(np.flatnonzero(flat == number)[0])]

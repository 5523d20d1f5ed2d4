"""Texts that are nearly the same: MinHash signatures, banded for look-up, verified by the exact similarity.

The similarity of two texts is the Jaccard index of their sets of words and pairs of neighbouring words (of characters
and pairs of them where a script has no spaces). Single words keep one changed word in a short message from counting
three times, as it would with triples.

MinHash: Broder (1997), On the resemblance and containment of documents. Banding: Leskovec, Rajaraman and Ullman,
Mining of Massive Datasets, chapter 3. Eight bits of a hash are kept for the estimate: Li and König (2010), b-bit
minwise hashing. Written with numpy: 100,000 texts of a hundred words take seconds, and no library is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tlstudio.data.detect.words import numbered, words

if TYPE_CHECKING:
    import numpy as np

_BANDS, _HASHES = 20, 6  # at a similarity of 0.8 a pair shares a band with probability 0.998, at 0.5 with 0.27
_KEPT = _BANDS * _HASHES  # hashes kept for the estimate
_BLOCK = 500  # texts whose shingles stay in the processor's cache
_PAIRS = 2_000  # verified at a time
_DOUBT = 0.1  # of the estimate: nearly three standard errors, sqrt(0.8 · 0.2 / 120)
_MOST_ROUNDS = 10

Shingles = tuple["np.ndarray", "np.ndarray"]  # of several texts: hashes uint32 [T], and where each begins [n + 1]
Shelf = Callable[["np.ndarray"], Shingles]  # the shingles of some rows, by their numbers
Accept = Callable[["np.ndarray", "np.ndarray"], "np.ndarray"]  # pairs of numbers [k] to bool [k]


@dataclass(frozen=True)
class Sketches:
    """What is remembered of n texts.

    Attributes:
        bands: uint32 [bands, n]; two texts that share a value in a band may be alike.
        marks: uint8 [n, kept]; the share of equal ones estimates the similarity.
        full: bool [n]; False where a text has no word, and is like nothing.
    """

    bands: np.ndarray
    marks: np.ndarray
    full: np.ndarray

    @property
    def total(self) -> int:
        return len(self.full)

    def some(self, numbers: np.ndarray) -> Sketches:
        return Sketches(self.bands[:, numbers], self.marks[numbers], self.full[numbers])

    def of_groups(self, groups: np.ndarray | None) -> Sketches:
        """Sketches that are alike only within a group, such as a class (int [n]); None is one group."""
        import numpy as np

        from tlstudio.data.splits import mixed

        if groups is None:
            return self
        salt = (mixed(groups.astype(np.int64).astype(np.uint64), 5) >> np.uint64(32)).astype(np.uint32)
        return Sketches(self.bands ^ salt, self.marks, self.full)


@dataclass(frozen=True)
class Alike:
    """For n texts: the number of a similar one, int64 [n], -1 where there is none; and the similarity, float32 [n]."""

    partner: np.ndarray
    similarity: np.ndarray


def sketches(portions: Iterable[list[str]], total: int, keep: list[Shingles] | None = None) -> Sketches:
    """Sketches of ``total`` texts that come a portion at a time; ``keep`` gets their shingles, some texts at a time."""
    import numpy as np

    found = Sketches(np.zeros((_BANDS, total), np.uint32), np.zeros((total, _KEPT), np.uint8), np.zeros(total, bool))
    multipliers, seeds = _functions()
    first = 0
    for texts in portions:
        for low in range(0, len(texts), _BLOCK):
            flat, starts = shingles(texts[low : low + _BLOCK])
            if keep is not None:
                keep.append((flat, starts))
            full = np.flatnonzero(starts[1:] > starts[:-1])
            if len(full):
                signature = _signature(flat, starts[:-1][full], multipliers, seeds)
                _put(found, first + low + full, signature)
        first += len(texts)
    return found


def on_shelf(parts: list[Shingles]) -> Shelf:
    """A shelf of shingles in memory, some 600 bytes for a text of a hundred words."""
    import numpy as np

    flat = np.concatenate([part[0] for part in parts]) if parts else np.zeros(0, np.uint32)
    sizes = np.concatenate([np.diff(part[1]) for part in parts]) if parts else np.zeros(0, np.int64)
    starts = np.append(0, np.cumsum(sizes))

    def take(numbers: np.ndarray) -> Shingles:
        lengths = sizes[numbers]
        ends = np.append(0, np.cumsum(lengths))
        places = np.arange(ends[-1]) + np.repeat(starts[numbers] - ends[:-1], lengths)
        return flat[places], ends

    return take


def shingles(texts: list[str]) -> Shingles:
    """Hashes of each text's different words and word pairs, sorted, uint32 [T]; and where each text begins, [n + 1]."""
    import numpy as np

    from tlstudio.data.splits import mixed

    flat, starts = numbered([words(text) for text in texts])
    row = np.repeat(np.arange(len(texts), dtype=np.uint64), np.diff(starts))
    wide = flat.astype(np.uint64)
    together = row[1:] == row[:-1]
    pairs = ((wide[:-1] << np.uint64(32)) | wide[1:])[together]
    hashes = np.concatenate([mixed(wide, 0), mixed(pairs, 1)]) >> np.uint64(32)
    keys = np.sort((np.concatenate([row, row[1:][together]]) << np.uint64(32)) | hashes)
    keys = keys[np.append(True, keys[1:] != keys[:-1])] if len(keys) else keys
    ends = np.searchsorted(keys >> np.uint64(32), np.arange(len(texts) + 1))
    return keys.astype(np.uint32), ends  # the lower half: the hashes


def alike_earlier(
    sketch: Sketches, shelf: Shelf, threshold: float, check: Callable[[], None], accept: Accept | None = None
) -> Alike:
    """For each text an earlier one that is at least as similar as the threshold; only pairs that are accepted."""
    search = _Search(sketch, shelf, sketch, shelf, threshold, check)
    for band in sketch.bands:
        check()
        for one, other in neighbours(band):
            wanted = slice(None) if accept is None else accept(one, other)
            search.note(one[wanted], other[wanted])
    return search.found


def alike_in(
    sketch: Sketches, shelf: Shelf, others: Sketches, other_shelf: Shelf, threshold: float, check: Callable[[], None]
) -> Alike:
    """For each text one of ``others`` that is at least as similar as the threshold."""
    import numpy as np

    search = _Search(sketch, shelf, others, other_shelf, threshold, check)
    everyone = np.arange(sketch.total)
    for band, other_band in zip(sketch.bands, others.bands, strict=True):
        check()
        order = np.argsort(other_band, kind="stable")
        keys = other_band[order]
        low, high = np.searchsorted(keys, band, side="left"), np.searchsorted(keys, band, side="right")
        hit = high > low
        for place in (low, high - 1, (low + high) // 2):
            search.note(everyone[hit], order[place[hit]])
    return search.found


def neighbours(keys: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Pairs of numbers with equal keys: each with the first of its kind, and each with the one before.

    That is at most twice as many as there are keys, however many are equal.
    """
    import numpy as np

    order = np.argsort(keys, kind="stable")
    same = np.append(False, keys[order][1:] == keys[order][:-1])[: len(keys)]
    begins = np.flatnonzero(~same)
    leader = order[np.repeat(begins, np.diff(np.append(begins, len(keys))))]
    return [(order[same], leader[same]), (order[same], np.roll(order, 1)[same])]


def later_copies(sketch: Sketches, shelf: Shelf, threshold: float, check: Callable[[], None]) -> np.ndarray:
    """bool [n]: texts that are similar to an earlier one which is kept; what is left has no such pair that is found."""

    def look(left: np.ndarray) -> np.ndarray:
        return alike_earlier(sketch.some(left), lambda numbers: shelf(left[numbers]), threshold, check).partner

    return thinned(sketch.total, look)


def thinned(count: int, look: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """bool [count]: what goes so that nothing is left that is like something earlier.

    Args:
        look: gets the numbers that are left, int64 [k] ascending, and gives for each the place in them of an earlier
            one that it is like, int64 [k], or -1.
    """
    import numpy as np

    dropped = np.zeros(count, dtype=bool)
    for _round in range(_MOST_ROUNDS):
        left = np.flatnonzero(~dropped)
        partner = look(left)
        copies = np.flatnonzero(partner >= 0)
        if not len(copies):
            break
        gone = np.zeros(len(left), dtype=bool)
        for copy in copies.tolist():  # ascending: its partner has been decided before
            gone[copy] = not gone[partner[copy]]
        dropped[left[gone]] = True
    return dropped


def jaccard(one: Shingles, other: Shingles) -> np.ndarray:
    """float32 [n]: the exact similarity of each pair of texts."""
    import numpy as np

    sizes = np.concatenate([np.diff(one[1]), np.diff(other[1])])
    pairs = len(sizes) // 2
    pair = np.repeat(np.tile(np.arange(pairs, dtype=np.uint64), 2), sizes)
    keys = np.sort((pair << np.uint64(32)) | np.concatenate([one[0], other[0]]))
    twice = (keys[1:][keys[1:] == keys[:-1]] >> np.uint64(32)).astype(np.int64)
    common = np.bincount(twice, minlength=pairs)
    union = sizes[:pairs] + sizes[pairs:] - common
    return np.asarray(common / np.maximum(union, 1), dtype=np.float32)


# --- inside


def _functions() -> tuple[np.ndarray, np.ndarray]:
    """Odd multipliers of the hash functions, the same in every run."""
    import numpy as np

    random = np.random.Generator(np.random.PCG64(20261122))
    numbers = random.integers(1, 2**32, (2, _BANDS * _HASHES), dtype=np.uint64).astype(np.uint32) | np.uint32(1)
    return numbers[0], numbers[1]


def _signature(flat: np.ndarray, starts: np.ndarray, multipliers: np.ndarray, seeds: np.ndarray) -> np.ndarray:
    """uint32 [bands · hashes, n]: the least hash of each text under each function (multiply, shift, multiply)."""
    import numpy as np

    found = np.empty((len(multipliers), len(starts)), dtype=np.uint32)
    for number, (multiplier, seed) in enumerate(zip(multipliers, seeds, strict=True)):
        values = flat * multiplier
        values ^= values >> np.uint32(15)
        values *= seed
        values ^= values >> np.uint32(13)
        found[number] = np.minimum.reduceat(values, starts)
    return found


def _put(found: Sketches, numbers: np.ndarray, signature: np.ndarray) -> None:
    import numpy as np

    from tlstudio.data.splits import mixed

    found.full[numbers] = True
    found.marks[numbers] = (signature[:_KEPT] & np.uint32(255)).T
    by_band = signature.reshape(_BANDS, _HASHES, -1).astype(np.uint64)
    value = by_band[:, 0]
    for number in range(1, _HASHES):
        value = mixed(value, number) ^ by_band[:, number]
    found.bands[:, numbers] = (mixed(value, 0) >> np.uint64(32)).astype(np.uint32)


class _Search:
    """Verifies candidates and notes the similar ones; a text that has a partner is done."""

    def __init__(
        self, sketch: Sketches, shelf: Shelf, others: Sketches, other_shelf: Shelf, threshold: float,
        check: Callable[[], None],
    ) -> None:  # fmt: skip
        import numpy as np

        self._sketch, self._shelf, self._others, self._other_shelf = sketch, shelf, others, other_shelf
        self._threshold, self._check = threshold, check
        self._refused = np.zeros(0, dtype=np.int64)  # pairs that have been verified and are not similar
        self.found = Alike(np.full(sketch.total, -1, dtype=np.int64), np.zeros(sketch.total, dtype=np.float32))

    def note(self, one: np.ndarray, other: np.ndarray) -> None:
        """``one`` int64 [k] of the texts, each at most once, and ``other`` int64 [k] of the others."""
        import numpy as np

        chosen = (self.found.partner[one] < 0) & self._sketch.full[one] & self._others.full[other]
        if self._sketch is self._others:
            chosen &= other < one
        one, other = one[chosen], other[chosen]
        likely = np.zeros(len(one), dtype=bool)
        for low in range(0, len(one), _PAIRS * 10):
            self._check()
            part = slice(low, low + _PAIRS * 10)
            same = self._sketch.marks[one[part]] == self._others.marks[other[part]]
            likely[part] = same.mean(1) >= self._threshold - _DOUBT
        pairs = one * self._others.total + other
        likely[likely] = ~np.isin(pairs[likely], self._refused)
        self._verify(one[likely], other[likely])

    def _verify(self, one: np.ndarray, other: np.ndarray) -> None:
        import numpy as np

        refused = [self._refused]
        for low in range(0, len(one), _PAIRS):
            self._check()
            a, b = one[low : low + _PAIRS], other[low : low + _PAIRS]
            exact = jaccard(self._shelf(a), self._other_shelf(b))
            good = exact >= self._threshold
            self.found.partner[a[good]] = b[good]
            self.found.similarity[a[good]] = exact[good]
            refused.append(a[~good] * self._others.total + b[~good])
        self._refused = np.concatenate(refused)

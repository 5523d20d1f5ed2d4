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
_KEPT = 64  # hashes kept for the estimate
_BLOCK = 500  # texts whose shingles stay in the processor's cache
_PAIRS = 2_000  # verified at a time
_DOUBT = 0.16  # of the estimate: three standard errors, sqrt(0.8 · 0.2 / 64) · 3
_MOST_ROUNDS = 10

Texts = Callable[["np.ndarray"], list[str]]  # the texts of some rows, by their numbers
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


def sketches(portions: Iterable[list[str]], total: int) -> Sketches:
    """Sketches of ``total`` texts that come a portion at a time."""
    import numpy as np

    found = Sketches(np.zeros((_BANDS, total), np.uint32), np.zeros((total, _KEPT), np.uint8), np.zeros(total, bool))
    multipliers, seeds = _functions()
    first = 0
    for texts in portions:
        for low in range(0, len(texts), _BLOCK):
            flat, starts = shingles(texts[low : low + _BLOCK])
            full = np.flatnonzero(starts[1:] > starts[:-1])
            if len(full):
                signature = _signature(flat, starts[:-1][full], multipliers, seeds)
                _put(found, first + low + full, signature)
        first += len(texts)
    return found


def shingles(texts: list[str]) -> tuple[np.ndarray, np.ndarray]:
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
    sketch: Sketches, texts: Texts, threshold: float, check: Callable[[], None], accept: Accept | None = None
) -> Alike:
    """For each text an earlier one that is at least as similar as the threshold; only pairs that are accepted."""
    found = _nothing(len(sketch.full))
    for band in sketch.bands:
        check()
        for one, other in neighbours(band):
            if accept is not None:
                wanted = accept(one, other)
                one, other = one[wanted], other[wanted]
            _note(found, sketch, sketch, one, other, texts, texts, threshold, check)
    return found


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


def alike_in(
    sketch: Sketches, texts: Texts, others: Sketches, other_texts: Texts, threshold: float, check: Callable[[], None]
) -> Alike:
    """For each text one of ``others`` that is at least as similar as the threshold."""
    import numpy as np

    found = _nothing(len(sketch.full))
    everyone = np.arange(len(sketch.full))
    for band, other_band in zip(sketch.bands, others.bands, strict=True):
        check()
        order = np.argsort(other_band, kind="stable")
        keys = other_band[order]
        low, high = np.searchsorted(keys, band, side="left"), np.searchsorted(keys, band, side="right")
        for place in (low, high - 1, (low + high) // 2):
            hit = high > low
            _note(found, sketch, others, everyone[hit], order[place[hit]], texts, other_texts, threshold, check)
    return found


def later_copies(sketch: Sketches, texts: Texts, threshold: float, check: Callable[[], None]) -> np.ndarray:
    """bool [n]: texts that are similar to an earlier one which is kept; what is left has no such pair that is found."""

    def look(left: np.ndarray) -> np.ndarray:
        return alike_earlier(sketch.some(left), _renumbered(texts, left), threshold, check).partner

    return thinned(len(sketch.full), look)


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


def jaccard(one: list[str], other: list[str]) -> np.ndarray:
    """float32 [n]: the exact similarity of each pair of texts."""
    import numpy as np

    pairs = len(one)
    hashes, starts = shingles([*one, *other])
    sizes = np.diff(starts)
    pair = np.repeat(np.tile(np.arange(pairs, dtype=np.uint64), 2), sizes)
    keys = np.sort((pair << np.uint64(32)) | hashes)
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


def _nothing(count: int) -> Alike:
    import numpy as np

    return Alike(np.full(count, -1, dtype=np.int64), np.zeros(count, dtype=np.float32))


def _note(
    found: Alike, sketch: Sketches, others: Sketches, one: np.ndarray, other: np.ndarray, texts: Texts,
    other_texts: Texts, threshold: float, check: Callable[[], None],
) -> None:  # fmt: skip
    """Verifies candidates ``one[k]``, ``other[k]`` and notes the similar ones; a text that has a partner is done."""
    chosen = (found.partner[one] < 0) & sketch.full[one] & others.full[other]
    if sketch is others:
        chosen &= other < one
    one, other = one[chosen], other[chosen]
    for low in range(0, len(one), _PAIRS * 10):
        check()
        a, b = one[low : low + _PAIRS * 10], other[low : low + _PAIRS * 10]
        likely = (sketch.marks[a] == others.marks[b]).mean(1) >= threshold - _DOUBT
        a, b = a[likely], b[likely]
        for start in range(0, len(a), _PAIRS):
            check()
            left, right = a[start : start + _PAIRS], b[start : start + _PAIRS]
            exact = jaccard(texts(left), other_texts(right))
            good = exact >= threshold
            found.partner[left[good]] = right[good]
            found.similarity[left[good]] = exact[good]


def _renumbered(texts: Texts, numbers: np.ndarray) -> Texts:
    return lambda wanted: texts(numbers[wanted])

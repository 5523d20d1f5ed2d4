"""Divides rows into train, validation and test: stratified, repeatable, and stable when rows are added."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


def text_key(text: str, seed: int) -> int:
    """A 64-bit number that depends only on the text and the seed."""
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8, key=seed.to_bytes(8, "little"))
    return int.from_bytes(digest.digest(), "little")


def stratified(
    texts: Iterable[str], labels: Sequence[str], shares: dict[str, float], seed: int
) -> dict[str, np.ndarray]:
    """Row indices by split.

    In each class the different texts are ordered by a hash and cut at the shares; what is left is ``train``.
    Equal texts always fall into one split, so that none is both learnt and tested. Added rows move only the
    few texts that stand at a cut. A class with at least as many texts as splits is present in every split.

    Args:
        texts: N texts.
        labels: N labels.
        shares: share of the rows for each split but train, in (0, 1).
        seed: another seed gives another split.
    """
    import numpy as np

    where: dict[int, str] = {}
    keys = [text_key(text, seed) for text in texts]
    by_class: dict[str, set[int]] = defaultdict(set)
    owner: dict[int, str] = {}
    for key, label in zip(keys, labels, strict=True):
        by_class[owner.setdefault(key, label)].add(key)  # a text with two labels counts for its first
    for members in by_class.values():
        for key, split in zip(sorted(members), _places(len(members), shares), strict=False):
            where[key] = split
    rows: dict[str, list[int]] = {split: [] for split in ("train", *shares)}
    for index, key in enumerate(keys):
        rows[where.get(key, "train")].append(index)
    return {split: np.asarray(indices, dtype=np.int64) for split, indices in rows.items()}


def _places(count: int, shares: dict[str, float]) -> list[str]:
    """The splits of the first texts of a class in hash order; the rest is train, which always gets one."""
    places: list[str] = []
    for split, share in shares.items():
        if share <= 0:
            continue
        wanted = max(1, round(count * share))
        places += [split] * min(wanted, max(count - 1 - len(places), 0))
    return places

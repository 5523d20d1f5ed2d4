"""Labels that look like one another: the same but for case, spaces and Unicode forms, or but for a typing error."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence

_GAP = re.compile(r"(?<=\w)[\s_\-‐‑–]+(?=\w)")
_SPACE = re.compile(r"\s+")
_HIDDEN = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")


def parts(name: str, separator: str = "") -> list[str]:
    """The single labels of a name that joins several."""
    return name.split(separator) if separator else [name]


def counted(counts: Mapping[str, int], separator: str = "") -> dict[str, int]:
    """Rows of each single label, from the rows of each name."""
    found: dict[str, int] = defaultdict(int)
    for name, count in counts.items():
        for part in parts(name, separator):
            found[part] += count
    return dict(found)


def renamed(names: Sequence[str], changes: Mapping[str, str | None], separator: str = "") -> dict[str, str | None]:
    """What becomes of names when single labels are renamed (None drops one); a name without labels is dropped."""
    found: dict[str, str | None] = {}
    for name in names:
        targets = [changes.get(part, part) for part in parts(name, separator)]
        kept = [target.strip() for target in targets if target and target.strip()]
        found[name] = separator.join(sorted(set(kept))) if kept else None
    return {name: target for name, target in found.items() if target != name}


def plain(label: str) -> str:
    """A label without differences of case, spaces, hyphens, invisible characters and Unicode form."""
    label = _HIDDEN.sub("", unicodedata.normalize("NFKC", label))
    return _SPACE.sub(" ", _GAP.sub(" ", label)).strip().casefold()


def look_alikes(counts: Mapping[str, int]) -> dict[str, str]:
    """Label → the most frequent label that it differs from only in form."""
    groups: dict[str, list[str]] = defaultdict(list)
    for label in sorted(counts, key=lambda label: (-counts[label], label)):
        groups[plain(label)].append(label)
    return {other: group[0] for group in groups.values() for other in group[1:]}


def typing_errors(counts: Mapping[str, int], most: int = 2000) -> dict[str, str]:
    """Rare label → a frequent label that it may be a misspelling of.

    One letter is added, left out, changed, or swapped with the next (two in long labels), the first letter is right,
    and no figure is concerned; the rare one has a twentieth of the rows of the other at most, or three.
    """
    names = sorted(counts, key=lambda label: (-counts[label], label))[:most]
    forms = {name: plain(name) for name in names}
    found: dict[str, str] = {}
    for index, rare in enumerate(names):
        for frequent in names[:index]:
            if counts[rare] > max(3, counts[frequent] // 20) or counts[rare] >= counts[frequent]:
                break  # the others are rarer still
            if frequent not in found and _misspelt(forms[rare], forms[frequent]):
                found[rare] = frequent
                break
    return found


def _misspelt(rare: str, frequent: str) -> bool:
    allowed = 1 if len(frequent) < 9 else 2
    if min(len(rare), len(frequent)) < 4 or abs(len(rare) - len(frequent)) > allowed or rare[:1] != frequent[:1]:
        return False
    if re.sub(r"\D", "", rare) != re.sub(r"\D", "", frequent) or not _in_a_long_word(rare, frequent):
        return False
    return 0 < distance(rare, frequent, allowed) <= allowed


def _in_a_long_word(rare: str, frequent: str) -> bool:
    """Whether the words that differ are long enough to be recognised: "class d" is no misspelt "class b"."""
    one, other = rare.split(), frequent.split()
    if len(one) != len(other):
        return True  # a space is missing, or too many
    return all(min(len(a), len(b)) >= 4 for a, b in zip(one, other, strict=True) if a != b)


def distance(one: str, other: str, limit: int) -> int:
    """Optimal string alignment distance (Damerau, 1964): insertions, deletions, changes and swaps; cut at the limit."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        last, before, row = before, row, [i]
        for j, b in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if last and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
        if min(row) > limit:
            return limit + 1
    return row[-1]

"""Texts as words and what stands between them, taken apart and put together again exactly.

A word is a run of letters, digits and their marks, with apostrophes, hyphens or decimal points inside it. Links,
addresses, @names and #tags are one word each. Chinese characters and hiragana are a word each, because these scripts
write no spaces; katakana and all other scripts go by runs, so that a Thai phrase counts as one word. Emoji, punctuation
and spaces stand between the words.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import numpy as np

T = TypeVar("T")

_CJK = (
    "\u3005-\u3007\u3021-\u3029\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af\u3041-\u3096\u309d-\u309f"
)
_KATAKANA = "\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uff66-\uff9f"
_JOINERS = "'’\u2018\u02bc\\-\u2010\u2011\u200c\u200d\u00b7"
_SCANNED = 0x32400  # beyond lie only tags and selectors
_OPENING = "([{<«“„‘¿¡（「『【《"


@dataclass(frozen=True)
class Pieces:
    """A text taken apart: ``between`` has one entry more than ``words``, and stands around them."""

    words: tuple[str, ...]
    between: tuple[str, ...]

    @property
    def text(self) -> str:
        return joined(self.words, self.between)


def joined(words: Sequence[str], between: Sequence[str]) -> str:
    """Words and what stands around them as one text."""
    parts = [between[0]]
    for word, after in zip(words, between[1:], strict=True):
        parts += (word, after)
    return "".join(parts)


def split(text: str) -> Pieces:
    """Takes a text apart; ``split(text).text == text`` for every text."""
    words, between, end = [], [], 0
    for found in _patterns().word.finditer(text):
        between.append(text[end : found.start()])
        words.append(found[0])
        end = found.end()
    return Pieces(tuple(words), (*between, text[end:]))


@dataclass(frozen=True)
class _Patterns:
    word: re.Pattern[str]
    plain: re.Pattern[str]
    cluster: re.Pattern[str]
    cjk: re.Pattern[str]


@cache
def _patterns() -> _Patterns:
    """Python's ``\\w`` knows neither combining marks nor scripts: the classes are read from the Unicode tables."""
    letters, digits, marks = _classes()
    run = f"[{letters}{digits}{_KATAKANA}]"
    follows = f"[{letters}{digits}{_KATAKANA}{marks}]*"
    word = (
        r"(?:https?://|www\.)[^\s<>\"]*[^\s<>\".,;:!?)\]}'’]"
        r"|[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,9}"  # bounded: else a long run without @ takes quadratic time
        rf"|[@#]{run}{follows}"
        r"|&(?:#\d{1,6}|#x[0-9a-fA-F]{1,5}|[a-zA-Z]{2,8});"
        rf"|[{_CJK}][{marks}]*"
        rf"|[{_KATAKANA}][{_KATAKANA}{marks}]*"
        rf"|{run}{follows}(?:[{_JOINERS}]{run}{follows}|(?<=\d)[.,:]\d{follows})*"
    )
    plain = f"[{letters}{_CJK}{_KATAKANA}][{letters}{_CJK}{_KATAKANA}{marks}{_JOINERS}]*"
    return _Patterns(
        word=re.compile(word),
        plain=re.compile(plain),
        cluster=re.compile(f".[{marks}]*", re.DOTALL),
        cjk=re.compile(f"[{_CJK}][{marks}]*"),
    )


def _classes() -> tuple[str, str, str]:
    """Letters without Chinese, hiragana and katakana, digits and other numbers, and combining marks, for ``[…]``."""
    cjk = re.compile(f"[{_CJK}{_KATAKANA}]")
    members: dict[str, list[int]] = {"L": [], "N": [], "M": []}
    for number in range(min(_SCANNED, sys.maxunicode)):
        kind = unicodedata.category(chr(number))[0]
        if kind in members and (kind == "M" or not cjk.match(chr(number))):
            members[kind].append(number)
    letters, digits, marks = (_ranges(members[kind]) for kind in "LNM")
    return letters, digits, marks


def _ranges(numbers: list[int]) -> str:
    parts, start = [], 0
    for index, number in enumerate(numbers):
        if index + 1 == len(numbers) or numbers[index + 1] != number + 1:
            parts.append(f"{re.escape(chr(numbers[start]))}-{re.escape(chr(number))}")
            start = index + 1
    return "".join(parts)


def is_plain(word: str) -> bool:
    """Whether a word is one of language: letters, with an apostrophe or hyphen perhaps; no number, link or @name."""
    return _patterns().plain.fullmatch(word) is not None


def is_fixed(word: str) -> bool:
    """Whether a word is a link, an address, an @name or an HTML entity: nothing that people misplace."""
    return word[0] in "@&" or "@" in word or "://" in word or word.startswith("www.")


def is_cjk(word: str) -> bool:
    """Whether a word is a single Chinese character or hiragana."""
    return _patterns().cjk.fullmatch(word) is not None


def clusters(word: str) -> list[str]:
    """Characters with the marks that belong to them."""
    return _patterns().cluster.findall(word)


def how_many(share: float, count: int) -> int:
    """Words to change: ``max(1, share x count)`` as in EDA (Wei & Zou 2019, section 2), never more than there are."""
    return min(count, max(1, round(share * count)))


def choose(random: np.random.Generator, items: Sequence[T], count: int) -> list[T]:
    """``count`` different ones of ``items``, in their order."""
    return [items[index] for index in sorted(random.permutation(len(items))[:count].tolist())]


def like(new: str, old: str) -> str:
    """``new`` in the case of ``old``: capitals, or a capital at the start."""
    if old.isupper() and len(old) > 1:
        return new.upper()
    return new[:1].upper() + new[1:] if old[:1].isupper() else new


def without(pieces: Pieces, gone: Iterable[int]) -> str:
    """The text without the words at ``gone``, and without the spaces that they leave."""
    left_out = set(gone)
    words: list[str] = []
    between = [pieces.between[0]]
    for index, word in enumerate(pieces.words):
        after = pieces.between[index + 1]
        if index in left_out:
            between[-1] = _closed(between[-1], after, first=not words)
        else:
            words.append(word)
            between.append(after)
    if words:
        between[-1] = between[-1].rstrip() if between[-1].isspace() and pieces.between[-1] == "" else between[-1]
    return joined(words, between)


def _closed(left: str, right: str, first: bool) -> str:
    """What stands between two words when the one that was between ``left`` and ``right`` is gone."""
    if left[-1:].isspace() or _opens(left) or (first and not left):
        right = right.lstrip() if right[:1].isspace() else right
        if right and not right[0].isalnum() and right[0] not in _OPENING:
            left = left.rstrip()
    return left + right


def _opens(left: str) -> bool:
    """Whether a text ends in a mark that opens something, such as a bracket, or a quotation mark after a space."""
    return left != "" and (left[-1] in _OPENING or (left[-1] in "\"'" and (len(left) == 1 or left[-2].isspace())))


def spans(pieces: Pieces, known: Callable[[str], bool], longest: Mapping[str, int]) -> list[tuple[int, int]]:
    """Places [start, end) whose folded text is ``known``: the longest match first, from the left, none over another.

    Characters of scripts without spaces are joined to entries of several characters, words to expressions of several
    words. ``longest`` is from :func:`longest_by_first`.
    """
    found, start, count = [], 0, len(pieces.words)
    while start < count:
        reach = longest.get(folded(pieces.words[start]), 0)
        ends = range(min(start + reach, count), start, -1)
        end = next((end for end in ends if known(folded(span_text(pieces, start, end)))), None)
        if end is not None:
            found.append((start, end))
        start = end or start + 1
    return found


def longest_by_first(entries: Iterable[str]) -> dict[str, int]:
    """First word of the folded entries → how many words the longest entry has that begins with it."""
    found: dict[str, int] = {}
    for entry in entries:
        words = split(entry).words
        if words:
            found[words[0]] = max(found.get(words[0], 0), len(words))
    return found


def span_text(pieces: Pieces, start: int, end: int) -> str:
    """The text of the words [start, end) with what stands between them."""
    return pieces.words[start] + "".join(pieces.between[index] + pieces.words[index] for index in range(start + 1, end))


def replaced(pieces: Pieces, new: Mapping[tuple[int, int], str]) -> str:
    """The text with other text at the places of ``new``."""
    parts, at = [pieces.between[0]], 0
    for (start, end), text in sorted(new.items()):
        for index in range(at, start):
            parts += (pieces.words[index], pieces.between[index + 1])
        parts += (text, pieces.between[end])
        at = end
    for index in range(at, len(pieces.words)):
        parts += (pieces.words[index], pieces.between[index + 1])
    return "".join(parts)


def folded(text: str) -> str:
    """A text for comparison: composed (NFC), without case, with single spaces."""
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())

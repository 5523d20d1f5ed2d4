"""Texts as words, and words as numbers: the same on every machine and in every run."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

# scripts without spaces: every character is taken as a word
UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
# signs that stand for something, such as emoji, # and %, count as words; punctuation does not
_SIGN = r"[^\w\s.,;:!?¡¿'\"`´‘’“”„«»‹›()\[\]{}\-‐‑‒–—…/\\|。、，；：！？（）「」『』【】·]"
_WORD = re.compile(rf"[{UNSPACED}]|[^\W_{UNSPACED}]+|{_SIGN}")
_CHARACTER = re.compile(rf"[{UNSPACED}]")
_LETTER = re.compile(r"[^\W_]")
URL = re.compile(r"(?:https?|ftp)://\S+|\bwww\.\S+", re.IGNORECASE)
_KEPT = 500_000  # words remembered with their number; more would grow without end on texts of random characters


def words(text: str) -> list[str]:
    """Lower-case runs of letters and digits; single signs, and characters of scripts that do not write spaces.

    Addresses of pages are left out: shortened ones differ each time, and say nothing.
    """
    return _WORD.findall((URL.sub(" ", text) if "://" in text else text).lower())


def has_letters(text: str, least: int) -> bool:
    """Whether a text has so many letters and figures; a character of a script without spaces counts for three."""
    if _some(least).match(text):
        return True
    return len(_LETTER.findall(text)) + 2 * len(_CHARACTER.findall(text)) >= least


@lru_cache(maxsize=8)
def _some(least: int) -> re.Pattern[str]:
    return re.compile(rf"(?:[\W_]*+[^\W_]){{{least}}}")


class _Numbers(dict[str, int]):
    """CRC-32 of words; not Python's hash, which differs from run to run."""

    def __missing__(self, word: str) -> int:
        if len(self) > _KEPT:
            self.clear()
        number = self[word] = zlib.crc32(word.encode("utf-8", "surrogatepass"))
        return number


_numbers = _Numbers()


def numbered(texts: Sequence[Sequence[str]]) -> tuple[np.ndarray, np.ndarray]:
    """Words of several texts as one: numbers uint32 [T], and where each text begins, int64 [n + 1]."""
    import numpy as np

    lengths = np.fromiter((len(text) for text in texts), dtype=np.int64, count=len(texts))
    starts = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(lengths)])
    flat = np.fromiter((_numbers[word] for text in texts for word in text), dtype=np.uint32, count=int(starts[-1]))
    return flat, starts

"""Words of a sentence and the tokens that stand for them.

A sentence is tokenised as text, its words joined by spaces, and the characters of each token tell its word. So a
tokenizer that writes the space before a word into its token (RoBERTa, GPT-2, Llama) sees what it saw in pretraining,
without a setting of its own, and a program that has nothing but ``tokenizer.json`` can do the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tlstudio.metrics.squad import CJK
from tlstudio.tasks.windows import Entry

# signs, which are no part of a word: ASCII and Latin-1; other scripts, currency, symbols; CJK, full width, emoji
_MARKS = (
    r"!-/:-@\[-\^`{-~\u00a1-\u00a9\u00ab-\u00b4\u00b6-\u00b9\u00bb-\u00bf\u00d7\u00f7"
    r"\u0589\u05be\u060c\u061b\u061f\u066a-\u066d\u06d4\u0964\u0965\u2010-\u2027\u2030-\u205e\u20a0-\u20cf\u2190-\u2bff"
    r"\u3001-\u3020\u3030\u30fb\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65\U0001f000-\U0001faff"
)
_LETTER = rf"[^\s{_MARKS}{CJK}]"
# a Chinese or Japanese character; U.S.; a word with inner apostrophes and hyphens, or a number; any other sign
WORD = rf"[{CJK}]|(?:[^\W\d_]\.){{2,}}|{_LETTER}+(?:(?:['’\-]|(?<=\d)[.,:/](?=\d)){_LETTER}+)*|\S"
_WORD = re.compile(WORD)
NONE = -1  # of a token that stands for no word


@dataclass(frozen=True)
class Sentence:
    """Words, and where each begins and ends in ``text``."""

    text: str
    words: list[str]
    spans: list[tuple[int, int]]


def split(text: str) -> Sentence:
    """A text as words and signs, by ``WORD``."""
    found = list(_WORD.finditer(text))
    return Sentence(text, [match.group() for match in found], [match.span() for match in found])


def joined(words: Sequence[str]) -> Sentence:
    """Words with spaces between."""
    spans, at = [], 0
    for word in words:
        spans.append((at, at + len(word)))
        at += len(word) + 1
    return Sentence(" ".join(words), list(words), spans)


@dataclass(frozen=True)
class Window:
    """A part of a sentence.

    Attributes:
        source: index of the sentence.
        ids: token ids, with special tokens.
        parts: the word of each token, or NONE.
        words: the same where the model's answer to this token is taken for the word, else NONE: at its first token,
            in the window that has most context around it.
    """

    source: int
    ids: list[int]
    parts: list[int]
    words: list[int]

    @property
    def entry(self) -> Entry:
        return {"input_ids": self.ids, "words": self.words, "source": self.source}


def windows(tokenizer: Any, sentences: Sequence[Sequence[str]], length: int, stride: int) -> Iterator[Window]:
    """The windows of sentences of words, in order; at least one for each.

    Args:
        tokenizer: a fast one.
        sentences: words.
        length: tokens of a window at most, with special tokens.
        stride: tokens that neighbours share.
    """
    made = tokenizer(
        [" ".join(words) for words in sentences], truncation=True, max_length=length, stride=stride, padding=False,
        return_overflowing_tokens=True, return_offsets_mapping=True, return_attention_mask=False,
        return_token_type_ids=False,
    )  # fmt: skip
    several: dict[int, list[tuple[list[int], list[tuple[int, int]]]]] = {}
    for at, source in enumerate(made["overflow_to_sample_mapping"]):
        several.setdefault(source, []).append((made["input_ids"][at], made["offset_mapping"][at]))
    for source, words in enumerate(sentences):
        yield from _placed(source, words, several[source], tokenizer.pad_token_id or 0)


def _placed(
    source: int, words: Sequence[str], parts: Sequence[tuple[list[int], list[tuple[int, int]]]], pad_id: int
) -> Iterator[Window]:
    owners = _owners(words)
    starts = [begin for begin, _end in joined(words).spans]
    tokens = [[_owner(begin, end, owners) for begin, end in offsets] for _ids, offsets in parts]
    best: dict[int, tuple[int, int, int]] = {}  # of each word: context, window, token
    for window, (_ids, offsets) in enumerate(parts):
        seen = set()
        for place, (begin, _end) in enumerate(offsets):
            word = tokens[window][place]
            if word == NONE or word in seen or begin > starts[word]:  # the window begins within the word
                continue
            seen.add(word)
            context = min(place, len(offsets) - 1 - place)
            if word not in best or context > best[word][0]:
                best[word] = context, window, place
    answers = [[NONE] * len(row) for row in tokens]
    for word, (_context, window, place) in best.items():
        answers[window][place] = word
    useful = [window for window in range(len(parts)) if any(word != NONE for word in answers[window])] or [0]
    for window in useful:
        ids = parts[window][0]
        empty = not ids  # a tokenizer without special tokens makes nothing of nothing
        yield Window(source, [pad_id] if empty else list(ids), [NONE] if empty else tokens[window],
                     [NONE] if empty else answers[window])  # fmt: skip


def _owners(words: Sequence[str]) -> list[int]:
    """The word of each character of the joined text; NONE for the spaces between."""
    owners: list[int] = []
    for number, word in enumerate(words):
        owners += [number] * len(word)
        owners.append(NONE)
    return owners


def _owner(begin: int, end: int, owners: list[int]) -> int:
    """The word of a token: that of its first character which is no space between words."""
    return next((owners[at] for at in range(begin, end) if owners[at] != NONE), NONE)

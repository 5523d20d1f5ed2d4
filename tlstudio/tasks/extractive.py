"""Answers that stand in a passage: question and passage as windows of tokens, and scores of tokens as answers.

Method: Devlin et al., 2019, BERT, sections 4.2 and 4.3: each token has a score as start and as end; the best pair in
order answers, and the first token stands for "no answer" where questions may have none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tlstudio.metrics.squad import CJK
from tlstudio.tasks.windows import Entry

if TYPE_CHECKING:
    import numpy as np

NONE = -1  # where a token without a place in the passage begins
BEST = 20  # answers of a window that are looked at, as in the reference implementation
_MOST_OF_QUESTION = 64  # tokens; longer questions are cut there, as in BERT
_WORD = re.compile(rf"[{CJK}]|[^\W{CJK}]+")
_AROUND = 5  # words on each side of an answer that should be like the question


@dataclass(frozen=True)
class Sizes:
    """Tokens of a window, of what neighbours share, and of a question at most."""

    length: int
    stride: int
    question: int


def sizes(tokenizer: Any, length: int, stride: int) -> Sizes:
    """Settles them so that a window always has room for some passage."""
    room = length - tokenizer.num_special_tokens_to_add(pair=True)
    return Sizes(length, min(stride, room // 4), min(_MOST_OF_QUESTION, room // 2))


@dataclass(frozen=True)
class Window:
    """A question with a part of its passage.

    Attributes:
        source: index of the question.
        ids: token ids.
        types: of the tokens.
        starts: character of the passage at which each token begins; NONE for other tokens.
        ends: the character behind it.
    """

    source: int
    ids: list[int]
    types: list[int]
    starts: list[int]
    ends: list[int]

    def entry(self, typed: bool) -> Entry:
        types = {"token_type_ids": self.types} if typed else {}
        return {"input_ids": self.ids, **types, "starts": self.starts, "ends": self.ends, "source": self.source}

    def places(self, start: int, end: int) -> tuple[int, int]:
        """The first and the last token of the characters ``start`` to ``end``; (0, 0) where the window lacks some."""
        inside = [at for at, begin in enumerate(self.starts) if begin != NONE]
        within = [at for at in inside if self.ends[at] > start and self.starts[at] < end]
        if not within or self.starts[inside[0]] > start or self.ends[inside[-1]] < end:
            return 0, 0
        return within[0], within[-1]


def windows(tokenizer: Any, questions: Sequence[str], contexts: Sequence[str], size: Sizes) -> Iterator[Window]:
    """The windows of questions about passages, in order; at least one for each."""
    made = tokenizer(
        [_cut(tokenizer, question, size.question) for question in questions], list(contexts),
        truncation="only_second", max_length=size.length, stride=size.stride, padding=False,
        return_overflowing_tokens=True, return_offsets_mapping=True, return_attention_mask=False,
        return_token_type_ids=True,
    )  # fmt: skip
    sources = made["overflow_to_sample_mapping"]
    types = made.get("token_type_ids") or [[0] * len(ids) for ids in made["input_ids"]]
    # windows of one row follow one another
    for at in sorted(range(len(sources)), key=lambda index: sources[index]):
        context = contexts[sources[at]]
        places = [
            _trimmed(context, *offset) if sequence == 1 else (NONE, NONE)
            for offset, sequence in zip(made["offset_mapping"][at], made.sequence_ids(at), strict=True)
        ]
        ids = list(made["input_ids"][at])
        if not ids:  # nothing was asked about nothing, and there are no special tokens
            ids, places = [tokenizer.pad_token_id or 0], [(NONE, NONE)]
        yield Window(sources[at], ids, list(types[at]) or [0], [begin for begin, _end in places],
                     [end for _begin, end in places])  # fmt: skip


def _cut(tokenizer: Any, question: str, most: int) -> str:
    """The beginning of a question that is too long to leave room for the passage."""
    offsets = tokenizer(question, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
    return question if len(offsets) <= most else question[: offsets[most - 1][1]]


def _trimmed(context: str, begin: int, end: int) -> tuple[int, int]:
    """Without the space before a word, which some tokenizers take into its token."""
    while begin < end and context[begin].isspace():
        begin += 1
    return (begin, end) if begin < end else (NONE, NONE)


@dataclass(frozen=True)
class Found:
    """The best answer to a question.

    Attributes:
        start: its first character in the passage.
        end: the character behind it; equal to ``start`` where the passage holds no answer at all.
        probability: of this answer among the best ones (and none, where questions may have none).
        gap: by how much the score of no answer is above that of this one.
        nothing: probability of no answer.
    """

    start: int
    end: int
    probability: float
    gap: float
    nothing: float = 0.0

    def text(self, context: str) -> str:
        return context[self.start : self.end]


def best(parts: Sequence[Entry], longest: int, may_lack: bool) -> Found:
    """The best answer from the windows of one question, each with ``starts``, ``ends`` and ``output`` [T, 2].

    Args:
        parts: the windows.
        longest: tokens of an answer at most.
        may_lack: whether questions may have no answer; then none is one of the answers that share the probability.
    """
    import numpy as np

    scores: dict[tuple[int, int], float] = {}
    nothing = np.inf
    for part in parts:
        output = np.asarray(part["output"], np.float64)
        nothing = min(nothing, float(output[0].sum()))
        for place, score in _candidates(output, part["starts"], part["ends"], longest):
            scores[place] = max(score, scores.get(place, -np.inf))
    if not scores:
        return Found(0, 0, 0.0, 0.0 if not may_lack else float("inf"), 1.0)
    ordered = sorted(scores.items(), key=lambda item: -item[1])[:BEST]
    values = np.array([score for _place, score in ordered] + ([nothing] if may_lack else []))
    powers = np.exp(values - values.max())
    chances = powers / powers.sum()
    (start, end), score = ordered[0]
    return Found(start, end, float(chances[0]), nothing - score, float(chances[-1]) if may_lack else 0.0)


def _candidates(
    output: np.ndarray, starts: Sequence[int], ends: Sequence[int], longest: int
) -> Iterator[tuple[tuple[int, int], float]]:
    """The best answers in a window, as characters of the passage, with their scores."""
    import numpy as np

    inside = np.flatnonzero(np.asarray(starts) != NONE)
    if not len(inside):
        return
    first, last = output[inside, 0], output[inside, 1]
    padded = np.concatenate([last, np.full(longest - 1, -np.inf)])
    # [tokens, longest]: an answer that begins at the row and has one more token than the column
    sums = first[:, None] + np.lib.stride_tricks.sliding_window_view(padded, longest)
    flat = sums.ravel()
    for at in np.argpartition(-flat, min(BEST, len(flat)) - 1)[:BEST]:
        begin, more = divmod(int(at), longest)
        if np.isfinite(flat[at]):
            yield (starts[inside[begin]], ends[inside[begin + more]]), float(flat[at])


def threshold(gaps: Sequence[float], answered: Sequence[float], unanswered: Sequence[float]) -> float:
    """The gap up to which answering has the best mean score, as SQuAD 2.0's ``find_best_thresh``.

    Args:
        gaps: by how much no answer is above the best answer, of each question.
        answered: the score of each question with its answer.
        unanswered: its score without.
    """
    import numpy as np

    order = np.argsort(gaps, kind="stable")
    sorted_gaps = np.asarray(gaps, np.float64)[order]
    gains = np.asarray(answered, np.float64)[order] - np.asarray(unanswered, np.float64)[order]
    totals = np.concatenate([[0.0], np.cumsum(gains)])
    # between two equal gaps nothing can be cut
    cuts = np.flatnonzero(np.concatenate([[True], sorted_gaps[1:] > sorted_gaps[:-1], [True]]))
    count = int(cuts[np.argmax(totals[cuts])])
    low = sorted_gaps[count - 1] if count else sorted_gaps[0] - 2.0
    high = sorted_gaps[count] if count < len(sorted_gaps) else sorted_gaps[-1] + 2.0
    middle = (low + high) / 2
    return float(middle) if np.isfinite(middle) else float(np.nan_to_num(low, posinf=0.0, neginf=0.0))


def most_similar(question: str, context: str, words: int) -> tuple[int, int]:
    """The place in a passage whose surroundings share most words with the question: a sliding window.

    Source: Richardson et al., 2013, MCTest, algorithm 1, where rare words count more; here near ones do as well, and
    the answer itself should not repeat the question. ``words`` is the length of the answer. Returns characters.
    """
    import numpy as np

    spans = [match.span() for match in _WORD.finditer(context)]
    if not spans:
        return 0, 0
    found = [context[begin:end].lower() for begin, end in spans]
    asked = {match.group().lower() for match in _WORD.finditer(question)}
    counts = {word: found.count(word) for word in asked}
    weights = [np.log1p(1 / counts[word]) if word in asked else 0.0 for word in found]
    sums = np.concatenate([[0.0], np.cumsum(weights)])
    size = min(words, len(found))
    starts = np.arange(len(found) - size + 1)
    around = sum(
        sums[np.minimum(starts + size + reach, len(found))] - sums[np.maximum(starts - reach, 0)]
        for reach in range(1, _AROUND + 1)
    )
    inside = sums[starts + size] - sums[starts]
    place = int((around - (_AROUND + 1) * inside).argmax())
    return spans[place][0], spans[place + size - 1][1]

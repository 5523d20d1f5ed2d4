"""Metrics of tagged words: whole entities where the tags have a scheme, single tags where they have none.

Schemes mark where an entity begins and ends (Ramshaw and Marcus 1995; Tjong Kim Sang and Veenstra 1999):

* IOB2 (BIO): B- begins, I- goes on. IOB1: I- everywhere, B- only right after an entity of the same type. IO: I- only.
* IOBES: B-, I-, E- for the last word, S- for a single one; M- for I- is read too. BILOU: the same with L- and U-.

Entities are read by the strict rules of seqeval 1.2 (``mode="strict"``): what breaks its scheme is no entity. An
entity is right where its borders and its type are (CoNLL-2003). IO is read as IOB1 without B.

Intervals resample sentences, since the words of one are not independent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tlstudio.core.errors import StudioError
from tlstudio.metrics import resampling
from tlstudio.metrics.classification import Counts, class_entries, class_scores, class_table, need_rows
from tlstudio.metrics.resampling import Floats

Tags = Sequence[str]
Entity = tuple[str, int, int]  # type, first word, word after the last
PLAIN = "tags"  # no scheme: parts of speech and the like
SCHEMES = ("IOB2", "IOB1", "IO", "IOBES", "BILOU", PLAIN)
ENTITY_NAMES = ("entity_precision", "entity_recall", "entity_f1")
BASELINE = ("most-frequent-tag", "Most frequent tag of each word")  # name, title
MOST_CLASSES = 200  # types or tags listed by themselves, the most frequent ones
_PREFIXES = {"IOB2": "BI", "IOB1": "BI", "IO": "I", "IOBES": "BIES", "BILOU": "BILU"}
_LAST, _SINGLE = {"IOBES": "E", "BILOU": "L"}, {"IOBES": "S", "BILOU": "U"}
_OUTSIDE = ("O", "")


def evaluate(
    tags_true: Sequence[Tags],
    tags_pred: Sequence[Tags],
    *,
    scheme: str | None = None,
    bootstrap: int = 1000,
    seed: int = 7,
    check: Callable[[], None] | None = None,
) -> dict[str, Any]:
    """All metrics of a test, each as ``{"value", "low", "high"}``.

    Args:
        tags_true: the tags of each sentence.
        tags_pred: as many sentences, as many tags in each.
        scheme: one of SCHEMES; read from ``tags_true`` if not given. The one of the training data is the safer.
        bootstrap: resamples behind each interval.
        seed: the same seed gives the same intervals.
        check: called every few hundred sentences and for each block of resamples; may raise Cancelled.

    Returns:
        ``rows`` (sentences), ``tokens``, ``scheme``, ``metrics`` (``token_accuracy`` and, with a scheme,
        ENTITY_NAMES) and ``per_class``: at most 200 entity types, or tags where there is no scheme, in sorted order.

    Raises:
        StudioError: no words at all, or tags that mix schemes.
    """
    need_rows(sum(map(len, tags_true)))
    scheme = scheme or scheme_of(tags_true)
    table = _count(tags_true, tags_pred, scheme, check)
    names = ("token_accuracy",) if scheme == PLAIN else ("token_accuracy", *ENTITY_NAMES)
    width = len(names)
    listed = table.most_frequent()

    def measure(weights: Floats) -> Floats:
        return np.concatenate([table.overall(weights)[:, :width], table.classes(weights, listed)], axis=1)

    flat = len(listed) * 3
    rows = len(tags_true)
    point = measure(np.ones((rows, 1)))
    blocks = resampling.blocks(rows, bootstrap, seed, check)
    sampled = np.concatenate([np.empty((0, width + flat)), *map(measure, blocks)])
    metrics = {name: resampling.interval(point[0, place], sampled[:, place]) for place, name in enumerate(names)}
    return {
        "rows": rows,
        "tokens": int(table.tokens[:, 1].sum()),
        "scheme": scheme,
        "metrics": metrics,
        "per_class": class_entries(
            [table.kinds[place] for place in listed],
            table.support[listed],
            point[0, width:].reshape(3, len(listed)),
            sampled[:, width:].reshape(-1, 3, len(listed)),
        ),
    }


def quick(tags_true: Sequence[Tags], tags_pred: Sequence[Tags], scheme: str | None = None) -> dict[str, float]:
    """Token accuracy and, with a scheme, the entity metrics without intervals, for every epoch."""
    need_rows(sum(map(len, tags_true)))
    scheme = scheme or scheme_of(tags_true)
    names = ("token_accuracy",) if scheme == PLAIN else ("token_accuracy", *ENTITY_NAMES)
    table = _count(tags_true, tags_pred, scheme, None)
    values = table.overall(np.ones((len(tags_true), 1)))[0]
    return {name: float(values[place]) for place, name in enumerate(names)}


def scheme_of(tags: Sequence[Tags]) -> str:
    """The scheme of the tags, one of SCHEMES; ``PLAIN`` where they have none.

    Tags have a scheme where all are O, or a prefix such as ``B-`` with a type (or the prefix alone). B and I
    together are IOB2 or IOB1, whichever fewer tags break.

    Raises:
        StudioError: some tags have a prefix and some have none, or the prefixes are those of no scheme.
    """
    kinds = {tag for sentence in tags for tag in sentence} - set(_OUTSIDE)
    plain = {tag for tag in kinds if not _is_prefixed(tag)}
    if not kinds or len(plain) * 2 > len(kinds) or not any("-" in tag or tag == "B" for tag in kinds - plain):
        return PLAIN
    if plain:
        raise StudioError(
            "data.mixed-tags",
            "Most tags mark entities, as {good} does, but the tag {bad} does not.",
            "Write every tag as O or with a prefix such as B- or I-.",
            where="data.roles.tags",
            good=min(kinds - plain),
            bad=min(plain),
        )
    found = {_split(tag)[0] for tag in kinds}
    return _scheme_of_prefixes(found, tags)


def violations(tags: Sequence[Tags], scheme: str) -> list[tuple[int, int]]:
    """Where tags break their scheme: (sentence, word) of each, such as an I- that nothing has begun."""
    if scheme == PLAIN:
        return []
    found = []
    for row, sentence in enumerate(tags):
        before = ("O", "")
        for place, tag in enumerate(sentence):
            now = _split(tag)
            if _breaks(before, now, scheme):
                found.append((row, place))
            before = now
        if _is_open(before[0], scheme):
            found.append((row, len(sentence) - 1))
    return found


def entities(tags: Tags, scheme: str) -> list[Entity]:
    """The entities of one sentence by seqeval's strict rules: (type, first word, word after the last)."""
    if scheme == PLAIN:
        return []
    parts = [*map(_split, tags), ("O", "")]
    read = _read_iob1 if scheme in ("IOB1", "IO") else _read_begun
    return read(parts, scheme)


def most_frequent_tags(
    train_tokens: Sequence[Sequence[str]],
    train_tags: Sequence[Tags],
    test_tokens: Sequence[Sequence[str]],
) -> list[list[str]]:
    """The baseline: each word gets the tag it has most often in training; an unknown word the most frequent tag.

    Capitals do not count, so that the first word of a sentence is known too. Of equally frequent tags the one seen
    first is taken.
    """
    seen: dict[str, Counter[str]] = {}
    overall: Counter[str] = Counter()
    for words, tags in zip(train_tokens, train_tags, strict=True):
        overall.update(tags)
        for word, tag in zip(words, tags, strict=True):
            seen.setdefault(word.lower(), Counter())[tag] += 1
    best = {word: counts.most_common(1)[0][0] for word, counts in seen.items()}
    default = overall.most_common(1)[0][0] if overall else "O"
    return [[best.get(word.lower(), default) for word in words] for words in test_tokens]


@dataclass(frozen=True)
class _Table:
    """Counts of each of S sentences.

    Attributes:
        kinds: the K entity types, or tags.
        hits, truth, guess: [S, K], right, true and predicted entities or tags.
        tokens: [S, 2], words with the right tag and all words.
    """

    kinds: list[str]
    hits: Floats
    truth: Floats
    guess: Floats
    tokens: Floats

    @property
    def support(self) -> NDArray[np.int64]:
        return self.truth.sum(axis=0).astype(np.int64)

    def most_frequent(self) -> list[int]:
        """Places of the kinds that are listed, in the order of their names."""
        return sorted(np.argsort(-self.support, kind="stable")[:MOST_CLASSES].tolist())

    def overall(self, weights: Floats) -> Floats:
        """Token accuracy, then precision, recall and F1 over all kinds, [b, 4], of sentence weights [S, b]."""
        totals = [weights.T @ part.sum(axis=1, keepdims=True) for part in (self.hits, self.truth, self.guess)]
        right, all_words = (weights.T @ self.tokens).T
        accuracy = np.divide(right, all_words, out=np.full_like(right, np.nan), where=all_words > 0)
        return np.concatenate([accuracy[:, None], *class_scores(Counts(*totals))], axis=1)

    def classes(self, weights: Floats, listed: list[int]) -> Floats:
        """Precision, recall and F1 of the listed kinds, [b, 3 * len(listed)]."""
        counts = Counts(*(weights.T @ part[:, listed] for part in (self.hits, self.truth, self.guess)))
        return class_table(counts).reshape(weights.shape[1], -1)


def _count(
    tags_true: Sequence[Tags], tags_pred: Sequence[Tags], scheme: str, check: Callable[[], None] | None
) -> _Table:
    per_row: list[tuple[Counter[str], Counter[str], Counter[str]]] = []
    tokens = np.zeros((len(tags_true), 2))
    for row, (truth, guess) in enumerate(zip(tags_true, tags_pred, strict=True)):
        if check and row % 256 == 0:
            check()
        tokens[row] = sum(one == other for one, other in zip(truth, guess, strict=True)), len(truth)
        per_row.append(_count_tags(truth, guess) if scheme == PLAIN else _count_entities(truth, guess, scheme))
    kinds = sorted({kind for _, truth_counts, guess_counts in per_row for kind in (*truth_counts, *guess_counts)})
    place = {kind: index for index, kind in enumerate(kinds)}
    counts = np.zeros((3, len(per_row), len(kinds)))
    for row, counters in enumerate(per_row):
        for which, counter in enumerate(counters):
            for kind, count in counter.items():
                counts[which, row, place[kind]] = count
    return _Table(kinds, counts[0], counts[1], counts[2], tokens)


def _count_tags(truth: Tags, guess: Tags) -> tuple[Counter[str], Counter[str], Counter[str]]:
    hits = Counter(one for one, other in zip(truth, guess, strict=True) if one == other)
    return hits, Counter(truth), Counter(guess)


def _count_entities(truth: Tags, guess: Tags, scheme: str) -> tuple[Counter[str], Counter[str], Counter[str]]:
    right, found = set(entities(truth, scheme)), set(entities(guess, scheme))
    hits, true, guessed = (Counter(kind for kind, _, _ in part) for part in (right & found, right, found))
    return hits, true, guessed


def _split(tag: str) -> tuple[str, str]:
    """Prefix and type, as seqeval does: ``B-PER`` is (B, PER), ``B`` is (B, _). M is I."""
    if tag in _OUTSIDE:
        return "O", ""
    return ("I" if tag[0] == "M" else tag[0]), tag[1:].strip("-") or "_"


def _is_prefixed(tag: str) -> bool:
    return tag[:1] in "BIESLUM" and (len(tag) == 1 or (tag[1] == "-" and len(tag) > 2))


def _scheme_of_prefixes(found: set[str], tags: Sequence[Tags]) -> str:
    """The scheme that has the prefixes, O not among them."""
    if found == {"I"}:
        return "IO"
    if found == {"B", "I"}:
        broken = {scheme: len(violations(tags, scheme)) for scheme in ("IOB2", "IOB1")}
        return min(broken, key=lambda scheme: broken[scheme])
    if found == {"B"}:
        return "IOB2"
    for scheme in ("IOBES", "BILOU"):
        begun = "B" in found or not found & {"I", _LAST[scheme]}
        if begun and found <= set(_PREFIXES[scheme]):
            return scheme
    raise StudioError(
        "data.unknown-tag-scheme",
        "The tags have the prefixes {prefixes}, which are those of no known scheme.",
        "Write the tags as BIO (IOB2, IOB1), IO, BIOES or BILOU.",
        where="data.roles.tags",
        prefixes=", ".join(sorted(found)),
    )


def _is_open(prefix: str, scheme: str) -> bool:
    """Whether something must follow the prefix: only where the last word has a mark of its own."""
    return scheme in _LAST and prefix in ("B", "I")


def _breaks(before: tuple[str, str], now: tuple[str, str], scheme: str) -> bool:
    """Whether a tag may not follow the one before it."""
    prefix, kind = now
    goes_on = before[0] in ("B", "I") and before[1] == kind
    if scheme == "IOB1":
        return prefix == "B" and not goes_on
    if scheme == "IO":
        return prefix == "B"
    if prefix == "I" or prefix == _LAST.get(scheme):
        return not goes_on
    return _is_open(before[0], scheme)


def _read_begun(parts: list[tuple[str, str]], scheme: str) -> list[Entity]:
    """IOB2, IOBES and BILOU: an entity begins with B, or is a single S or U; E or L, where there is one, ends it."""
    last, single = _LAST.get(scheme), _SINGLE.get(scheme)
    found = []
    place = 0
    while place < len(parts) - 1:
        prefix, kind = parts[place]
        start = place
        place += 1
        if prefix == single:
            found.append((kind, start, place))
        if prefix != "B":
            continue
        while parts[place] == ("I", kind):
            place += 1
        if last and parts[place] == (last, kind):
            place += 1
            found.append((kind, start, place))
        elif not last:
            found.append((kind, start, place))
    return found


def _read_iob1(parts: list[tuple[str, str]], scheme: str) -> list[Entity]:
    """IOB1 and IO, by seqeval's tables: a B counts only right after a word of the same type."""
    found = []
    place, before = 0, ("O", "")
    while place < len(parts) - 1:
        prefix, kind = now = parts[place]
        start = place
        place += 1
        if _starts_iob1(before, now):
            while parts[place] == ("I", kind):
                place += 1
            after = parts[place]
            # seqeval closes no entity that is a lone B before a B of another type
            if not (place - start == 1 and prefix == "B" and after[0] == "B" and after[1] != kind):
                found.append((kind, start, place))
        before = parts[place - 1]
    return found


def _starts_iob1(before: tuple[str, str], now: tuple[str, str]) -> bool:
    if now[0] == "I":
        return before[0] != "I" or before[1] != now[1]
    return now[0] == "B" and before[0] in ("B", "I") and before[1] == now[1]

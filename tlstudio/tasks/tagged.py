"""Tagged words: the model's answers word by word, and how they are shown."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tlstudio.core.errors import StudioError
from tlstudio.metrics import errors, spans
from tlstudio.metrics.classification import probabilities
from tlstudio.tasks.base import Encoded, Outputs
from tlstudio.tasks.windows import Entry, by_source
from tlstudio.tasks.words import NONE, Sentence

if TYPE_CHECKING:
    import pyarrow as pa

_MOST_TAGS = 40  # of a confusion matrix that can be read
_MOST_SAMPLES = 50
_AROUND = 12  # words on each side of a wrong one that are shown with it
_PAGES = frozenset(("layoutlm", "layoutlmv2", "layoutlmv3", "lilt", "bros", "markuplm", "lxmert", "modernvbert"))


def needs_pages(config: Mapping[str, Any], task: str) -> StudioError | None:
    """The error for a backbone that reads pages with their layout, or pictures; None for others."""
    kind = str(config.get("model_type") or "")
    if kind not in _PAGES:
        return None
    return StudioError(
        "task.needs-pages", "A backbone of the type '{kind}' reads pages with their layout; {task} has plain texts.",
        "Choose a text model, such as one of the BERT, RoBERTa or DeBERTa family.",
        where="model.name", kind=kind, task=task,
    )  # fmt: skip


def fields() -> dict[str, pa.DataType]:
    """What a window holds: its tokens, the word that each answers for, and what each learns."""
    import pyarrow as pa

    return {name: pa.list_(pa.int32()) for name in ("input_ids", "words")} | {"labels": pa.list_(pa.int64())}


@dataclass(frozen=True)
class Word:
    """A word with the tag that the model gives it."""

    text: str
    tag: str
    probability: float


def found(tokens: Sequence[Sequence[str]], names: Sequence[str], encoded: Encoded, split: str,
          outputs: Outputs) -> list[list[Word]]:  # fmt: skip
    """The model's words of each row of a split."""
    groups = by_source(encoded, split, outputs, ("words",))
    usual = encoded.facts["usual_tag"]
    return [words_of(group, row, names, usual) for row, group in zip(tokens, groups, strict=True)]


def words_of(windows: Sequence[Entry], words: Sequence[str], names: Sequence[str], usual: str) -> list[Word]:
    """The words of one row from the windows that it was read in.

    A word that the tokenizer leaves out, such as a lone control character, gets the tag that is the usual one.
    """
    import numpy as np

    result = [Word(word, usual, 0.0) for word in words]
    for window in windows:
        places = [at for at, word in enumerate(window["words"]) if word != NONE]
        if not places:
            continue
        chances = probabilities(np.asarray(window["output"])[places])
        for at, chance in zip(places, chances, strict=True):
            word, best = window["words"][at], int(chance.argmax())
            result[word] = Word(words[word], names[best], float(chance[best]))
    return result


def answer(sentence: Sentence, words: Sequence[Word], scheme: str) -> dict[str, Any]:
    """The answer to one row: each word with its tag, and the entities; without a scheme each word is one."""
    places = sentence.spans
    tags = [word.tag for word in words]
    entities = spans.entities(tags, scheme)
    if scheme == spans.PLAIN:
        entities = [(tag, at, at + 1) for at, tag in enumerate(tags)]
    marked = [(kind, places[first][0], places[last - 1][1]) for kind, first, last in entities]
    return {
        "kind": "spans",
        "text": sentence.text,
        "tokens": [
            {"text": word.text, "start": begin, "end": end, "tag": word.tag, "probability": word.probability}
            for word, (begin, end) in zip(words, places, strict=True)
        ],
        "spans": [
            {"start": begin, "end": end, "label": kind, "text": sentence.text[begin:end]} for kind, begin, end in marked
        ],
    }


def columns(truth: Sequence[Sequence[str]], words: Sequence[Sequence[Word]]) -> dict[str, list[Any]]:
    """Of ``predictions.parquet``: sentences and tags as texts, and the share of right words as the score."""
    guess = [[word.tag for word in row] for row in words]
    right = [sum(map(str.__eq__, one, other)) for one, other in zip(truth, guess, strict=True)]
    return {
        "text": [" ".join(word.text for word in row) for row in words],
        "label": [" ".join(tags) for tags in truth],
        "predicted": [" ".join(tags) for tags in guess],
        "confidence": [sum(word.probability for word in row) / max(len(row), 1) for row in words],
        "score": [count / max(len(tags), 1) for count, tags in zip(right, truth, strict=True)],
        "tokens": [[word.text for word in row] for row in words],
    }


def pictures(truth: Sequence[Sequence[str]], words: Sequence[Sequence[Word]], names: Sequence[str],
             rows: Sequence[int]) -> dict[str, Any]:  # fmt: skip
    """What the pictures need: samples, the surest errors, and the confusion of tags where there are not too many."""
    shown = {"samples": _samples(truth, words, rows), "errors": _worst(truth, words, rows)}
    return shown | ({"confusion": _confusion(truth, words, names)} if len(names) <= _MOST_TAGS else {})


def _samples(
    truth: Sequence[Sequence[str]], words: Sequence[Sequence[Word]], rows: Sequence[int]
) -> dict[str, Any]:  # fmt: skip
    """Rows spread evenly over the test."""
    step = max(1, -(-len(truth) // _MOST_SAMPLES))
    items = [
        {"row": rows[at], "tokens": [word.text for word in words[at]], "labels": list(truth[at]),
         "predicted": [word.tag for word in words[at]]}
        for at in range(0, len(truth), step)
    ]  # fmt: skip
    return {"kind": "spans", "items": items}


def _worst(
    truth: Sequence[Sequence[str]], words: Sequence[Sequence[Word]], rows: Sequence[int]
) -> list[dict[str, Any]]:  # fmt: skip
    """The wrong words that the model was surest of, each among its neighbours."""

    def wrong() -> Iterator[tuple[float, int, int]]:
        for at, (tags, row) in enumerate(zip(truth, words, strict=True)):
            yield from ((word.probability, -at, -place) for place, word in enumerate(row) if word.tag != tags[place])

    listed = []
    for confidence, at, place in heapq.nlargest(errors.LIMIT, wrong()):
        row, place = words[-at], -place
        before, after = row[max(0, place - _AROUND) : place], row[place + 1 : place + 1 + _AROUND]
        marked = [*(word.text for word in before), f"[{row[place].text}]", *(word.text for word in after)]
        listed.append({"row": rows[-at], "text": errors.shorten(" ".join(marked)), "label": truth[-at][place],
                       "predicted": row[place].tag, "confidence": confidence})  # fmt: skip
    return listed


def _confusion(
    truth: Sequence[Sequence[str]], words: Sequence[Sequence[Word]], names: Sequence[str]
) -> list[list[int]]:  # fmt: skip
    """Counts of words: rows are true tags, columns predicted ones; tags that no training row has are left out."""
    number = {name: at for at, name in enumerate(names)}
    table = [[0] * len(names) for _name in names]
    for tags, row in zip(truth, words, strict=True):
        for tag, word in zip(tags, row, strict=True):
            if tag in number:
                table[number[tag]][number[word.tag]] += 1
    return table

"""How often a form of a model answers as the trained one did, also where it reads the rows in other pieces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tlstudio.models.heads import Head
from tlstudio.tasks.base import Encoded, Outputs


@dataclass(frozen=True)
class Answered:
    """What a model answers to the rows of a split.

    Attributes:
        encoded: the rows as it reads them.
        answers: an array for each piece that it reads.
        columns: what these mean for the rows of the data, see :class:`tlstudio.tasks.base.Tested`.
    """

    encoded: Encoded
    answers: Outputs
    columns: Mapping[str, Sequence[Any]]


def agreement(head: Head, form: Answered, reference: Answered) -> float:
    """Share of answers that mean the same to a user as those of the trained model.

    A form with another tokenizer reads unseen words in other pieces, long rows in other windows, and writes other
    token ids: there the answers to the rows of the data are compared.
    """
    if form.encoded is reference.encoded or not _in_pieces(head):
        return head.agreement(form.answers, reference.answers)
    if head.losses:  # how likely each text is
        return Head(kind="values").agreement(*(list(np.asarray(one.columns["score"], np.float64)[:, None])
                                               for one in (form, reference)))  # fmt: skip
    rows = zip(form.columns["predicted"], reference.columns["predicted"], strict=True)
    same = [_alike(one, other, head.per_token) for one, other in rows]
    return float(np.mean(same)) if same else 1.0


def _in_pieces(head: Head) -> bool:
    """Whether the answers follow the tokens or windows of a row; else there is one for each row."""
    return head.per_token or bool(head.losses) or head.kind in ("places", "text")


def _alike(one: Any, other: Any, by_word: bool) -> float:
    """Of the tags of a sentence the share of words that have the same one."""
    words, others = (str(said).split(" ") for said in (one, other))
    if not by_word or len(words) != len(others):
        return float(one == other)
    return float(np.mean([word == beside for word, beside in zip(words, others, strict=True)]))

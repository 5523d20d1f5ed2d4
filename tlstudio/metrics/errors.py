"""The errors that teach most: those the model was surest of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from tlstudio.metrics.classification import probabilities

LIMIT = 50
_LONGEST = 2000  # characters of a text that are kept: a text may have megabytes


def worst(
    logits: ArrayLike,
    labels: ArrayLike,
    names: Sequence[str],
    text_of: Callable[[int], str],
    *,
    rows: Sequence[int] | None = None,
    limit: int = LIMIT,
) -> list[dict[str, Any]]:
    """The wrong predictions with the highest confidence, surest first.

    Args:
        logits: [N, C].
        labels: [N], indices into ``names``.
        names: class names.
        text_of: gives the text of a position 0…N-1; asked only for the rows that are listed.
        rows: row numbers of the file to report; the positions themselves if not given.
        limit: how many at most.

    Returns:
        Entries ``{"row", "text", "label", "predicted", "confidence"}``; long texts are cut, with an ellipsis.
    """
    chances, truth = probabilities(logits), np.asarray(labels, np.int64)
    predicted = chances.argmax(axis=1)
    wrong = np.flatnonzero(predicted != truth)
    confidence = chances[wrong, predicted[wrong]]
    chosen = wrong[np.argsort(-confidence, kind="stable")][:limit]
    return [
        {
            "row": int(rows[place]) if rows is not None else int(place),
            "text": shorten(text_of(int(place))),
            "label": names[truth[place]],
            "predicted": names[predicted[place]],
            "confidence": float(chances[place, predicted[place]]),
        }
        for place in chosen
    ]


def shorten(text: str, limit: int = _LONGEST) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"

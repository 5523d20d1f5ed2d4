"""The most confident errors, with only their texts read."""

from __future__ import annotations

import numpy as np

from tlstudio.metrics import errors


def test_surest_errors_first_and_only_their_texts_are_read():
    logits = np.array([[5.0, 0], [0, 3.0], [1.0, 0], [0, 9.0], [2.0, 0]])
    asked = []

    def text_of(place: int) -> str:
        asked.append(place)
        return f"text {place}"

    found = errors.worst(logits, [1, 0, 0, 1, 1], ["no", "yes"], text_of, rows=[10, 11, 12, 13, 14], limit=2)
    assert [entry["row"] for entry in found] == [10, 11]
    assert found[0]["label"] == "yes"
    assert found[0]["predicted"] == "no"
    assert found[0]["confidence"] > found[1]["confidence"] > 0.5
    assert asked == [0, 1]


def test_at_most_fifty_and_long_texts_are_cut():
    logits = np.tile([4.0, 0.0], (80, 1))
    found = errors.worst(logits, np.ones(80, int), ["a", "b"], lambda _: "x" * 1_000_000)
    assert len(found) == 50
    assert found[0]["text"].endswith("…")
    assert len(found[0]["text"]) == 2000


def test_no_errors():
    assert errors.worst(np.eye(3), [0, 1, 2], list("abc"), str) == []

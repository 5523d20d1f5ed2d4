"""Pairs and triplets of texts in two made-up languages, which a tiny network can learn to match."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

from tests.tasks import whole
from tests.tasks.models import byte_gpt2, word_bert

WORDS = ("red", "green", "blue", "dog", "cat", "fish", "house", "tree", "car", "sun", "moon", "star")
OTHER = dict(zip(WORDS, ("rot", "grun", "blau", "hund", "katze", "fisch", "haus", "baum", "auto", "sonne", "mond",
                         "stern"), strict=True))  # fmt: skip
HEADERS = {"pairs": ("anchor", "positive"), "triplets": ("anchor", "positive", "negative"),
           "scores": ("sentence1", "sentence2", "score"), "labels": ("sentence1", "sentence2", "label")}  # fmt: skip


def bert(folder: Path) -> Path:
    return word_bert(folder, [*WORDS, *OTHER.values()])


def decoder(folder: Path) -> Path:
    return byte_gpt2(folder, [" ".join(WORDS), " ".join(OTHER.values())])


def rows(kind: str, count: int = 32, seed: int = 0) -> list[tuple[str, ...]]:
    draw = random.Random(seed)
    found: list[tuple[str, ...]] = []
    for at in range(count):
        words = draw.sample(WORDS, 3)
        right = [OTHER[word] for word in words]
        wrong = [OTHER[word] for word in draw.sample([word for word in WORDS if word not in words], 3)]
        mixed = right[: at % 4] + wrong[at % 4 :]
        last = {
            "pairs": (_text(right),),
            "triplets": (_text(right), _text(wrong)),
            "scores": (_text(mixed), f"{at % 4 * 5 / 3:.3f}"),
            "labels": (_text(right if at % 2 else wrong), str(at % 2)),
        }
        found.append((_text(words), *last[kind]))
    return found


def _text(words: Sequence[str]) -> str:
    return " ".join(words)


def write(folder: Path, kind: str, name: str = "data.csv", count: int = 32) -> Path:
    return whole.write(folder / name, HEADERS[kind], rows(kind, count))

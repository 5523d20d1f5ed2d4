"""Sentences whose tags follow from their words."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any

PEOPLE, PLACES = ["anna", "boris", "clara"], ["paris", "oslo", "rome"]
OTHERS = ["went", "to", "saw", "the", "old", "town", "of", "and", "then", "slept"]
WORDS = [*PEOPLE, *PLACES, *OTHERS]


def sentence(draw: random.Random, words: int) -> tuple[list[str], list[str]]:
    """People with two names, and places, in the scheme IOB2; no vocabulary holds all the second names."""
    tokens: list[str] = []
    tags: list[str] = []
    while len(tokens) < words:
        kind = draw.random()
        if kind < 0.25:
            tokens += [draw.choice(PEOPLE), f"Zed{draw.randrange(1000)}"]
            tags += ["B-PER", "I-PER"]
        elif kind < 0.45:
            tokens.append(draw.choice(PLACES))
            tags.append("B-LOC")
        tokens.append(draw.choice(OTHERS))
        tags.append("O")
    return tokens, tags


def sentences(count: int = 60, seed: int = 0, longest: int = 24) -> list[tuple[list[str], list[str]]]:
    draw = random.Random(seed)
    return [sentence(draw, 3 + at % longest) for at in range(count)]


def write(path: Path, rows: Iterable[tuple[list[str], list[str]]]) -> Path:
    path.write_text("".join(json.dumps({"tokens": tokens, "tags": tags}) + "\n" for tokens, tags in rows))
    return path


def section(folder: Path) -> dict[str, Any]:
    return {"path": str(write(folder / "names.jsonl", sentences()))}

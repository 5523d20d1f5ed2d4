"""Questions about short and long passages, in the form of SQuAD 2.0."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

NAMES, PLACES = ["anna", "boris", "clara", "dora"], ["paris", "oslo", "rome", "bern", "old prague"]
FILLERS = ["then", "it", "rained", "all", "day", "long", "and", "the", "wind", "blew"]
WORDS = [*NAMES, "paris", "oslo", "rome", "bern", "old", "prague", *FILLERS, "where", "does", "live", "lives", "in"]


def passage(draw: random.Random, filler: int) -> tuple[str, dict[str, str]]:
    """Who lives where, with some words before."""
    homes = {name: draw.choice(PLACES) for name in draw.sample(NAMES, 2)}
    before = " ".join(draw.choice(FILLERS) for _word in range(filler))
    told = ", and ".join(f"{name.title()} lives in {home.title()}" for name, home in homes.items())
    return f"{before} . {told}.", homes


def articles(count: int = 24, seed: int = 0, lacking: bool = True) -> dict[str, Any]:
    """One question a passage; every fourth asks for somebody who is not in it, where ``lacking``."""
    draw = random.Random(seed)
    paragraphs = []
    for at in range(count):
        context, homes = passage(draw, 40 if at % 6 == 0 else at % 9)
        impossible = lacking and at % 4 == 3
        name = next(other for other in NAMES if (other in homes) != impossible)
        home = homes.get(name, "").title()
        answers = [] if impossible else [{"text": home, "answer_start": context.index(f"{name.title()} lives in ")
                                          + len(f"{name} lives in ")}]  # fmt: skip
        paragraphs.append({"context": context, "qas": [{
            "id": str(at), "question": f"Where does {name.title()} live? {at}", "answers": answers,
            "is_impossible": impossible,
        }]})  # fmt: skip
    return {"version": "v2.0", "data": [{"title": "homes", "paragraphs": paragraphs}]}


def write(path: Path, **options: Any) -> Path:
    path.write_text(json.dumps(articles(**options)))
    return path


def section(folder: Path) -> dict[str, Any]:
    """Validation and test are the training questions: a tiny model learns them by heart."""
    path = str(write(folder / "homes.json"))
    return {"path": path, "validation": path, "test": path}

"""Texts that a tiny language model learns in seconds: words that follow each other in a circle."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

CIRCLE = ("one", "two", "three", "four", "five", "six", "seven", "eight")
COLOURS = {"grass": "green", "snow": "white", "coal": "black", "sky": "blue"}


def circles(count: int = 48) -> list[str]:
    """Different texts; of each all but the first word follows."""
    pairs = [(begin, length) for length in range(6, 30) for begin in range(len(CIRCLE))]
    return [" ".join(CIRCLE[(begin + at) % len(CIRCLE)] for at in range(length)) for begin, length in pairs[:count]]


def circle_file(folder: Path, count: int = 48) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "circles.txt"
    path.write_text("\n".join(circles(count)) + "\n", encoding="utf-8")
    return path


def questions(count: int = 40) -> list[tuple[str, str]]:
    """Different prompts, each with the colour of a thing as the response."""
    things = list(COLOURS)
    frames = ["colour of {}", "what is {}", "tell me {}", "and {}", "now {}", "please {}", "name {}", "say {}",
              "again {}", "or {}"]  # fmt: skip
    return [(frames[at // len(things) % len(frames)].format(things[at % len(things)]),
             f"it is {COLOURS[things[at % len(things)]]}") for at in range(count)]  # fmt: skip


def json_lines(folder: Path, rows: list[dict[str, Any]]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def question_file(folder: Path) -> Path:
    return json_lines(folder, [{"prompt": prompt, "response": response} for prompt, response in questions()])


def chat_file(folder: Path) -> Path:
    """The same as conversations, some of two turns."""
    pairs, rows = questions(), []
    for at, (prompt, response) in enumerate(pairs):
        before = [message("user", pairs[at - 1][0]), message("assistant", pairs[at - 1][1])] if at % 3 == 2 else []
        rows.append({"messages": [*before, message("user", prompt), message("assistant", response)]})
    return json_lines(folder, rows)


def message(role: str, content: str) -> dict[str, str]:
    return {"role": role, "content": content}


def vocabulary() -> list[str]:
    """All words, to make tokenizers of."""
    return [*circles(), *(f"{prompt} {response}" for prompt, response in questions())]


def echoes(count: int = 48) -> list[str]:
    """Different texts of one word each, more or less often."""
    return [" ".join([word] * length) for length in range(5, 30) for word in CIRCLE][:count]


def echo_file(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "echoes.txt"
    path.write_text("\n".join(echoes()) + "\n", encoding="utf-8")
    return path

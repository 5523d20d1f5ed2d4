"""Healthy data of every kind to plant flaws in, and the doctor to look at it."""

from __future__ import annotations

import csv
import json
import pydoc_data.topics
import random
import re
import zlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from tlstudio.core.control import Control
from tlstudio.core.plugins import find
from tlstudio.core.progress import silent
from tlstudio.core.recipe import DataSection
from tlstudio.data.doctor.run import examine
from tlstudio.data.labelled import Labelled, read_labelled

Rows = list[tuple[str, str]]
SHARED = ("with", "this", "that", "from", "which", "into", "when", "they")


@cache
def vocabulary() -> tuple[str, ...]:
    """English words that come with Python."""
    text = " ".join(pydoc_data.topics.topics.values())
    words = sorted(set(re.findall(r"\b[a-z]{4,12}\b", text)) - set(SHARED))
    random.Random(5).shuffle(words)
    return tuple(words)


def healthy(count: int = 240, classes: int = 3, seed: int = 0) -> Rows:
    """Different English texts whose class follows from their words, though from no single one of them."""
    draw, words = random.Random(seed), vocabulary()
    rows = []
    for index in range(count):
        own = words[300 * (index % classes) : 300 * (index % classes) + 200]
        text = draw.sample(own, 12) + draw.sample(SHARED, 3)
        draw.shuffle(text)
        rows.append((" ".join(text), f"class {'abcdefgh'[index % classes]}"))
    return rows


def write(path: Path, rows: Sequence[Sequence[str]], header: Sequence[str] = ("text", "label")) -> str:
    with open(path, "w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([header, *rows])
    return str(path)


def read(data: DataSection) -> Labelled:
    """The rows of a section, whatever else is wrong with them."""
    return read_labelled(data, silent, Control(), ())[0]


def look(data: DataSection, *checks: str, **tools: Any) -> dict[str, Any]:
    """Findings by code, of some checks or of all."""
    names = checks or tuple(find("tlstudio.data.doctor"))
    off = [{"name": name, "enabled": False} for name in find("tlstudio.data.doctor") if name not in names]
    given = [choice.model_dump() for choice in data.checks]
    section = DataSection.model_validate({**data.model_dump(), "checks": [*off, *given]})
    reply = examine(read(data), section, Control(), silent, **tools)
    return {finding["code"]: finding for finding in reply["findings"]}


def mended(data: DataSection, fix: dict[str, Any]) -> DataSection:
    """The section with a fix of a finding, as the window would take it in."""
    section = data.model_dump(exclude_none=True)
    if fix["step"] is not None:
        section["steps"] = [*section["steps"], fix["step"]]
    for path, value in fix["changes"].items():
        *parents, last = path.split(".")
        place = section
        for part in parents:
            place = place.setdefault(part, {})
        place[last] = value
    return DataSection.model_validate(section)


def section(folder: Path, rows: Rows, **more: Any) -> DataSection:
    """Rows in a file; ``test=…`` and ``validation=…`` are rows of further files."""
    files = {name: write(folder / f"{name}.csv", more.pop(name)) for name in ("validation", "test") if name in more}
    return DataSection.model_validate({"path": write(folder / "rows.csv", rows), **files, **more})


def kinds(folder: Path) -> dict[str, DataSection]:
    """Healthy data of every kind that the doctor may meet."""
    rows = healthy(120)
    texts = [text for text, _ in rows]
    pairs = [(text, texts[index - 7], label) for index, (text, label) in enumerate(rows)]
    several = [(text, "red|green" if index % 2 else "blue") for index, (text, _) in enumerate(rows)]
    numbers = [(text, str(index / 7)) for index, text in enumerate(texts)]
    return {
        "text": section(folder, rows),
        "files": DataSection(path=write(folder / "a.csv", rows[:90]), test=write(folder / "b.csv", rows[90:])),
        "pairs": DataSection(
            path=write(folder / "pairs.csv", pairs, ("text", "text_b", "label")),
            roles={"text": "text", "text_b": "text_b", "label": "label"},
        ),
        "several": DataSection(
            path=write(folder / "several.csv", several, ("text", "labels")), roles={"text": "text", "labels": "labels"}
        ),
        "number": DataSection(
            path=write(folder / "number.csv", numbers, ("text", "score")), roles={"text": "text", "number": "score"}
        ),
        "tokens": DataSection(path=_lines(folder / "tokens.jsonl", [
            {"tokens": text.split(), "tags": ["O"] * len(text.split())} for text in texts
        ])),
        "questions": DataSection(path=_lines(folder / "questions.jsonl", [
            {"question": texts[-1 - index], "context": text, "answers": [text.split()[0]], "answer_starts": ["0"]}
            for index, text in enumerate(texts)
        ])),
        "translation": DataSection(
            path=write(folder / "translation.csv", [(text, text.upper()) for text in texts], ("source", "target")),
            roles={"source_text": "source", "target_text": "target"},
        ),
        "images": DataSection(path=str(pictures(folder / "pictures", 36))),
        "audio": DataSection(path=str(recordings(folder / "recordings", 36))),
        "boxes": DataSection(path=_boxed(folder / "boxes", 24)),
        "prompts": DataSection(path=_lines(folder / "prompts.jsonl", [
            {"prompt": text, "response": texts[index - 7]} for index, text in enumerate(texts)
        ])),
        "messages": DataSection(path=_lines(folder / "messages.jsonl", [
            {"messages": [{"role": "user", "content": text}, {"role": "assistant", "content": texts[index - 7]}]}
            for index, text in enumerate(texts)
        ])),
        "triplets": DataSection(path=_lines(folder / "triplets.jsonl", [
            {"anchor": text, "positive": texts[-1 - index], "negative": texts[index - 7]}
            for index, text in enumerate(texts)
        ])),
    }  # fmt: skip


def _lines(path: Path, rows: list[dict[str, Any]]) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def pictures(folder: Path, count: int, size: int = 48) -> Path:
    """A folder of different pictures, a folder a class."""
    for index in range(count):
        place = folder / f"class {'abc'[index % 3]}"
        place.mkdir(parents=True, exist_ok=True)
        picture(index, size).save(place / f"{index}.png")
    return folder


def recordings(folder: Path, count: int) -> Path:
    """A folder of different chords, a folder a class."""
    import numpy as np
    import soundfile

    times = np.arange(4000) / 16_000
    for index in range(count):
        draw = np.random.default_rng(index)
        place = folder / f"class {'abc'[index % 3]}"
        place.mkdir(parents=True, exist_ok=True)
        tones = [np.sin(2 * np.pi * frequency * times) for frequency in draw.uniform(100, 4000, 3)]
        soundfile.write(place / f"{index}.wav", 0.2 * sum(tones), 16_000)
    return folder


def _boxed(folder: Path, count: int) -> str:
    """Pictures with boxes, as a COCO document beside them."""
    (folder / "images").mkdir(parents=True)
    images, boxes = [], []
    for index in range(count):
        picture(500 + index).save(folder / "images" / f"{index}.png")
        images.append({"id": index, "file_name": f"{index}.png", "width": 48, "height": 48})
        boxes.append({"id": index, "image_id": index, "category_id": index % 2, "bbox": [index, 3, 12, 20]})
    names = [{"id": number, "name": name} for number, name in enumerate(("cat", "dog"))]
    document = {"images": images, "annotations": boxes, "categories": names}
    (folder / "boxes.json").write_text(json.dumps(document), encoding="utf-8")
    return str(folder / "boxes.json")


def picture(seed: int, size: int = 48) -> Any:
    """Coloured rectangles at random places."""
    from PIL import Image, ImageDraw

    draw = random.Random(seed)
    image = Image.new("RGB", (size, size), tuple(draw.randrange(256) for _ in range(3)))
    for _ in range(12):
        left, top = draw.randrange(size), draw.randrange(size)
        box = (left, top, left + draw.randrange(4, size // 2), top + draw.randrange(4, size // 2))
        ImageDraw.Draw(image).rectangle(box, tuple(draw.randrange(256) for _ in range(3)))
    return image


def features(texts: Sequence[str]) -> Any:
    """Stands for a backbone: the sum of a random vector for each word, or an image's coarse colours; unit length."""
    import numpy as np

    found = [
        _coarse(text) if text.endswith(".png") else sum(map(_vector, text.split()), np.zeros(48)) for text in texts
    ]
    rows = np.array(found, dtype=np.float32).reshape(len(texts), 48)
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)


@cache
def _vector(word: str) -> Any:
    """Near that of the other words of its class."""
    import numpy as np

    place = vocabulary().index(word) // 300 if word in vocabulary() else zlib.crc32(word.encode())
    own = np.random.default_rng(zlib.crc32(word.encode())).normal(size=48)
    return own + (np.random.default_rng(place).normal(size=48) if word not in SHARED else 0)


def _coarse(path: str) -> Any:
    import numpy as np
    from PIL import Image

    return np.asarray(Image.open(path).convert("RGB").resize((4, 4)), dtype=np.float32).ravel() / 255


def count_tokens(texts: list[str]) -> Any:
    import numpy as np

    return np.array([len(text.split()) for text in texts], dtype=np.int64)

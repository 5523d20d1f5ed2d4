"""Texts with the marks of a wrong encoding, of a web page, or of a terminal."""

from __future__ import annotations

from collections import defaultdict

from tlstudio.data.detect.encoding import CONTROL, ENTITY, REPLACEMENT, has_entities, mended
from tlstudio.data.doctor.base import TEXTS, CheckOptions, Examined, Finding, Fix, Sample, drop_learnt

_AROUND = 20  # characters shown around a flaw


class Options(CheckOptions):
    """Only the switch."""


class Encoding:
    """All texts of a row are looked at, not only the first."""

    NAME = "encoding"
    TITLE = "Broken characters"
    SUMMARY = "Texts that were read in a wrong encoding, lost characters, control characters and HTML entities."
    ROLES = TEXTS
    EMBEDS = False
    USES_MODEL = False
    COST = 8
    Config = Options

    def find(self, config: Options, examined: Examined) -> list[Finding]:
        found: dict[str, dict[int, str]] = defaultdict(dict)
        for place, column in enumerate(examined.text_columns):
            for first, texts in examined.portions(column, count=place == 0):
                for number, text in enumerate(texts, first):
                    for kind, detail in _flaws(text):
                        found[kind].setdefault(number, detail)
        return [_finding(kind, found[kind], examined) for kind in _KINDS if found[kind]]


PLUGIN = Encoding()


def _flaws(text: str) -> list[tuple[str, str]]:
    """Kinds of flaws in a text, each with the piece that shows it."""
    found = []
    if not text.isascii():
        whole = mended(text)
        if whole != text:
            found.append(("garbled", _difference(text, whole)))
        if REPLACEMENT in text:
            found.append(("lost-characters", _piece(text, text.index(REPLACEMENT))))
    if control := CONTROL.search(text):
        found.append(("control-characters", f"U+{ord(control[0]):04X}"))
    if has_entities(text):
        entity = ENTITY.search(text)
        found.append(("html-entities", entity[0] if entity else ""))
    return found


def _difference(text: str, whole: str) -> str:
    """The first place where they differ, before and after."""
    start = next((at for at, (a, b) in enumerate(zip(text, whole, strict=False)) if a != b), 0)
    start = max(start - 5, 0)
    return f"{text[start : start + _AROUND]} → {whole[start : start + _AROUND]}"


def _piece(text: str, at: int) -> str:
    return text[max(at - _AROUND, 0) : at + _AROUND]


def _garbled(count: int, rows: int, samples: tuple[Sample, ...], _out: tuple[Fix, ...]) -> Finding:
    return Finding(
        "encoding", "garbled", "warning", count, "{count} of {rows} texts were read in a wrong encoding somewhere.",
        "Their words look like nonsense to the model, and in practice the texts will be right.",
        {"count": count, "rows": rows}, samples, (Fix("Repair them", {"name": "repair-encoding"}),),
    )  # fmt: skip


def _lost(count: int, rows: int, samples: tuple[Sample, ...], out: tuple[Fix, ...]) -> Finding:
    return Finding(
        "encoding", "lost-characters", "warning", count,
        "{count} of {rows} texts have characters that were lost in reading (�).",
        "What stood there cannot be brought back: read the file again in its right encoding if you can; else leave "
        "such rows out of training.",
        {"count": count, "rows": rows}, samples, out,
    )  # fmt: skip


def _control(count: int, rows: int, samples: tuple[Sample, ...], _out: tuple[Fix, ...]) -> Finding:
    return Finding(
        "encoding", "control-characters", "notice", count, "{count} of {rows} texts have invisible control characters.",
        "Most tokenizers drop them; some see unknown words.",
        {"count": count, "rows": rows}, samples, (Fix("Drop them", {"name": "repair-encoding"}),),
    )  # fmt: skip


def _entities(count: int, rows: int, samples: tuple[Sample, ...], _out: tuple[Fix, ...]) -> Finding:
    return Finding(
        "encoding", "html-entities", "notice", count,
        "{count} of {rows} texts have HTML entities such as &amp; in the place of characters.",
        "The model reads them as words; in practice the characters may stand there.",
        {"count": count, "rows": rows}, samples, (Fix("Write the characters", {"name": "normalise-text"}),),
    )  # fmt: skip


_KINDS = {"garbled": _garbled, "lost-characters": _lost, "control-characters": _control, "html-entities": _entities}


def _finding(kind: str, details: dict[int, str], examined: Examined) -> Finding:
    import numpy as np

    numbers = sorted(details)
    samples = examined.samples(numbers, [details[number] for number in numbers])
    out = drop_learnt(examined, np.array(numbers, dtype=np.int64))
    return _KINDS[kind](len(numbers), len(examined.drawn), samples, out)

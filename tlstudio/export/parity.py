"""Proof that an exported file answers like what it was made of: it is loaded in its own runtime in a fresh process.

A fresh process shows what a user of the file will see: no weights in memory, no patched library, only the folder.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from tlstudio.core import plugins
from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError, fill
from tlstudio.core.files import read_json, write_json
from tlstudio.core.processes import Ended, run_module
from tlstudio.export.base import Exporter, Tolerance
from tlstudio.models.batches import Example
from tlstudio.models.batches import read_examples as _read_examples
from tlstudio.models.batches import write_examples as _write_examples
from tlstudio.models.heads import Head, read_settings, spread
from tlstudio.models.scorers import Scorer

ROWS = 200
_INPUT, _OUTPUT, _ERROR, _TIMES = "rows.npz", "answers.npz", "error.json", "latency.json"
_SIZES = (1, 16)  # rows a batch that is timed
_REPETITIONS, _SECONDS = 12, 2.0  # of each size; whichever ends first
Parity = dict[str, Any]
# name and value of the task's metric for answers to the test rows at some places; None where it has none for them
Measure = Callable[[Sequence[np.ndarray], Sequence[int]], tuple[str, float] | None]


def check(
    exporter: Exporter,
    folder: Path,
    examples: Sequence[Example],
    reference: Sequence[np.ndarray],
    control: Control,
    *,
    rows: int = ROWS,
    measure: Measure | None = None,
) -> Parity:
    """Scores test rows with the exported files and compares with the network that was exported.

    Args:
        exporter: who wrote the files, and how far they may differ.
        folder: what was written.
        examples: model inputs of the test rows.
        reference: answers to the same rows of the network that was exported: the trained one, or the last that
            compression has made of it.
        control: a cancel kills the process.
        rows: how many rows, spread evenly; all if there are fewer.
        measure: the task's metric, where labels are at hand.

    Returns:
        ``rows``, ``max_logit_difference``, ``agreement``, ``tolerance``, ``kind`` (of tolerance), ``status``
        (passed, warned or failed), ``message`` (template) and ``params``; ``latency`` as
        ``{"1": {"median_ms"}, …}`` in the fresh process; and where there is a measure, ``metric`` with ``name``,
        ``value``, ``reference`` (of that network on the same rows) and ``difference``.

    Raises:
        Cancelled: the user has cancelled.
    """
    tolerance = tolerance_of(exporter, folder)
    if not len(examples):
        return _no_rows(tolerance)
    places = np.unique(np.linspace(0, len(examples) - 1, min(rows, len(examples))).round().astype(int))
    with tempfile.TemporaryDirectory(prefix="tlstudio-parity-") as name:
        exchange = Path(name)
        _write_examples(exchange / _INPUT, [examples[int(place)] for place in places])
        arguments = [exporter.NAME, str(Path(folder).absolute()), str(exchange)]
        ended = run_module("tlstudio.export.parity", arguments, control)
        if ended.code or not (exchange / _OUTPUT).is_file():
            return _not_loaded(tolerance, len(places), _reason(exchange, ended))
        answers, times = _read_arrays(exchange / _OUTPUT), read_json(exchange / _TIMES)
    right = [reference[place] for place in places]
    verdict = compare(answers, right, tolerance, Head.of(read_settings(folder)))
    if verdict["max_logit_difference"] is None:  # its answers are none
        return verdict
    return {**verdict, "latency": times, **_measured(measure, answers, right, [int(place) for place in places])}


def tolerance_of(exporter: Exporter, folder: Path) -> Tolerance:
    """What is allowed of these files: some exporters write graphs of either kind."""
    own = getattr(exporter, "tolerance", None)
    found: Tolerance = own(folder) if own and folder.is_dir() else exporter.TOLERANCE
    return found


def _measured(
    measure: Measure | None, answers: Sequence[np.ndarray], reference: Sequence[np.ndarray], places: Sequence[int]
) -> dict[str, Any]:
    """What the differences mean for the task's metric."""
    found, before = (measure(item, places) if measure else None for item in (answers, reference))
    if found is None or before is None:
        return {}
    name, value = found
    return {"metric": {"name": name, "value": value, "reference": before[1], "difference": value - before[1]}}


def timed(scorer: Scorer, rows: Sequence[Example]) -> dict[str, dict[str, float]]:
    """Median milliseconds of batches of rows, by size; the first try of a size, which allocates, does not count."""
    found = {}
    for size in _SIZES:
        batch = [rows[at % len(rows)] for at in range(size)]
        times: list[float] = []
        while len(times) <= _REPETITIONS and sum(times) < _SECONDS:
            begin = time.perf_counter()
            scorer.outputs(batch)
            times.append(time.perf_counter() - begin)
        found[str(size)] = {"median_ms": float(np.median(times[1:] or times) * 1000)}
    return found


def _read_arrays(path: Path) -> list[np.ndarray]:
    with np.load(path, allow_pickle=False) as stored:
        return [stored[str(index)] for index in range(len(stored.files))]


def compare(
    answers: Sequence[np.ndarray], reference: Sequence[np.ndarray], tolerance: Tolerance, head: Head | None = None
) -> Parity:
    """The verdict on answers (an array a row) beside those of the reference."""
    head = head or Head()
    if not _comparable(answers, reference, head):
        return _not_loaded(tolerance, len(reference), "it does not give a finite score for each class")
    agreement = head.agreement(answers, reference)
    difference = 1 - agreement if head.kind == "text" else _difference(answers, reference)
    facts = {"rows": len(reference), "max_logit_difference": difference, "agreement": agreement}
    if tolerance.kind == "logits":
        tolerance = replace(tolerance, limit=tolerance.limit * _unit(reference, head))
        return _verdict(facts, tolerance, difference <= tolerance.limit, "failed", _LOGITS)
    otherwise = "failed" if _far(agreement, len(reference), head) else "warned"
    return _verdict(facts, tolerance, agreement >= tolerance.limit, otherwise, _AGREEMENT)


# Below this share an export is another model, whatever it gains: it is not offered. Sets of labels and generated texts
# must agree as a whole, which they do less often.
_LEAST, _LEAST_OF = 0.9, {"signs": 0.8, "text": 0.5}


def _far(agreement: float, rows: int, head: Head) -> bool:
    """Whether the share of same answers is below the least, and not by the chance of few rows (two standard errors)."""
    error = math.sqrt(agreement * (1 - agreement) / rows) if rows else 0.0
    return agreement + 2 * error < _LEAST_OF.get(head.kind, _LEAST)


def _comparable(answers: Sequence[np.ndarray], reference: Sequence[np.ndarray], head: Head) -> bool:
    if len(answers) != len(reference):
        return False
    if head.kind == "text":  # generated texts may differ in length
        return True
    same = all(a.shape == b.shape for a, b in zip(answers, reference, strict=True))
    return same and all(bool(np.isfinite(answer).all()) for answer in answers)


def _difference(answers: Sequence[np.ndarray], reference: Sequence[np.ndarray]) -> float:
    pairs = zip(answers, reference, strict=True)
    return max(float(np.abs(a.astype(np.float64) - b).max(initial=0.0)) for a, b in pairs)


def _unit(reference: Sequence[np.ndarray], head: Head) -> float:
    """What a difference is compared with: scores are about 1; numbers of users, such as prices, may be of any size."""
    return spread(reference) if head.kind == "values" else 1.0


_LOGITS = (
    "The exported model answers like the one it was made of: over {rows} rows no score differs by more than "
    "{difference}.",
    "The exported model differs from the one it was made of: over {rows} rows a score differs by {difference}, "
    "and {tolerance} is allowed.",
)
_AGREEMENT = (
    "The exported model gives the answer of the one it was made of for {agreement} of {rows} rows.",
    "The exported model gives the answer of the one it was made of for only {agreement} of {rows} rows; {tolerance} is "
    "expected.",
)
_BROKEN = "The exported model could not be used in a fresh process: {reason}"
_UNPROVEN = "The exported model was not compared with the one it was made of: there are no test rows."


def _verdict(
    facts: dict[str, Any], tolerance: Tolerance, good: bool, otherwise: str, messages: tuple[str, str]
) -> Parity:
    shown = f"{tolerance.limit:g}" if tolerance.kind == "logits" else f"{tolerance.limit:.0%}"
    return {
        **facts,
        "tolerance": tolerance.limit,
        "kind": tolerance.kind,
        "status": "passed" if good else otherwise,
        "message": messages[0] if good else messages[1],
        "params": {
            "rows": facts["rows"],
            "difference": f"{facts['max_logit_difference']:.2g}",
            "agreement": f"{facts['agreement']:.1%}",
            "tolerance": shown,
        },
    }


def _no_rows(tolerance: Tolerance) -> Parity:
    return {**_not_loaded(tolerance, 0, ""), "status": "warned", "message": _UNPROVEN, "params": {}}


def not_written(tolerance: Tolerance, problem: StudioError) -> Parity:
    """The verdict on files that there are none of."""
    return {**_not_loaded(tolerance, 0, ""), "message": "It could not be written: {reason}",
            "params": {"reason": problem.message}}  # fmt: skip


def _not_loaded(tolerance: Tolerance, rows: int, reason: str) -> Parity:
    return {
        "rows": rows,
        "max_logit_difference": None,
        "agreement": None,
        "tolerance": tolerance.limit,
        "kind": tolerance.kind,
        "status": "failed",
        "message": _BROKEN,
        "params": {"reason": reason},
    }


def message(parity: Parity) -> str:
    """The verdict as an English sentence."""
    return fill(parity["message"], parity["params"])


def _reason(exchange: Path, ended: Ended) -> str:
    note = exchange / _ERROR
    return str(json.loads(note.read_text(encoding="utf-8"))) if note.is_file() else ended.reason


def main(arguments: Sequence[str] | None = None) -> int:
    """The fresh process: loads ``folder`` with the exporter's runtime and writes its answers to the given rows."""
    parser = argparse.ArgumentParser(prog="tlstudio.export.parity")
    parser.add_argument("exporter")
    parser.add_argument("folder", type=Path)
    parser.add_argument("exchange", type=Path)
    given = parser.parse_args(arguments)
    from tlstudio.models.scorers import score

    rows = _read_examples(given.exchange / _INPUT)
    try:
        exporter: Exporter = plugins.get("tlstudio.export", given.exporter, "export")
        scorer = exporter.scorer(given.folder)
        answers = score(scorer, rows)
        write_json(given.exchange / _TIMES, timed(scorer, rows))
    except Exception as error:  # whatever a runtime raises on a broken file is the verdict, told to the parent
        text = error.message if isinstance(error, StudioError) else f"{type(error).__name__}: {error}"
        (given.exchange / _ERROR).write_text(json.dumps(text.splitlines()[0][:300]), encoding="utf-8")
        return 1
    np.savez(given.exchange / _OUTPUT, **{str(index): answer for index, answer in enumerate(answers)})  # type: ignore[arg-type]
    return 0


if __name__ == "__main__":
    sys.exit(main())

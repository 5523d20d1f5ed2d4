"""Proof that an exported file answers like the trained model: it is loaded in its own runtime in a fresh process.

A fresh process shows what a user of the file will see: no weights in memory, no patched library, only the folder.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tlstudio.core import plugins
from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError, fill
from tlstudio.core.processes import Ended, run_module
from tlstudio.export.base import Exporter, Tolerance

ROWS = 200
_INPUT, _OUTPUT, _ERROR = "rows.json", "logits.npy", "error.json"
Parity = dict[str, Any]


def check(
    exporter: Exporter,
    folder: Path,
    encoded: Sequence[Sequence[int]],
    reference_logits: np.ndarray,
    control: Control,
    *,
    rows: int = ROWS,
) -> Parity:
    """Scores test rows with the exported files and compares with the trained model.

    Args:
        exporter: who wrote the files, and how far they may differ.
        folder: what was written.
        encoded: token ids of the test rows.
        reference_logits: [N, C], the trained model's answer to the same rows.
        control: a cancel kills the process.
        rows: how many rows, spread evenly; all if there are fewer.

    Returns:
        ``rows``, ``max_logit_difference``, ``agreement``, ``tolerance``, ``kind`` (of tolerance), ``status``
        (passed, warned or failed), ``message`` (template) and ``params``.

    Raises:
        Cancelled: the user has cancelled.
    """
    if not len(encoded):
        return _no_rows(exporter.TOLERANCE)
    places = np.unique(np.linspace(0, len(encoded) - 1, min(rows, len(encoded))).round().astype(int))
    chosen = [[int(token) for token in encoded[place]] for place in places]
    with tempfile.TemporaryDirectory(prefix="tlstudio-parity-") as name:
        exchange = Path(name)
        (exchange / _INPUT).write_text(json.dumps(chosen), encoding="ascii")
        arguments = [exporter.NAME, str(Path(folder).absolute()), str(exchange)]
        ended = run_module("tlstudio.export.parity", arguments, control)
        if ended.code or not (exchange / _OUTPUT).is_file():
            return _not_loaded(exporter.TOLERANCE, len(places), _reason(exchange, ended))
        logits = np.load(exchange / _OUTPUT, allow_pickle=False)
    return compare(logits, np.asarray(reference_logits)[places], exporter.TOLERANCE)


def compare(logits: np.ndarray, reference: np.ndarray, tolerance: Tolerance) -> Parity:
    """The verdict on logits [N, C] beside the reference [N, C]."""
    if logits.shape != reference.shape or not np.isfinite(logits).all():
        return _not_loaded(tolerance, len(reference), "it does not give a finite score for each class")
    difference = float(np.abs(logits.astype(np.float64) - reference).max())
    agreement = float((logits.argmax(axis=1) == reference.argmax(axis=1)).mean())
    facts = {"rows": len(reference), "max_logit_difference": difference, "agreement": agreement}
    if tolerance.kind == "logits":
        return _verdict(facts, tolerance, difference <= tolerance.limit, "failed", _LOGITS)
    return _verdict(facts, tolerance, agreement >= tolerance.limit, "warned", _AGREEMENT)


_LOGITS = (
    "The exported model answers like the trained one: over {rows} texts no score differs by more than {difference}.",
    "The exported model differs from the trained one: over {rows} texts a score differs by {difference}, "
    "and {tolerance} is allowed.",
)
_AGREEMENT = (
    "The exported model gives the trained model's label for {agreement} of {rows} texts.",
    "The exported model gives the trained model's label for only {agreement} of {rows} texts; {tolerance} is expected.",
)
_BROKEN = "The exported model could not be used in a fresh process: {reason}"
_UNPROVEN = "The exported model was not compared with the trained one: there are no test rows."


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
    """The fresh process: loads ``folder`` with the exporter's runtime and writes the logits of the given rows."""
    parser = argparse.ArgumentParser(prog="tlstudio.export.parity")
    parser.add_argument("exporter")
    parser.add_argument("folder", type=Path)
    parser.add_argument("exchange", type=Path)
    given = parser.parse_args(arguments)
    from tlstudio.models.scorers import score

    rows = json.loads((given.exchange / _INPUT).read_text(encoding="ascii"))
    try:
        exporter: Exporter = plugins.get("tlstudio.export", given.exporter, "export")
        logits = score(exporter.scorer(given.folder), rows)
    except Exception as error:  # whatever a runtime raises on a broken file is the verdict, told to the parent
        text = error.message if isinstance(error, StudioError) else f"{type(error).__name__}: {error}"
        (given.exchange / _ERROR).write_text(json.dumps(text.splitlines()[0][:300]), encoding="utf-8")
        return 1
    np.save(given.exchange / _OUTPUT, logits)
    return 0


if __name__ == "__main__":
    sys.exit(main())

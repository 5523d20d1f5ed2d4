"""Rows without a text or without a label."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tlstudio.data.detect.blank import no_numbers
from tlstudio.data.doctor.base import ANY, CheckOptions, Examined, Finding, Fix

if TYPE_CHECKING:
    import numpy as np

_FIX = Fix("Leave these rows out", {"name": "drop-empty"})


class Options(CheckOptions):
    """Only the switch."""


class Empty:
    """All rows are looked at; a second text, a question or a context counts as well as the text."""

    NAME = "empty"
    TITLE = "Empty rows"
    SUMMARY = "Rows without a text or a label, also those of spaces and invisible characters only."
    ROLES = ANY
    EMBEDS = False
    USES_MODEL = False
    COST = 1
    Config = Options

    def find(self, config: Options, examined: Examined) -> list[Finding]:
        findings = []
        blank, unlabelled = _places(examined)
        if blank:
            findings.append(Finding(
                "empty", "empty-texts", "error", len(blank), "{count} rows have no text, or lack a part of it.",
                "There is nothing to learn from them; a run does not start with such rows.",
                {"count": len(blank)}, examined.rows_at(blank), (_FIX,),
            ))  # fmt: skip
        if unlabelled:
            findings.append(Finding(
                "empty", "no-label", "error", len(unlabelled), "{count} rows have no label.",
                "They cannot be learnt from or tested; a run does not start with such rows.",
                {"count": len(unlabelled)}, examined.rows_at(unlabelled), (_FIX,),
            ))  # fmt: skip
        return findings


PLUGIN = Empty()


def _unlabelled(examined: Examined, split: str) -> np.ndarray:
    """bool [n]: rows of a split without the label or number that is learnt; of several labels none may be right."""
    import numpy as np

    rows, roles = examined.labelled.splits[split], examined.labelled.roles
    if "number" in roles.columns:
        return no_numbers(rows.table, roles.one("number"), examined.control)[rows.indices]
    if rows.codes is None or "labels" in roles.columns:
        return np.zeros(len(rows), dtype=bool)
    return np.asarray(rows.codes < 0)


def _places(examined: Examined) -> tuple[list[tuple[str, int]], list[tuple[str, int]]]:
    """Split and position of the rows without content, and of others without a label."""
    blank, unlabelled = [], []
    for split in examined.labelled.splits:
        empty = examined.blank(split)
        blank += [(split, position) for position in empty.nonzero()[0].tolist()]
        without = _unlabelled(examined, split)
        unlabelled += [(split, position) for position in (~empty & without).nonzero()[0].tolist()]
    return blank, unlabelled

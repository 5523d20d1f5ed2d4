"""What compression changed beyond a mean: rows whose answer flipped, classes, calibration, the worst part of the rows.

A mean that stays hides what goes on below it (Hooker et al., 2019, "What do compressed deep neural networks forget?":
few classes and rare rows carry most of the cost). All differences are paired: the same rows under both models.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tlstudio.core import numbers
from tlstudio.evaluation.paired import difference
from tlstudio.metrics.errors import shorten

FEWEST = 10  # rows of a slice, below which its difference says nothing
_LISTED = 20  # flips of a kind that are listed; all are counted
_TOUCHED = 12  # classes that are listed
_CHARACTERS = 200  # of a text that is listed
_EVEN = 1e-6  # scores this close are the same


@dataclass(frozen=True)
class Answers:
    """How one form of a model has answered N rows; see ``Tested.columns`` of :mod:`tlstudio.tasks.base`.

    Attributes:
        predicted: the answers as texts, [N].
        score: how good each answer is, 1 for right, [N].
        ece: the calibration error with its interval; None where the task has none.
    """

    predicted: Sequence[str]
    score: NDArray[np.float64]
    ece: Mapping[str, float | None] | None = None

    @property
    def right(self) -> NDArray[np.bool_]:
        return self.score >= 1 - _EVEN


@dataclass(frozen=True)
class Rows:
    """The N rows that both forms have answered.

    Attributes:
        truth: the right answers as texts, [N].
        numbers: the 1-based number of each row in its file, [N].
        texts: what each row is, [N]; may be empty.
        classes: class names; empty where an answer is no single class.
        slices: names of parts by what divides the rows, such as language: a name for each row, empty for none.
    """

    truth: Sequence[str]
    numbers: Sequence[int]
    texts: Sequence[str] = ()
    classes: Sequence[str] = ()
    slices: Mapping[str, Sequence[str]] = field(default_factory=dict)


def damage(
    tests: Rows, before: Answers, after: Answers, *, bootstrap: int = 1000, seed: int = 7,
    check: Callable[[], None] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """What has changed from one form of a model to another on the same rows.

    Returns:
        ``rows``; ``exact``, whether an answer is either right or wrong; ``difference`` of the mean score with its 95 %
        interval; ``better`` and ``worse``, rows whose score rose and fell; ``flips`` ``{"right_to_wrong",
        "wrong_to_right", "wrong_to_other"}``, each ``{"count", "rows": [{"place", "row", "text", "label", "before",
        "after"}]}`` with the first of them, None where answers are not exact; ``lost`` the same list of the rows that
        lost most of their score, where answers are not exact; ``classes`` ``[{"label", "rows", "before", "after",
        "change"}]`` the accuracy of the classes that changed, the worst first; ``calibration`` ``{"before", "after"}``
        or None; ``worst_slice`` ``{"by", "name", "rows", "before", "after", "difference"}``, the part with the largest
        loss, None where none has lost; ``slices``, how many parts were looked at: the interval of the worst of many is
        no proof.
    """
    gain = after.score - before.score
    exact = bool(np.isin(np.round(np.concatenate([before.score, after.score]), 6), (0.0, 1.0)).all())
    options: dict[str, Any] = {"bootstrap": bootstrap, "seed": seed, "check": check}
    worst, looked = worst_slice(tests, before.score, after.score, **options)
    return {
        "rows": len(gain),
        "exact": exact,
        "difference": difference(before.score, after.score, **options),
        "better": int((gain > _EVEN).sum()),
        "worse": int((gain < -_EVEN).sum()),
        "flips": flips(tests, before, after) if exact else None,
        "lost": [] if exact else _lost(tests, before, after, gain),
        "classes": classes(tests, before, after) if exact else [],
        "calibration": {"before": dict(before.ece), "after": dict(after.ece)} if before.ece and after.ece else None,
        "worst_slice": worst,
        "slices": looked,
    }  # fmt: skip


def flips(tests: Rows, before: Answers, after: Answers) -> dict[str, Any]:
    """The rows whose right or wrong answer became another one."""
    changed = np.array([one != two for one, two in zip(before.predicted, after.predicted, strict=True)], bool)
    kinds = {
        "right_to_wrong": before.right & ~after.right,
        "wrong_to_right": ~before.right & after.right,
        "wrong_to_other": ~before.right & ~after.right & changed,
    }
    return {
        kind: {"count": int(marks.sum()), "rows": [_row(tests, before, after, int(place))
                                                   for place in np.flatnonzero(marks)[:_LISTED]]}
        for kind, marks in kinds.items()
    }  # fmt: skip


def _lost(tests: Rows, before: Answers, after: Answers, gain: NDArray[np.float64]) -> list[dict[str, Any]]:
    order = [int(place) for place in np.argsort(gain, kind="stable")[:_LISTED] if gain[place] < -_EVEN]
    return [_row(tests, before, after, place) | {"change": float(gain[place])} for place in order]


def _row(tests: Rows, before: Answers, after: Answers, place: int) -> dict[str, Any]:
    return {
        "place": place,
        "row": int(tests.numbers[place]),
        "text": shorten(str(tests.texts[place]), _CHARACTERS) if len(tests.texts) else "",
        "label": shorten(str(tests.truth[place]), _CHARACTERS),
        "before": shorten(str(before.predicted[place]), _CHARACTERS),
        "after": shorten(str(after.predicted[place]), _CHARACTERS),
    }


def classes(tests: Rows, before: Answers, after: Answers) -> list[dict[str, Any]]:
    """The accuracy of each class of the truth, before and after, where it changed; the largest loss first."""
    truth = np.asarray(tests.truth, dtype=object)
    found: list[dict[str, Any]] = []
    for label in tests.classes:
        own = truth == label
        if not own.any():
            continue
        one, two = float(before.right[own].mean()), float(after.right[own].mean())
        if one != two:
            found.append({"label": label, "rows": int(own.sum()), "before": one, "after": two, "change": two - one})
    return sorted(found, key=lambda entry: (entry["change"] > 0, -abs(entry["change"])))[:_TOUCHED]


def worst_slice(
    tests: Rows, before: NDArray[np.float64], after: NDArray[np.float64], **options: Any
) -> tuple[dict[str, Any] | None, int]:
    """The part of the rows with the largest loss of mean score, and how many parts were looked at.

    Args:
        tests: the rows and their parts.
        before: scores [N].
        after: scores [N].
        options: of :func:`tlstudio.evaluation.paired.difference`.
    """
    worst: tuple[float, str, str, NDArray[np.bool_]] | None = None
    looked = 0
    for by, names in tests.slices.items():
        given = np.asarray(names, dtype=object)
        for name in sorted(set(given.tolist()) - {""}):
            own = given == name
            if own.sum() < FEWEST:
                continue
            looked += 1
            change = float((after[own] - before[own]).mean())
            if change < -_EVEN and (worst is None or change < worst[0]):
                worst = (change, by, name, own)
    if worst is None:
        return None, looked
    _change, by, name, own = worst
    return {
        "by": by,
        "name": name,
        "rows": int(own.sum()),
        "before": float(before[own].mean()),
        "after": float(after[own].mean()),
        "difference": difference(before[own], after[own], **options),
    }, looked


def told(found: Mapping[str, Any]) -> str:
    """What :func:`damage` has found, in English."""
    rows = f"of {numbers.count(found['rows'])} rows"
    if found["flips"]:
        count = {kind: entry["count"] for kind, entry in found["flips"].items()}
        said = [f"{count['right_to_wrong']} {rows} became wrong, {count['wrong_to_right']} right, "
                f"{count['wrong_to_other']} wrong in another way"]  # fmt: skip
    else:
        said = [f"{found['worse']} {rows} became worse, {found['better']} better"]
    gap = found["difference"]
    said.append(f"mean score {_points(gap)} points (95 % interval {_points(gap, 'low')} to {_points(gap, 'high')})")
    if found["calibration"]:
        before, after = (found["calibration"][side]["value"] for side in ("before", "after"))
        said.append(f"calibration error {numbers.percent(before)}, now {numbers.percent(after)}")
    if worst := found["worst_slice"]:
        gap = worst["difference"]
        said.append(f"worst of {found['slices']} parts: {worst['by']} {worst['name']}, {_points(gap)} points "
                    f"({_points(gap, 'low')} to {_points(gap, 'high')}) on {worst['rows']} rows")  # fmt: skip
    return "; ".join(said) + "."


def _points(gap: Mapping[str, float | None], side: str = "value") -> str:
    return f"{100 * (gap[side] or 0.0):+.1f}"

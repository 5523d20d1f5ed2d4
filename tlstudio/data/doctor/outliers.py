"""Rows that are far from every class: they may belong to other data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from tlstudio.data.doctor.base import CheckOptions, Examined, Finding, Skip, drop_learnt
from tlstudio.data.doctor.features import featured
from tlstudio.data.splits import mixed

if TYPE_CHECKING:
    import numpy as np

_FEWEST = 50  # rows that the usual distance can be told from
_FOLDS = 5
_SHRINK = 0.05  # of the covariance towards a sphere, at least; more where rows are few for the dimensions


class Options(CheckOptions):
    """How far is too far."""

    distance: float = Field(
        3.5,
        ge=2,
        le=100,
        title="Least distance",
        description="Robust standard deviations by which the distance to the nearest class is above the usual one.",
    )


class Outliers:
    """Mahalanobis distance to the nearest class mean with one covariance for all classes (Lee et al., 2018, A simple
    unified framework for detecting out-of-distribution samples), by means and covariance of other rows; then as a
    robust z-score (median and MAD, Iglewicz and Hoaglin, 1993)."""

    NAME = "outliers"
    TITLE = "Outliers"
    SUMMARY = "Rows that are unlike those of every class."
    ROLES = (frozenset({"text", "label"}), frozenset({"image", "label"}))
    EMBEDS = True
    USES_MODEL = True
    COST = 20
    Config = Options

    def find(self, config: Options, examined: Examined) -> list[Finding]:
        import numpy as np

        rows = featured(examined)
        codes = np.asarray(examined.drawn.codes)[rows.numbers]
        if len(codes) < _FEWEST:
            raise Skip("there are too few rows")
        far = robust(class_distances(rows.features, codes, examined.drawn.ids[rows.numbers], examined))
        hit = np.flatnonzero(far >= config.distance)
        if not len(hit):
            return []
        hit = hit[np.argsort(-far[hit], kind="stable")]
        numbers = rows.numbers[hit]
        fixes = drop_learnt(examined, numbers, "Leave these rows out")
        return [Finding(
            "outliers", "outliers", "notice", len(hit),
            "{count} of {rows} rows are unlike those of every class.",
            "They may come from other data, or be broken: what is learnt from them helps with nothing else.",
            {"count": len(hit), "rows": len(codes)},
            examined.samples(numbers.tolist(), [f"z {value:.1f}" for value in far[hit[:100]]]), fixes,
        )]  # fmt: skip


PLUGIN = Outliers()


def class_distances(features: np.ndarray, codes: np.ndarray, ids: np.ndarray, examined: Examined) -> np.ndarray:
    """float64 [n]: distance of each row (float32 [n, D]) to the nearest mean of a class of other rows."""
    import numpy as np

    fold = (mixed(ids, 31) % np.uint64(_FOLDS)).astype(np.int64)
    found = np.zeros(len(codes))
    for number in range(_FOLDS):
        examined.control.check()
        known, asked = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        classes = np.unique(codes[known])
        means = np.stack([features[known][codes[known] == label].mean(0) for label in classes])
        white = _whitener(features[known] - means[np.searchsorted(classes, codes[known])])
        examined.control.check()
        rows, centres = features[asked] @ white, means @ white
        apart = (rows**2).sum(1)[:, None] - 2 * rows @ centres.T + (centres**2).sum(1)
        found[asked] = np.sqrt(np.maximum(apart.min(1), 0))
        examined.tick(len(asked))
    return found


def robust(values: np.ndarray) -> np.ndarray:
    """Robust z-scores [n]: distance from the median in units of the scaled median absolute deviation."""
    import numpy as np

    middle = np.median(values)
    spread = 1.4826 * np.median(np.abs(values - middle))
    return np.asarray((values - middle) / max(float(spread), 1e-9))


def _whitener(rest: np.ndarray) -> np.ndarray:
    """[D, D]: makes what is left of the rows after their class means (float32 [n, D]) round."""
    import numpy as np

    covariance = rest.T.astype(np.float64) @ rest / max(len(rest), 1)
    width = len(covariance)
    shrink = max(_SHRINK, width / (width + len(rest)) / 2)
    covariance = (1 - shrink) * covariance + shrink * np.eye(width) * (np.trace(covariance) / width + 1e-12)
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray(vectors / np.sqrt(values), dtype=np.float32)

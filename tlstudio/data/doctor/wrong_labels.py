"""Rows whose label is probably wrong: confident learning on cross-validated probabilities."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import Field

from tlstudio.data.detect.probabilities import bag_of_words, cross_validated
from tlstudio.data.doctor.base import ONLY_DEEP, CheckOptions, Examined, Finding, Fix, Skip, learnt_ids, severe
from tlstudio.data.doctor.features import Featured, featured
from tlstudio.data.frames import id_text
from tlstudio.data.splits import mixed

if TYPE_CHECKING:
    import numpy as np

_ROWS = 50_000  # looked at
_FEWEST = 10  # rows of a class of which one can be called wrong
_CLASSES = 300
_LEAST_GAIN = 0.5  # of the classifier over guessing: below, its doubts say more about itself than about the labels
_SHARE = 0.01
# Where labels are wrong, a classifier is sure of many of the labels that it would change (39 to 50 % on R8 and tweets
# with planted ones); where rows are hard, of few (3 to 21 % on R8, tweets and emoji names as they are).
_SURE_SHARE = 0.25


class Options(CheckOptions):
    """How sure a doubt must be."""

    certainty: float = Field(
        0.8,
        ge=0,
        lt=1,
        title="Least certainty",
        description="By how much another label must be more probable than the given one (normalised margin).",
    )


class WrongLabels:
    """Confident learning: Northcutt, Jiang and Chuang (2021), J. Artif. Intell. Res. 70; own code.

    A row counts as a candidate when another class is probable above that class's threshold, the mean probability that
    rows of it give to it; candidates are ranked by the normalised margin. The features come from the backbone where a
    deep look is asked for, and are words and word pairs otherwise.
    """

    NAME = "wrong-labels"
    TITLE = "Probable wrong labels"
    SUMMARY = "Rows that a classifier which has not seen them would surely label otherwise."
    ROLES = (frozenset({"text", "label"}), frozenset({"image", "label"}))
    EMBEDS = False
    USES_MODEL = True
    COST = 300
    Config = Options

    def find(self, config: Options, examined: Examined) -> list[Finding]:
        import numpy as np

        rows = _rows(examined)
        given = np.asarray(examined.drawn.codes)[rows.numbers]
        sizes = np.bincount(given, minlength=len(examined.labelled.labels))
        probable = cross_validated(rows.features, given, examined.drawn.ids[rows.numbers], len(sizes),
                                   examined.control.check, lambda done: examined.tick(done // 2))  # fmt: skip
        if _gain(probable, given, sizes) < _LEAST_GAIN:
            raise Skip("the labels follow too little from the texts or images to doubt single ones")
        doubts = confident_errors(probable, given)
        doubts = doubts[margins(probable, given)[doubts] <= -config.certainty]
        differing = int((probable.argmax(1) != given).sum())
        sure = len(doubts) >= _SURE_SHARE * differing
        doubts = doubts[sizes[given[doubts]] >= _FEWEST]
        if not len(doubts):
            return []
        return [_finding(examined, rows, doubts, probable, given, sure)]


PLUGIN = WrongLabels()


def confident_errors(probable: np.ndarray, given: np.ndarray) -> np.ndarray:
    """int64 [k]: rows off the diagonal of the confident joint, the least normalised margin first.

    Args:
        probable: float [n, C], out of sample.
        given: int [n].
    """
    import numpy as np

    classes = probable.shape[1]
    own = probable[np.arange(len(given)), given]
    sizes = np.bincount(given, minlength=classes)
    thresholds = np.where(sizes > 0, np.bincount(given, own, classes) / np.maximum(sizes, 1), np.inf)
    confident = probable >= thresholds
    suggested = np.where(confident, probable, -1).argmax(1)
    off = np.flatnonzero(confident.any(1) & (suggested != given))
    return off[np.argsort(margins(probable, given)[off], kind="stable")]


def margins(probable: np.ndarray, given: np.ndarray) -> np.ndarray:
    """Normalised margin [n]: probability of the given label less that of the best other one, -1 to 1."""
    import numpy as np

    rows = np.arange(len(given))
    others = probable.copy()
    others[rows, given] = -1
    return np.asarray(probable[rows, given] - others.max(1))


# --- inside


def _rows(examined: Examined) -> Featured:
    """Features of the rows: those of the backbone, or words."""
    if "text_b" in examined.roles:
        raise Skip("it does not fit pairs of texts")
    if len(examined.labelled.labels) > _CLASSES:
        raise Skip("there are too many classes")
    if examined.embed is not None:
        return featured(examined)
    if "text" not in examined.roles:
        raise Skip(ONLY_DEEP)
    return _words(examined)


def _words(examined: Examined) -> Featured:
    import numpy as np

    codes = np.asarray(examined.drawn.codes)
    chosen = np.argsort(mixed(examined.drawn.ids, 29), kind="stable")[:_ROWS]
    numbers = np.sort(chosen[codes[chosen] >= 0])
    reading = _Reading(examined, numbers)
    return Featured(numbers, bag_of_words(reading.portions, len(numbers), len(examined.labelled.labels)))


@dataclass
class _Reading:
    """Reads chosen drawn rows twice; the second time counts half as looked at."""

    examined: Examined
    numbers: np.ndarray
    times: int = 0

    def portions(self) -> Iterator[list[str]]:
        import numpy as np

        self.times += 1
        for first, texts in self.examined.portions(count=False):
            low, high = np.searchsorted(self.numbers, (first, first + len(texts)))
            if high > low:
                yield [texts[number] for number in (self.numbers[low:high] - first).tolist()]
            if self.times == 2:
                self.examined.tick((high - low) // 2)


def _gain(probable: np.ndarray, given: np.ndarray, sizes: np.ndarray) -> float:
    base = sizes.max() / max(len(given), 1)
    return float(((probable.argmax(1) == given).mean() - base) / max(1 - base, 1e-9))


def _finding(
    examined: Examined, rows: Featured, doubts: np.ndarray, probable: np.ndarray, given: np.ndarray, sure: bool
) -> Finding:
    names = examined.labelled.labels
    hidden = probable.copy()
    hidden[range(len(given)), given] = -1
    better = hidden.argmax(1)
    numbers = rows.numbers[doubts]
    details = [f"→ {names[better[row]]} ({probable[row, better[row]]:.2f})" for row in doubts[:100]]
    agreed = round(100 * float((probable.argmax(1) == given).mean()))
    params = {"count": len(doubts), "rows": len(given), "agreed": agreed}
    samples = examined.samples(numbers.tolist(), details)
    if not sure:
        return Finding(
            "wrong-labels", "doubtful-labels", "notice", len(doubts),
            "{count} of {rows} labels are doubtful.",
            "A classifier that has not seen these rows is sure of another answer. But it agrees with {agreed} % of all "
            "labels and is unsure where it differs from most of the others: these may as well be right, and hard. Look "
            "at them before you take one of the repairs.",
            params, samples, _fixes(examined, numbers, [names[label] for label in better[doubts].tolist()])[::-1],
        )  # fmt: skip
    return Finding(
        "wrong-labels", "wrong-labels", severe(len(doubts), len(given), _SHARE, "warning", "notice"), len(doubts),
        "{count} of {rows} labels are probably wrong.",
        "Wrong labels are learnt, and in the test rows they make the score too low. Look at them, the surest first; "
        "the repairs leave test rows alone, since a test must not be corrected by a model.",
        params, samples, _fixes(examined, numbers, [names[label] for label in better[doubts].tolist()]),
    )  # fmt: skip


def _fixes(examined: Examined, numbers: np.ndarray, labels: list[str]) -> tuple[Fix, ...]:
    """For rows that are not tested: take the other label, or leave them out."""
    better: dict[str, str] = {}
    for number, label in zip(numbers.tolist(), labels, strict=True):
        better.setdefault(id_text(examined.drawn.ids[number]), label)
    wanted = {row: better[row] for row in learnt_ids(examined, numbers)}
    if not wanted:
        return ()
    return (
        Fix("Take the more probable labels", {"name": "relabel-rows", "rows": wanted}),
        Fix("Leave these rows out", {"name": "drop-rows", "rows": list(wanted)}),
    )

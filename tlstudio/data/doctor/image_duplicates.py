"""Images that stand in the data more than once, or that look the same."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from pydantic import Field

from tlstudio.data.detect.keys import contradicted, earlier
from tlstudio.data.detect.pictures import agreement, alike_earlier, alike_in
from tlstudio.data.doctor.base import CheckOptions, Examined, Finding, Fix, Sample, severe
from tlstudio.data.doctor.conflicts import EFFECT, FIXES, told
from tlstudio.data.doctor.seen import Seen, seen
from tlstudio.data.steps.drop_duplicates import labelled_keys

if TYPE_CHECKING:
    import numpy as np

_SHARE = 0.01
_USUAL = 0.98


class Options(CheckOptions):
    """How alike is too alike."""

    likeness: float = Field(
        _USUAL,
        ge=0.8,
        le=1,
        title="Least likeness",
        description="1 less the mean difference of the pixels of two images, as small copies.",
    )


class ImageDuplicates:
    """Copies have the same bytes; look-alikes nearly the same perceptual hash and the same colours."""

    NAME = "image-duplicates"
    TITLE = "Duplicate images"
    SUMMARY = "Images that stand in the data more than once or look the same, and contradictions among them."
    ROLES = (frozenset({"image"}),)
    EMBEDS = False
    USES_MODEL = False
    COST = 100
    Config = Options

    def find(self, config: Options, examined: Examined) -> list[Finding]:
        import numpy as np

        shown = seen(examined)
        codes = None if examined.drawn.codes is None else examined.drawn.codes[shown.numbers]
        digests = np.where(shown.facts.digests == 0, examined.drawn.ids[shown.numbers], shown.facts.digests)
        findings = [_conflicts(examined, shown, digests, codes)]
        for one, other in combinations(examined.drawn.splits, 2):
            findings += _across(config, examined, shown, digests, one, other)
        for place in examined.places:
            findings += _within(config, examined, shown, digests, codes, place)
        return [finding for finding in findings if finding is not None]


PLUGIN = ImageDuplicates()


def _conflicts(examined: Examined, shown: Seen, digests: np.ndarray, codes: np.ndarray | None) -> Finding | None:
    import numpy as np

    if codes is None:
        return None
    hit = np.flatnonzero(contradicted(digests, codes))
    if not len(hit):
        return None
    hit = hit[np.argsort(digests[hit], kind="stable")]
    return Finding(
        "image-duplicates", "image-conflicts", "warning", len(hit),
        "{count} rows share {contents} images, but not the label.", EFFECT,
        {"count": len(hit), "contents": len(np.unique(digests[hit]))},
        examined.samples(shown.numbers[hit].tolist(), told(digests[hit], codes[hit], examined.labelled.labels)), FIXES,
    )  # fmt: skip


def _of(examined: Examined, shown: Seen, splits: list[str]) -> np.ndarray:
    """Places in ``shown`` of the rows of some splits."""
    import numpy as np

    inside = [examined.drawn.splits.index(split) for split in splits]
    return np.flatnonzero(np.isin(examined.drawn.split[shown.numbers], inside))


def _across(
    config: Options, examined: Examined, shown: Seen, digests: np.ndarray, one: str, other: str
) -> list[Finding]:
    """Copies and look-alikes of images of a later split in an earlier one."""
    import numpy as np

    first, later = _of(examined, shown, [one]), _of(examined, shown, [other])
    params = {"rows": len(later), "one": one, "other": other}
    any_label = {"labels": "any"} if examined.together(one, other) else {}
    copied = np.isin(digests[later], digests[first])
    findings = []
    if copied.any():
        count = int(copied.sum())
        findings.append(Finding(
            "image-duplicates", "image-copies-across", severe(count, len(later), _SHARE, "error", "warning"), count,
            "{count} of {rows} {other} images are among the {one} images as well.",
            "The model has seen these images with their answers: the score on them says nothing about new ones.",
            {"count": count, **params}, examined.samples(shown.numbers[later[copied]].tolist()),
            (Fix("Take them out of the images that are learnt from", {"name": "drop-duplicates", **any_label}),),
        ))  # fmt: skip
    rest = later[~copied]
    partner = alike_in(shown.facts.some(rest), shown.facts.some(first), config.likeness, examined.control.check)
    hit = np.flatnonzero(partner >= 0)
    if len(hit):
        findings.append(Finding(
            "image-duplicates", "look-alikes-across",
            severe(len(hit), len(later), _SHARE, "warning", "notice"), len(hit),
            "{count} of {rows} {other} images look like one of the {one} images.",
            "The model has seen their like with the answer: the score on them is better than on really new images.",
            {"count": len(hit), **params}, _pairs(examined, shown, rest[hit], first[partner[hit]]),
            (Fix("Take their like out of the images that are learnt from", _step(config, bool(any_label))),),
        ))  # fmt: skip
    return findings


def _within(
    config: Options, examined: Examined, shown: Seen, digests: np.ndarray, codes: np.ndarray | None, place: list[str]
) -> list[Finding]:
    """Later copies and look-alikes with the same label in one place."""
    import numpy as np

    rows = _of(examined, shown, place)
    copies = earlier(labelled_keys(digests, codes)[rows]) >= 0
    findings = []
    if copies.any() and place == ["test"]:
        findings.append(_tested(examined, shown, rows, rows[copies]))
    elif copies.any():
        count = int(copies.sum())
        findings.append(Finding(
            "image-duplicates", "image-copies", severe(count, len(rows), _SHARE, "warning", "notice"), count,
            "{count} of {rows} images are copies of others with the same label.",
            "They count several times in training and in the score.", {"count": count, "rows": len(rows)},
            examined.samples(shown.numbers[rows[copies]].tolist()),
            (Fix("Keep the first of each", {"name": "drop-duplicates"}),),
        ))  # fmt: skip
    if place == ["test"]:
        return findings
    rest = rows[~copies]
    groups = None if codes is None else codes[rest]
    partner = alike_earlier(shown.facts.some(rest), config.likeness, examined.control.check, groups)
    hit = np.flatnonzero(partner >= 0)
    if len(hit):
        findings.append(Finding(
            "image-duplicates", "look-alikes", severe(len(hit), len(rows), 2 * _SHARE, "warning", "notice"), len(hit),
            "{count} of {rows} images look like an earlier one with the same label.",
            "They count several times in training, and make the data look larger than it is.",
            {"count": len(hit), "rows": len(rows)}, _pairs(examined, shown, rest[hit], rest[partner[hit]]),
            (Fix("Keep the first of each", _step(config, False)),),
        ))  # fmt: skip
    return findings


def _tested(examined: Examined, shown: Seen, rows: np.ndarray, copies: np.ndarray) -> Finding:
    return Finding(
        "image-duplicates", "image-copies-tested", "notice", len(copies),
        "{count} of {rows} test images are copies of others.", "Each of them counts several times in the score.",
        {"count": len(copies), "rows": len(rows)}, examined.samples(shown.numbers[copies].tolist()),
        (Fix("Keep the first of each in the test rows, too", {"name": "drop-duplicates", "tested": True}),),
    )  # fmt: skip


def _pairs(examined: Examined, shown: Seen, one: np.ndarray, other: np.ndarray) -> tuple[Sample, ...]:
    """Images with the file that each looks like, the most alike first."""
    import numpy as np

    alike = agreement(shown.facts.thumbs[one], shown.facts.thumbs[other])
    order = np.argsort(-alike, kind="stable")[:100]
    files = examined.drawn.texts(examined.labelled.content, shown.numbers[other[order]])
    names = [file.replace("\\", "/").rsplit("/", 1)[-1] for file in files]
    details = [f"≈ {name} ({alike[row]:.2f})" for name, row in zip(names, order, strict=True)]
    return examined.samples(shown.numbers[one[order]].tolist(), details)


def _step(config: Options, any_label: bool) -> dict[str, object]:
    likeness = {} if config.likeness == _USUAL else {"likeness": config.likeness}
    return {"name": "drop-near-duplicates", **likeness, **({"labels": "any"} if any_label else {})}

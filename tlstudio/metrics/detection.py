"""Mean average precision of boxes by the rules of COCO, with 95 % bootstrap intervals; equal to pycocotools.

For each class and each of ten overlaps (0.50, 0.55 … 0.95), boxes are taken in the order of their score; each is
right where it overlaps a true box of its class, not taken yet, by at least as much. Precision is made to fall with
recall and averaged over 101 recalls (Lin et al. 2014; cocodataset.org/#detection-eval, all areas, at most 100 boxes
of a class in an image). A class without a true box is left out of the means. There are no crowd regions.

The matching of an image does not depend on the other images, so a resample only counts its boxes again with the
weights of their images; pycocotools would do all anew, and print.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tlstudio.metrics import resampling
from tlstudio.metrics.classification import divide, need_finite, need_rows
from tlstudio.metrics.resampling import Floats

NAMES = ("map", "map50", "map75", "box_recall")
BASELINE = ("usual-boxes", "Mean box of each class")  # name, title
OVERLAPS = np.linspace(0.5, 0.95, 10)
MOST_BOXES = 100  # of a class in an image, those with the highest scores
_RECALLS = np.linspace(0.0, 1.0, 101)
_AT_50, _AT_75 = 0, 5  # places in OVERLAPS
_BLOCK_CELLS = 1 << 21  # weights of boxes held at once: 16 MB
_MOST_CELLS = 400_000_000  # of boxes x resamples: some ten seconds
_FEWEST = 100  # resamples, however many boxes there are


@dataclass(frozen=True)
class Boxes:
    """The boxes of an image.

    Attributes:
        boxes: [n, 4], left, top, right, bottom in pixels.
        labels: [n], indices of classes.
        scores: [n], of predicted boxes; None for true ones.
    """

    boxes: Any
    labels: Any
    scores: Any = None


@dataclass(frozen=True)
class _Class:
    """The boxes of one class in all I images.

    Attributes:
        images: [D], the image of each predicted box, highest score first.
        hits: [10, D], whether it is right at each overlap.
        truths: [I], true boxes of each image.
    """

    images: NDArray[np.int64]
    hits: NDArray[np.bool_]
    truths: Floats

    def measure(self, weights: Floats) -> Floats:
        """Average precision and recall at each overlap, [2, 10, b], under weights [I, b]; NaN without true boxes."""
        drawn = weights[self.images]
        taken, truths = np.cumsum(drawn, axis=0), weights.T @ self.truths
        result = np.zeros((2, len(OVERLAPS), weights.shape[1]))
        for place, hits in enumerate(self.hits):
            right = np.cumsum(drawn[hits], axis=0)
            if len(right):
                recall = divide(right, np.broadcast_to(truths, right.shape))
                result[:, place] = _average_precision(divide(right, taken[hits]), recall), recall[-1]
        return np.where(truths > 0, result, np.nan)


def evaluate(
    truth: Sequence[Boxes],
    predicted: Sequence[Boxes],
    names: Sequence[str],
    *,
    bootstrap: int = 1000,
    seed: int = 7,
    check: Callable[[], None] | None = None,
) -> dict[str, Any]:
    """All metrics of a test, each as ``{"value", "low", "high"}``; None where no image has a true box.

    Args:
        truth: the true boxes of each of I images.
        predicted: the predicted boxes of the same images, all of them: a threshold on scores costs precision.
        names: class names.
        bootstrap: resamples of images behind each interval; fewer, at least 100, for very many boxes.
        seed: the same seed gives the same intervals.
        check: called every few images and for each block of resamples; may raise Cancelled.

    Returns:
        ``rows`` (images), ``boxes`` (true ones), ``resamples``, ``metrics`` (see NAMES), ``per_class`` with
        ``precision`` (the average precision over all overlaps) and ``recall``, and ``absent`` classes.

    Raises:
        StudioError: no images, or a box or score that is not finite.
    """
    classes = _matched(truth, predicted, len(names), check)
    resamples = _affordable(classes, bootstrap)
    point = _measure(classes, np.ones((len(truth), 1)), check)
    blocks = resampling.blocks(len(truth), resamples, seed, check)
    parts = [_measure(classes, weights, check) for weights in blocks]
    sampled = np.concatenate([np.empty((0, point.shape[1])), *parts])
    found = [resampling.interval(point[0, place], sampled[:, place]) for place in range(point.shape[1])]
    support = [int(entry.truths.sum()) for entry in classes]
    each = zip(names, support, found[len(NAMES) :: 2], found[len(NAMES) + 1 :: 2], strict=True)
    return {
        "rows": len(truth),
        "boxes": sum(support),
        "resamples": resamples,
        "metrics": dict(zip(NAMES, found[: len(NAMES)], strict=True)),
        "per_class": [
            {"label": name, "support": count, "precision": precision, "recall": recall}
            for name, count, precision, recall in each
        ],
        "absent": [name for name, count in zip(names, support, strict=True) if not count],
    }


def quick(truth: Sequence[Boxes], predicted: Sequence[Boxes], classes: int) -> dict[str, float]:
    """The metrics without intervals, for every epoch; 0 where no image has a true box."""
    values = _measure(_matched(truth, predicted, classes, None), np.ones((len(truth), 1)), None)[0]
    return {name: float(np.nan_to_num(value)) for name, value in zip(NAMES, values, strict=False)}


def baseline(
    train: Sequence[Boxes],
    train_sizes: Sequence[tuple[int, int]],
    test: Sequence[Boxes],
    test_sizes: Sequence[tuple[int, int]],
    names: Sequence[str],
    *,
    bootstrap: int = 1000,
    seed: int = 7,
    check: Callable[[], None] | None = None,
) -> dict[str, Any]:
    """The boxes of `usual_boxes` as predictions: ``{"name", "title", "metrics"}``."""
    predicted = usual_boxes(train, train_sizes, test_sizes)
    result = evaluate(test, predicted, names, bootstrap=bootstrap, seed=seed, check=check)
    return {"name": BASELINE[0], "title": BASELINE[1], "metrics": result["metrics"]}


def usual_boxes(
    train: Sequence[Boxes], train_sizes: Sequence[tuple[int, int]], test_sizes: Sequence[tuple[int, int]]
) -> list[Boxes]:
    """Without a look at the image: one box of each class, the mean of training, scaled to the size of the image.

    Args:
        train: boxes of the training images.
        train_sizes: width and height of each training image, in pixels.
        test_sizes: the same of the images to answer for.

    Returns:
        The boxes of each image; the score of a class is its share of the training boxes.
    """
    parts = [np.asarray(image.boxes, np.float64).reshape(-1, 4) for image in train]
    scaled = [part / (width, height, width, height) for part, (width, height) in zip(parts, train_sizes, strict=True)]
    boxes = np.concatenate([np.empty((0, 4)), *scaled])
    labels = np.concatenate([np.empty(0, np.int64), *(np.asarray(image.labels, np.int64) for image in train)])
    kinds, counts = np.unique(labels, return_counts=True)
    means = np.array([boxes[labels == kind].mean(axis=0) for kind in kinds]).reshape(-1, 4)
    scores = counts / max(len(labels), 1)
    return [Boxes(means * (width, height, width, height), kinds, scores) for width, height in test_sizes]


def overlaps(left: Floats, right: Floats) -> Floats:
    """Intersection over union [n, m] of boxes [n, 4] and [m, 4]; 0 where they do not meet."""
    low = np.maximum(left[:, None, :2], right[None, :, :2])
    high = np.minimum(left[:, None, 2:], right[None, :, 2:])
    shared = np.clip(high - low, 0, None).prod(axis=2)
    areas = [np.clip(boxes[:, 2:] - boxes[:, :2], 0, None).prod(axis=1) for boxes in (left, right)]
    return divide(shared, areas[0][:, None] + areas[1][None, :] - shared)


def _matched(
    truth: Sequence[Boxes], predicted: Sequence[Boxes], classes: int, check: Callable[[], None] | None
) -> list[_Class]:
    """Every class with its boxes matched in every image."""
    need_rows(len(truth))
    truths = np.zeros((classes, len(truth)))
    scores: list[list[Floats]] = [[] for _ in range(classes)]
    images: list[list[NDArray[np.int64]]] = [[] for _ in range(classes)]
    hits: list[list[NDArray[np.bool_]]] = [[] for _ in range(classes)]
    answers = [_arrays(image) for image in predicted]
    need_finite(np.array([boxes.sum() + values.sum() for boxes, _, values in answers]))
    for row, (right, (boxes, labels, values)) in enumerate(zip(map(_arrays, truth), answers, strict=True)):
        if check and row % 16 == 0:
            check()
        truths[:, row] = np.bincount(right[1], minlength=classes)[:classes]
        for kind in np.unique(labels[labels < classes]):
            chosen = np.flatnonzero(labels == kind)
            chosen = chosen[np.argsort(-values[chosen], kind="stable")][:MOST_BOXES]
            scores[kind].append(values[chosen])
            images[kind].append(np.full(len(chosen), row))
            hits[kind].append(_match(right[0][right[1] == kind], boxes[chosen]))
    return [_joined(*parts) for parts in zip(scores, images, hits, truths, strict=True)]


def _arrays(image: Boxes) -> tuple[Floats, NDArray[np.int64], Floats]:
    boxes = np.asarray(image.boxes, np.float64).reshape(-1, 4)
    scores = np.zeros(len(boxes)) if image.scores is None else np.asarray(image.scores, np.float64)
    return boxes, np.asarray(image.labels, np.int64), scores


def _joined(
    scores: list[Floats], images: list[NDArray[np.int64]], hits: list[NDArray[np.bool_]], truths: Floats
) -> _Class:
    """One class from its parts of each image, its boxes in the order of their scores."""
    if not scores:
        return _Class(np.empty(0, np.int64), np.empty((len(OVERLAPS), 0), bool), truths)
    order = np.argsort(-np.concatenate(scores), kind="stable")
    return _Class(np.concatenate(images)[order], np.concatenate(hits, axis=1)[:, order], truths)


def _match(truth: Floats, guess: Floats) -> NDArray[np.bool_]:
    """Whether each predicted box [D, 4], highest score first, is right at each overlap: [10, D].

    A box takes the free true box it overlaps most, of equal ones the last, as pycocotools does.
    """
    hits = np.zeros((len(OVERLAPS), len(guess)), bool)
    if not len(truth):
        return hits
    shares = overlaps(guess, truth)
    free = np.ones((len(OVERLAPS), len(truth)), bool)
    every = np.arange(len(OVERLAPS))
    for box in np.flatnonzero(shares.max(axis=1) >= OVERLAPS[0]):
        usable = np.where(free & (shares[box] >= OVERLAPS[:, None]), shares[box], -1.0)
        best = len(truth) - 1 - usable[:, ::-1].argmax(axis=1)
        found = usable[every, best] >= 0
        hits[found, box] = True
        free[every[found], best[found]] = False
    return hits


def _measure(classes: list[_Class], weights: Floats, check: Callable[[], None] | None) -> Floats:
    """The metrics of NAMES, then average precision and recall of each class, [b, 4 + 2 C], under weights [I, b]."""
    most = max((len(entry.images) for entry in classes), default=0)
    width = max(1, _BLOCK_CELLS // max(most, 1))
    parts = []
    for begin in range(0, weights.shape[1], width):
        each = []
        for entry in classes:
            if check:
                check()
            each.append(entry.measure(weights[:, begin : begin + width]))
        parts.append(_summary(np.array(each)))
    return np.concatenate(parts)


def _summary(values: Floats) -> Floats:
    """Means over the classes, and the classes, [b, 4 + 2 C], of [C, 2, 10, b]."""
    precision, recall = values[:, 0], values[:, 1]
    overall = [precision.mean(axis=1), precision[:, _AT_50], precision[:, _AT_75], recall.mean(axis=1)]
    classes = np.stack([precision.mean(axis=1), recall.mean(axis=1)], axis=1)  # [C, 2, b]
    means = np.stack([_mean_of_defined(part) for part in overall], axis=1)
    return np.concatenate([means, classes.reshape(-1, classes.shape[2]).T], axis=1)


def _mean_of_defined(values: Floats) -> Floats:
    """Mean over the first axis of [C, b] without NaN, [b]; NaN where there is nothing else."""
    defined = np.isfinite(values)
    count = defined.sum(axis=0)
    return np.where(count > 0, np.where(defined, values, 0).sum(axis=0) / np.maximum(count, 1), np.nan)


def _average_precision(precision: Floats, recall: Floats) -> Floats:
    """Mean of the falling precision at 101 recalls, [b], of the right boxes in order, [P, b] each.

    A recall is reached at the first right box that comes up to it, so each box stands for those it is the first of.
    """
    falling = np.maximum.accumulate(precision[::-1], axis=0)[::-1]
    reached = np.searchsorted(_RECALLS, recall, side="right")
    return (falling * np.diff(reached, axis=0, prepend=0)).sum(axis=0) / len(_RECALLS)


def _affordable(classes: list[_Class], bootstrap: int) -> int:
    boxes = sum(len(entry.images) for entry in classes)
    return min(bootstrap, max(_FEWEST, _MOST_CELLS // max(boxes, 1)))

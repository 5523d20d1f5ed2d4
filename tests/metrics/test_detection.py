"""Mean average precision against pycocotools, and by hand."""

from __future__ import annotations

import contextlib
import io
import time

import numpy as np
import pytest

from tlstudio.core.errors import Cancelled, StudioError
from tlstudio.metrics import detection
from tlstudio.metrics.detection import Boxes
from tlstudio.metrics.names import METRICS


def _case(seed: int, images: int = 20, classes: int = 4, most: int = 6, extra: int = 8, ties: bool = False):
    """True boxes, and predictions that are moved copies of some of them among random ones."""
    generator = np.random.default_rng(seed)

    def boxes(count):
        corner = generator.integers(0, 80, (count, 2))
        return np.concatenate([corner, corner + generator.integers(5, 40, (count, 2))], axis=1).astype(float)

    truth, predicted = [], []
    for _ in range(images):
        count = int(generator.integers(0, most + 1))
        true, labels = boxes(count), generator.integers(0, classes - 1, count)  # the last class has no true box
        copies = generator.integers(0, count, 2 * count) if count else np.empty(0, int)
        moved = true[copies] + generator.integers(-2, 3, (len(copies), 4))
        guess = np.concatenate([moved, boxes(int(generator.integers(0, extra)))])
        kinds = np.concatenate([labels[copies], generator.integers(0, classes, len(guess) - len(copies))])
        scores = generator.random(len(guess))
        truth.append(Boxes(true, labels))
        predicted.append(Boxes(guess, kinds, np.round(scores, 1) if ties else scores))
    return truth, predicted


def _coco(truth, predicted, classes):
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    def wide(box):
        left, top, right, bottom = map(float, box)
        return [left, top, right - left, bottom - top]

    def entries(images):
        return [
            {
                "image_id": row,
                "category_id": int(label),
                "bbox": wide(box),
                "area": wide(box)[2] * wide(box)[3],
                "iscrowd": 0,
                "score": float(score),
            }
            for row, image in enumerate(images)
            for box, label, score in zip(
                image.boxes,
                image.labels,
                np.zeros(len(image.labels)) if image.scores is None else image.scores,
                strict=True,
            )
        ]

    coco = COCO()
    coco.dataset = {
        "info": {},
        "images": [{"id": row} for row in range(len(truth))],
        "categories": [{"id": kind, "name": str(kind)} for kind in range(classes)],
        "annotations": [{"id": number, **entry} for number, entry in enumerate(entries(truth), 1)],
    }
    with contextlib.redirect_stdout(io.StringIO()):
        coco.createIndex()
        run = COCOeval(coco, coco.loadRes(entries(predicted)), "bbox")
        run.evaluate()
        run.accumulate()
        run.summarize()
    return (
        run.stats[[0, 1, 2, 8]],
        run.eval["precision"][:, :, :, 0, 2].mean(axis=(0, 1)),
        run.eval["recall"][:, :, 0, 2].mean(axis=0),
    )


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("seed", range(6))
def test_equals_pycocotools(seed, ties):
    truth, predicted = _case(seed, ties=ties)
    values, precision, recall = _coco(truth, predicted, 4)
    found = detection.evaluate(truth, predicted, list("abcd"), bootstrap=20)
    assert [entry["value"] for entry in found["metrics"].values()] == pytest.approx(values, abs=1e-12)
    assert 0.01 < values[0] < 0.9
    for index, entry in enumerate(found["per_class"][:3]):
        assert entry["precision"]["value"] == pytest.approx(precision[index])
        assert entry["recall"]["value"] == pytest.approx(recall[index])
    assert found["per_class"][3]["precision"]["value"] is None and found["absent"] == ["d"]
    assert tuple(found["metrics"]) == detection.NAMES and set(detection.NAMES) <= set(METRICS)
    assert detection.quick(truth, predicted, 4)["map"] == pytest.approx(values[0])


def test_a_resample_equals_pycocotools_on_the_drawn_images():
    truth, predicted = _case(9)
    classes = detection._matched(truth, predicted, 4, None)
    weights = np.random.default_rng(1).multinomial(20, np.full(20, 1 / 20), size=5).T.astype(float)
    found = detection._measure(classes, weights, None)
    for column in range(5):
        drawn = np.repeat(np.arange(20), weights[:, column].astype(int))
        expected = _coco([truth[i] for i in drawn], [predicted[i] for i in drawn], 4)[0]
        assert found[column, :4] == pytest.approx(expected, abs=1e-9)


def test_more_than_a_hundred_boxes_in_an_image():
    truth, predicted = _case(3, images=3, classes=2, most=40, extra=300)
    assert detection.quick(truth, predicted, 2)["map"] == pytest.approx(_coco(truth, predicted, 2)[0][0])


def test_by_hand():
    # two true boxes; the surest answer fits exactly, the second is wrong, the third overlaps 80 of 120 (2/3)
    truth = [Boxes([[0, 0, 10, 10], [20, 0, 30, 10]], [0, 0])]
    predicted = [Boxes([[0, 0, 10, 10], [50, 50, 60, 60], [22, 0, 32, 10]], [0, 0, 0], [0.9, 0.8, 0.7])]
    values = {n: e["value"] for n, e in detection.evaluate(truth, predicted, ["a"], bootstrap=5)["metrics"].items()}
    both, one = (51 + 50 * 2 / 3) / 101, 51 / 101  # recalls up to 0.5 at precision 1, the others at 2/3 or not at all
    assert values["map50"] == pytest.approx(both) and values["map75"] == pytest.approx(one)
    assert values["map"] == pytest.approx((4 * both + 6 * one) / 10)  # 0.50, 0.55, 0.60 and 0.65 are reached
    assert values["box_recall"] == pytest.approx((4 * 1 + 6 * 0.5) / 10)
    assert detection.overlaps(np.array([[0, 0, 10, 10.0]]), np.array([[5, 0, 15, 10.0]]))[0, 0] == pytest.approx(1 / 3)


def test_nothing_found_and_nothing_to_find():
    none = Boxes(np.empty((0, 4)), np.empty(0), np.empty(0))
    assert detection.quick([Boxes([[0, 0, 1, 1]], [0])], [none], 1) == {
        "map": 0,
        "map50": 0,
        "map75": 0,
        "box_recall": 0,
    }
    found = detection.evaluate([none], [Boxes([[0, 0, 1, 1]], [0], [0.5])], ["a"], bootstrap=5)
    assert found["metrics"]["map"] == {"value": None, "low": None, "high": None} and found["boxes"] == 0


def test_the_mean_box_of_each_class():
    train = [Boxes([[0, 0, 50, 100]], [1]), Boxes([[0, 0, 20, 20], [0, 0, 200, 200]], [1, 0])]
    (image,) = detection.usual_boxes(train, [(100, 100), (200, 200)], [(10, 10)])
    assert image.labels.tolist() == [0, 1] and image.scores == pytest.approx([1 / 3, 2 / 3])
    assert image.boxes.tolist() == [[0, 0, 10, 10], pytest.approx([0, 0, 3, 5.5])]
    entry = detection.baseline(
        train, [(100, 100), (200, 200)], train, [(100, 100), (200, 200)], ["a", "b"], bootstrap=5
    )
    assert entry["metrics"]["map50"]["value"] == pytest.approx(0.25)  # b is missed; a is found after a miss


def test_many_boxes_take_seconds_and_can_be_cancelled():
    truth, predicted = _case(5, images=300, classes=5, extra=60)
    begin = time.perf_counter()
    found = detection.evaluate(truth, predicted, list("abcde"))
    assert time.perf_counter() - begin < 8 and found["resamples"] == 1000
    assert all(entry["low"] <= entry["value"] <= entry["high"] for entry in found["metrics"].values())

    def check():
        raise Cancelled

    with pytest.raises(Cancelled):
        detection.evaluate(truth, predicted, list("abcde"), check=check)


def test_bad_input():
    with pytest.raises(StudioError, match="no rows"):
        detection.evaluate([], [], ["a"])
    with pytest.raises(StudioError, match="finite"):
        detection.evaluate([Boxes([], [])], [Boxes([[0, 0, 1, 1]], [0], [np.nan])], ["a"])

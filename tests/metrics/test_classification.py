"""Metrics against scikit-learn, on vectors with ties and missing classes."""

from __future__ import annotations

import time

import numpy as np
import pytest
from sklearn import metrics as reference

from tlstudio.core.errors import Cancelled, StudioError
from tlstudio.metrics import classification as metrics
from tlstudio.metrics import resampling


def _case(seed: int, rows: int = 300, classes: int = 5, missing: int | None = None, ties: bool = False):
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, classes, rows)
    if missing is not None:
        labels[labels == missing] = (missing + 1) % classes
    logits = generator.normal(size=(rows, classes)) + 1.5 * np.eye(classes)[labels]
    return (np.round(logits) if ties else logits), labels


def _sklearn(logits, labels, classes):
    chances = metrics.probabilities(logits)
    predicted = chances.argmax(axis=1)
    values = {
        "accuracy": reference.accuracy_score(labels, predicted),
        "matthews": reference.matthews_corrcoef(labels, predicted),
        "log_loss": reference.log_loss(labels, chances, labels=range(classes)),
    }
    for average in ("macro", "weighted"):
        scores = reference.precision_recall_fscore_support(labels, predicted, average=average, zero_division=0)
        values |= {
            f"{average}_{name}": score for name, score in zip(("precision", "recall", "f1"), scores, strict=False)
        }
    return values


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("classes", [2, 3, 8])
def test_points_equal_scikit_learn(classes, ties):
    logits, labels = _case(classes, classes=classes, ties=ties)
    found = metrics.evaluate(logits, labels, [f"c{i}" for i in range(classes)], bootstrap=100)
    expected = _sklearn(logits, labels, classes)
    chances = metrics.probabilities(logits)
    scores = chances[:, 1] if classes == 2 else chances
    expected["roc_auc"] = reference.roc_auc_score(labels, scores, multi_class="ovr")
    for name, value in expected.items():
        assert found["metrics"][name]["value"] == pytest.approx(value, abs=1e-12), name
    assert found["confusion"] == reference.confusion_matrix(labels, chances.argmax(axis=1)).tolist()
    assert set(found["metrics"]) == set(metrics.NAMES)


def test_points_equal_scikit_learn_with_a_missing_class():
    logits, labels = _case(3, missing=2)
    names = list("abcde")
    found = metrics.evaluate(logits, labels, names, bootstrap=100)
    for name, value in _sklearn(logits, labels, 5).items():
        assert found["metrics"][name]["value"] == pytest.approx(value, abs=1e-12), name
    assert found["absent"] == ["c"]
    assert found["per_class"][2]["support"] == 0
    chances = metrics.probabilities(logits)
    areas = [reference.roc_auc_score(labels == index, chances[:, index]) for index in (0, 1, 3, 4)]
    assert found["metrics"]["roc_auc"]["value"] == pytest.approx(np.mean(areas), abs=1e-12)


def test_class_neither_true_nor_predicted_is_left_out_of_macro_means():
    logits, labels = _case(5, missing=4)
    logits[:, 4] = -50
    found = metrics.evaluate(logits, labels, list("abcde"), bootstrap=100)
    assert found["metrics"]["macro_f1"]["value"] == pytest.approx(_sklearn(logits, labels, 5)["macro_f1"], abs=1e-12)
    assert found["per_class"][4]["f1"] == {"value": 0.0, "low": 0.0, "high": 0.0}


def test_per_class_equals_scikit_learn():
    logits, labels = _case(11)
    found = metrics.evaluate(logits, labels, list("abcde"), bootstrap=100)["per_class"]
    precision, recall, f1, support = reference.precision_recall_fscore_support(labels, logits.argmax(axis=1))
    assert [entry["support"] for entry in found] == support.tolist()
    for name, values in (("precision", precision), ("recall", recall), ("f1", f1)):
        assert [entry[name]["value"] for entry in found] == pytest.approx(values.tolist(), abs=1e-12)
    assert all(entry["f1"]["low"] < entry["f1"]["value"] < entry["f1"]["high"] for entry in found)


def test_one_class_only_has_no_area():
    found = metrics.evaluate(
        np.random.default_rng(0).normal(size=(20, 3)), np.ones(20, int), list("abc"), bootstrap=100
    )
    assert found["metrics"]["roc_auc"] == {"value": None, "low": None, "high": None}
    assert found["metrics"]["matthews"]["value"] == 0.0


@pytest.mark.parametrize("classes", [2, 4])
def test_each_resample_is_scikit_learn_on_the_drawn_rows(classes):
    """Weights must mean the same as repeating rows, ties included."""
    logits, labels = _case(8, rows=60, classes=classes, ties=True)
    weights = next(resampling.blocks(60, 5, seed=1))
    rows = metrics._Rows(metrics.probabilities(logits), labels)
    values, _ = metrics._measure(rows, weights)
    for column in range(5):
        drawn = np.repeat(np.arange(60), weights[:, column].astype(int))
        expected = _sklearn(logits[drawn], labels[drawn], classes)
        chances = metrics.probabilities(logits[drawn])
        scores = chances[:, 1] if classes == 2 else chances
        expected["roc_auc"] = reference.roc_auc_score(labels[drawn], scores, multi_class="ovr")
        for name, value in expected.items():
            assert values[column, metrics.NAMES.index(name)] == pytest.approx(value, abs=1e-10), name


def test_interval_covers_the_true_accuracy():
    """About 95 of 100 intervals must hold the accuracy of the population."""
    generator, hits = np.random.default_rng(4), 0
    for trial in range(100):
        labels = generator.integers(0, 2, 200)
        right = generator.random(200) < 0.8
        found = metrics.evaluate_predictions(np.where(right, labels, 1 - labels), labels, 2, bootstrap=300, seed=trial)
        hits += found["accuracy"]["low"] <= 0.8 <= found["accuracy"]["high"]
    assert hits >= 88


def test_intervals_hold_the_value_and_repeat_with_the_seed():
    logits, labels = _case(2)
    first, second = (metrics.evaluate(logits, labels, list("abcde"), bootstrap=200, seed=5) for _ in range(2))
    assert first == second
    assert metrics.evaluate(logits, labels, list("abcde"), bootstrap=200, seed=6) != first
    assert all(item["low"] <= item["value"] <= item["high"] for item in first["metrics"].values())


def test_predictions_alone_give_the_same_as_logits():
    logits, labels = _case(9)
    full = metrics.evaluate(logits, labels, list("abcde"), bootstrap=200)["metrics"]
    short = metrics.evaluate_predictions(logits.argmax(axis=1), labels, 5, bootstrap=200)
    assert short == {name: pytest.approx(full[name]) for name in ("accuracy", "macro_f1")}


def test_quick_equals_scikit_learn():
    logits, labels = _case(6, missing=1)
    found, expected = metrics.quick(logits, labels), _sklearn(logits, labels, 5)
    assert found["loss"] == pytest.approx(expected["log_loss"])
    assert found["accuracy"] == pytest.approx(expected["accuracy"])
    assert found["macro_f1"] == pytest.approx(expected["macro_f1"])


def test_quick_reports_a_loss_that_is_not_finite():
    assert np.isnan(metrics.quick(np.full((4, 2), np.nan), [0, 1, 0, 1])["loss"])


def test_bad_input_is_explained():
    with pytest.raises(StudioError) as empty:
        metrics.evaluate(np.zeros((0, 2)), [], ["a", "b"])
    assert empty.value.code == "evaluation.no-rows"
    with pytest.raises(StudioError) as broken:
        metrics.evaluate(np.array([[0.0, 1.0], [np.nan, 0.0]]), [0, 1], ["a", "b"])
    assert broken.value.code == "evaluation.not-finite"
    assert "row 1" in broken.value.message


def test_can_be_cancelled():
    def check() -> None:
        raise Cancelled

    logits, labels = _case(1)
    with pytest.raises(Cancelled):
        metrics.evaluate(logits, labels, list("abcde"), check=check)


def test_a_test_set_of_the_size_of_reuters_takes_seconds():
    logits, labels = _case(0, rows=2189, classes=8)
    begin = time.process_time()
    calls = []
    metrics.evaluate(logits, labels, list("abcdefgh"), bootstrap=1000, check=lambda: calls.append(1))
    assert time.process_time() - begin < 10  # about 1 s alone; the machine may be shared
    assert calls

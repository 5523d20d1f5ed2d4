"""Multi-label metrics against scikit-learn, with ties and labels that no row has."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as reference

from tlstudio.core.errors import Cancelled, StudioError
from tlstudio.metrics import multi_label
from tlstudio.metrics.names import METRICS


def _case(seed: int, rows: int = 200, labels: int = 4, ties: bool = False):
    generator = np.random.default_rng(seed)
    truth = generator.random((rows, labels)) < np.linspace(0.1, 0.6, labels)
    scores = 1 / (1 + np.exp(-generator.normal(size=truth.shape) - 1.5 * (truth - 0.5)))
    return (np.round(scores, 1) if ties else scores), truth


def _sklearn(scores, truth, given):
    values = {
        "subset_accuracy": reference.accuracy_score(truth, given),
        "hamming_loss": reference.hamming_loss(truth, given),
        "roc_auc": reference.roc_auc_score(truth, scores, average="macro"),
        "average_precision": reference.average_precision_score(truth, scores, average="macro"),
    }
    for average in ("micro", "macro"):
        three = reference.precision_recall_fscore_support(truth, given, average=average, zero_division=0)
        values |= {
            f"{average}_{name}": value for name, value in zip(("precision", "recall", "f1"), three, strict=False)
        }
    return values


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("labels", [2, 3, 7])
def test_points_equal_scikit_learn(labels, ties):
    scores, truth = _case(labels, labels=labels, ties=ties)
    limits = np.linspace(0.3, 0.7, labels)
    found = multi_label.evaluate(scores, truth, [f"l{i}" for i in range(labels)], limits, bootstrap=50)
    given = scores >= limits
    for name, value in _sklearn(scores, truth, given).items():
        assert found["metrics"][name]["value"] == pytest.approx(value, abs=1e-12), name
    assert set(found["metrics"]) == {*multi_label.NAMES, *multi_label.AREAS} <= set(METRICS)
    three = reference.precision_recall_fscore_support(truth, given, zero_division=0)
    for index, entry in enumerate(found["per_class"]):
        for name, values in zip(("precision", "recall", "f1"), three, strict=False):
            assert entry[name]["value"] == pytest.approx(values[index], abs=1e-12)
        assert entry["support"] == truth[:, index].sum() and entry["threshold"] == limits[index]


def test_a_label_that_no_row_has_is_left_out():
    scores, truth = _case(1)
    scores[:, 2], truth[:, 2] = 0.1, False
    found = multi_label.evaluate(scores, truth, list("abcd"), bootstrap=20)
    rest = [0, 1, 3]
    expected = reference.f1_score(truth, scores >= 0.5, labels=rest, average="macro")
    assert found["metrics"]["macro_f1"]["value"] == pytest.approx(expected)
    assert found["metrics"]["roc_auc"]["value"] == pytest.approx(
        reference.roc_auc_score(truth[:, rest], scores[:, rest])
    )
    assert found["absent"] == ["c"]


def test_an_interval_is_that_of_resampled_rows():
    scores, truth = _case(3, rows=80, ties=True)
    found = multi_label.evaluate(scores, truth, list("abcd"), bootstrap=2000, seed=1)["metrics"]
    generator = np.random.default_rng(5)
    slow = []
    for _ in range(300):
        drawn = generator.integers(0, 80, 80)
        slow.append(reference.average_precision_score(truth[drawn], scores[drawn], average="macro"))
    low, high = np.percentile(slow, [2.5, 97.5])
    assert found["average_precision"]["low"] == pytest.approx(low, abs=0.03)
    assert found["average_precision"]["high"] == pytest.approx(high, abs=0.03)
    assert all(entry["low"] <= entry["value"] <= entry["high"] for entry in found.values())


def test_by_hand():
    truth = [[1, 1], [1, 0], [0, 0], [0, 1]]
    scores = [[0.9, 0.2], [0.8, 0.1], [0.6, 0.3], [0.1, 0.7]]
    found = multi_label.evaluate(scores, truth, ["a", "b"], bootstrap=10)["metrics"]
    assert found["micro_precision"]["value"] == pytest.approx(3 / 4)
    assert found["micro_recall"]["value"] == pytest.approx(3 / 4)
    assert found["subset_accuracy"]["value"] == 0.5 and found["hamming_loss"]["value"] == 0.25
    values = multi_label.quick(scores, truth)
    assert values["micro_f1"] == pytest.approx(3 / 4) and values["macro_f1"] == pytest.approx((0.8 + 2 / 3) / 2)
    given = [0.9, 0.2, 0.8, 0.9, 0.4, 0.7, 0.9, 0.7]
    assert values["loss"] == pytest.approx(-np.log(given).mean())


@pytest.mark.parametrize("seed", range(5))
def test_tuned_thresholds_are_the_best_there_are(seed):
    scores, truth = _case(seed, rows=60, ties=seed % 2 == 0)
    tuned = multi_label.tune_thresholds(scores, truth, per_class=True)
    for index, limit in enumerate(tuned):
        tried = [reference.f1_score(truth[:, index], scores[:, index] >= cut) for cut in np.unique(scores[:, index])]
        assert reference.f1_score(truth[:, index], scores[:, index] >= limit) == pytest.approx(max(tried))
    single = multi_label.tune_thresholds(scores, truth, per_class=False)
    assert len(set(single)) == 1
    tried = [reference.f1_score(truth, scores >= cut, average="micro") for cut in np.unique(scores)]
    assert reference.f1_score(truth, scores >= single, average="micro") == pytest.approx(max(tried))


def test_thresholds_lie_between_scores_and_near_a_half():
    scores, truth = np.array([[0.9], [0.8], [0.3], [0.2]]), np.array([[1], [1], [0], [0]])
    assert multi_label.tune_thresholds(scores, truth, True)[0] == pytest.approx(0.55)
    assert multi_label.tune_thresholds(scores, np.zeros((4, 1)), True)[0] == 0.5


def test_the_most_frequent_set():
    train = [[1, 0, 1], [1, 0, 1], [0, 1, 0]]
    assert multi_label.most_frequent_set(train).tolist() == [True, False, True]
    entry = multi_label.baseline(train, [[1, 0, 1], [1, 0, 0]], bootstrap=10)
    assert entry["metrics"]["subset_accuracy"]["value"] == 0.5
    assert entry["metrics"]["micro_precision"]["value"] == 0.75


def test_bad_input_and_cancelling():
    with pytest.raises(StudioError, match="no rows"):
        multi_label.evaluate(np.empty((0, 2)), np.empty((0, 2)), ["a", "b"])
    with pytest.raises(StudioError, match="finite"):
        multi_label.evaluate([[0.1, np.nan]], [[0, 1]], ["a", "b"])
    assert np.isnan(multi_label.quick([[0.1, np.nan]], [[0, 1]])["loss"])

    def check():
        raise Cancelled

    with pytest.raises(Cancelled):
        multi_label.evaluate(*_case(1), list("abcd"), check=check)

"""Ordinal metrics against scikit-learn and SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn import metrics as reference

from tlstudio.core.errors import StudioError
from tlstudio.metrics import ordinal
from tlstudio.metrics.names import METRICS


def _case(seed: int, rows: int = 150, classes: int = 5):
    generator = np.random.default_rng(seed)
    truth = generator.integers(0, classes, rows)
    return np.clip(truth + generator.integers(-2, 3, rows), 0, classes - 1), truth


def _expected(guess, truth):
    return {
        "accuracy": reference.accuracy_score(truth, guess),
        "macro_f1": reference.f1_score(truth, guess, average="macro", zero_division=0),
        "mae_classes": np.abs(guess - truth).mean(),
        "off_by_one": (np.abs(guess - truth) <= 1).mean(),
        "kappa": reference.cohen_kappa_score(truth, guess, weights="quadratic"),
        "spearman": spearmanr(truth, guess).statistic,
    }


@pytest.mark.parametrize("classes", [2, 3, 5, 10])
def test_points_equal_the_libraries(classes):
    guess, truth = _case(classes, classes=classes)
    found = ordinal.evaluate(guess, truth, [str(i) for i in range(classes)], bootstrap=100)
    for name, value in _expected(guess, truth).items():
        assert found["metrics"][name]["value"] == pytest.approx(value, abs=1e-12), name
    assert tuple(found["metrics"]) == ordinal.NAMES and set(ordinal.NAMES) <= set(METRICS)
    assert found["confusion"] == reference.confusion_matrix(truth, guess).tolist()
    recalls = reference.recall_score(truth, guess, average=None)
    assert [entry["recall"]["value"] for entry in found["per_class"]] == pytest.approx(recalls)


def test_every_resample_equals_the_libraries():
    guess, truth = _case(1, rows=30)
    weights = np.random.default_rng(2).multinomial(30, np.full(30, 1 / 30), size=20).T.astype(float)
    cells = ordinal._Cells(truth, guess, 5)
    for column, values in enumerate(ordinal._measure(cells, weights)):
        drawn = np.repeat(np.arange(30), weights[:, column].astype(int))
        expected = list(_expected(guess[drawn], truth[drawn]).values())
        assert values == pytest.approx(expected, abs=1e-12)


def test_by_hand():
    found = ordinal.quick([0, 1, 3, 3], [0, 1, 2, 1], 4)
    assert found["accuracy"] == 0.5 and found["off_by_one"] == 0.75 and found["mae_classes"] == 0.75
    # squared distances 0 + 0 + 1 + 4; expected: squares of the answers 19 and of the truth 6, sums 7 and 4
    assert found["kappa"] == pytest.approx(1 - 5 / (19 + 6 - 2 * 4 * 7 / 4))


def test_scores_count_by_their_highest():
    scores = np.eye(3)[[2, 0, 1]]
    assert ordinal.evaluate(scores, [2, 0, 0], list("abc"), bootstrap=5)["metrics"]["accuracy"]["value"] == 2 / 3


def test_one_class_only_has_no_correlation():
    found = ordinal.evaluate([1, 1, 1], [1, 1, 1], list("abc"), bootstrap=10)
    assert found["metrics"]["kappa"] == {"value": None, "low": None, "high": None}
    assert found["metrics"]["spearman"]["value"] is None and found["absent"] == ["a", "c"]
    assert ordinal.quick([1, 1, 1], [1, 1, 1], 3)["kappa"] == 0.0


def test_baselines():
    largest, middle = ordinal.baselines([0, 0, 0, 2, 3, 4, 4], [0, 2, 3], 5, bootstrap=10)
    assert largest["metrics"]["accuracy"]["value"] == pytest.approx(1 / 3)
    assert middle["metrics"]["mae_classes"]["value"] == pytest.approx(1.0)
    assert (largest["name"], middle["name"]) == ("majority", "median")


def test_bad_input():
    with pytest.raises(StudioError, match="no rows"):
        ordinal.evaluate([], [], ["a"])
    with pytest.raises(StudioError, match="finite"):
        ordinal.evaluate([[0.0, np.inf]], [0], ["a", "b"])

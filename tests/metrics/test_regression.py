"""Metrics of numbers against SciPy and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics as reference

from tlstudio.core.errors import StudioError
from tlstudio.metrics import regression
from tlstudio.metrics.names import METRICS


def _case(seed: int, rows: int = 100, ties: bool = False, offset: float = 0.0):
    generator = np.random.default_rng(seed)
    truth = generator.normal(size=rows) * 2 + offset
    guess = 0.7 * truth + generator.normal(size=rows)
    return (np.round(guess), np.round(truth)) if ties else (guess, truth)


def _expected(guess, truth):
    return [
        stats.pearsonr(guess, truth).statistic,
        stats.spearmanr(guess, truth).statistic,
        reference.mean_squared_error(truth, guess),
        reference.root_mean_squared_error(truth, guess),
        reference.mean_absolute_error(truth, guess),
        reference.r2_score(truth, guess),
    ]


@pytest.mark.parametrize("offset", [0.0, 1e4])
@pytest.mark.parametrize("ties", [False, True])
def test_points_equal_the_libraries(ties, offset):
    guess, truth = _case(1, ties=ties, offset=offset)
    found = regression.evaluate(guess, truth, bootstrap=100)["metrics"]
    assert tuple(found) == regression.NAMES and set(found) <= set(METRICS)
    assert [entry["value"] for entry in found.values()] == pytest.approx(_expected(guess, truth), rel=1e-9)
    assert all(entry["low"] <= entry["value"] <= entry["high"] for entry in found.values())


def test_every_resample_equals_the_libraries():
    guess, truth = _case(2, rows=25, ties=True)
    weights = np.random.default_rng(3).multinomial(25, np.full(25, 1 / 25), size=20).T.astype(float)
    for column, values in enumerate(regression._measure(guess, truth)(weights)):
        drawn = np.repeat(np.arange(25), weights[:, column].astype(int))
        assert values == pytest.approx(_expected(guess[drawn], truth[drawn]), rel=1e-9)


def test_by_hand():
    found = regression.quick([1.0, 2.0, 4.0], [1.0, 3.0, 2.0])
    assert found["mae"] == 1.0 and found["mse"] == found["loss"] == pytest.approx(5 / 3)
    assert found["spearman"] == pytest.approx(0.5) and found["r2"] == pytest.approx(1 - 5 / 2)


def test_constants_have_no_correlation():
    found = regression.evaluate([0.1, 0.1, 0.1], [1.0, 2.0, 3.0], bootstrap=20)["metrics"]
    assert found["pearson"]["value"] is None and found["spearman"]["value"] is None
    assert regression.evaluate([1.0, 2.0], [0.3, 0.3], bootstrap=5)["metrics"]["r2"]["value"] is None
    assert regression.quick([0.1, 0.1, 0.1], [1.0, 2.0, 3.0])["pearson"] == 0.0


def test_the_mean_of_training():
    entry = regression.mean_baseline([1.0, 3.0], [2.0, 4.0, 0.0], bootstrap=10)
    assert entry["metrics"]["r2"]["value"] == pytest.approx(0.0) and entry["metrics"]["mse"]["value"] == pytest.approx(
        8 / 3
    )
    assert "pearson" not in entry["metrics"]


def test_bad_input():
    with pytest.raises(StudioError, match="no rows"):
        regression.evaluate([], [])
    with pytest.raises(StudioError, match="finite"):
        regression.evaluate([np.nan], [1.0])
    assert np.isnan(regression.quick([np.nan, 1.0], [1.0, 2.0])["loss"])

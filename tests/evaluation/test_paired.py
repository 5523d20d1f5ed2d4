"""The difference between two models on the same rows."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tlstudio.core.errors import StudioError
from tlstudio.evaluation.paired import compare_groups, compare_runs, difference, difference_of_seeds, exact_p, holm


def test_equal_models_differ_by_nothing():
    right = np.arange(50) % 3 > 0
    assert difference(right, right) == {"value": 0.0, "low": 0.0, "high": 0.0}


def test_interval_is_that_of_the_paired_rows():
    random = np.random.default_rng(0)
    first = random.random(2000) < 0.8
    second = first.copy()
    second[np.flatnonzero(~first)[:60]] = True  # 60 rows better, none worse
    found = difference(first, second)
    assert found["value"] == pytest.approx(0.03)
    error = np.sqrt(0.03 * 0.97 / 2000)
    assert found["low"] == pytest.approx(0.03 - 1.96 * error, abs=0.002)
    assert found["high"] == pytest.approx(0.03 + 1.96 * error, abs=0.002)
    assert difference(second, first)["value"] == pytest.approx(-0.03)


def run(folder, predicted, rows=(1, 2, 3, 4)):
    folder.mkdir()
    table = {"row": list(rows), "text": ["a", "b", "c", "d"], "label": list("xxyy"), "predicted": list(predicted)}
    pq.write_table(pa.table(table), folder / "predictions.parquet")
    return folder


def test_runs(tmp_path):
    one, two = run(tmp_path / "one", "xyyx"), run(tmp_path / "two", "xxxx")
    found = compare_runs(one, two)
    assert (found["rows"], found["only_first"], found["only_second"]) == (4, 1, 1)
    assert found["difference"]["value"] == 0
    with pytest.raises(StudioError) as caught:
        compare_runs(one, run(tmp_path / "three", "xxxx", rows=(1, 2, 3, 9)))
    assert caught.value.code == "compare.other-rows"
    (tmp_path / "four").mkdir()
    with pytest.raises(StudioError) as caught:
        compare_runs(one, tmp_path / "four")
    assert caught.value.code == "compare.no-predictions"


def test_seeds_widen_the_interval_where_they_disagree():
    random = np.random.default_rng(0)
    first = (random.random((4, 500)) < 0.8).astype(float)
    alike = np.minimum(first + 0.05, 2)
    found = difference_of_seeds(first, alike)
    assert (found["value"], found["low"], found["high"]) == pytest.approx((0.05, 0.05, 0.05))
    apart = first + np.array([[0.2], [-0.1], [0.1], [0.0]])
    found = difference_of_seeds(first, apart)
    assert found["value"] == pytest.approx(0.05)
    assert found["low"] < 0
    assert found["high"] > 0.12
    single = difference_of_seeds(first[:1], apart[1:2] * 0 + first[1:2])
    assert single == pytest.approx(difference(first[0], first[1]))


def test_groups_of_runs(tmp_path):
    one = [run(tmp_path / f"a{seed}", "xyyx") for seed in (1, 2)]
    two = [run(tmp_path / "b1", "xxyx"), run(tmp_path / "b2", "xyyx")]
    found = compare_groups(one, two)
    assert (found["rows"], found["only_first"], found["only_second"]) == (4, 0, 1)
    assert found["difference"]["value"] == pytest.approx(0.125)


@pytest.mark.parametrize(("worse", "better"), [(0, 0), (0, 1), (3, 4), (10, 30), (200, 260), (5000, 5100)])
def test_exact_p_is_that_of_the_binomial_test(worse, better):
    from scipy.stats import binomtest

    expected = binomtest(worse, worse + better).pvalue if worse + better else 1.0
    assert exact_p(worse, better) == pytest.approx(expected, rel=1e-9)
    assert exact_p(better, worse) == exact_p(worse, better)


def test_holm():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.6, 0.9]) == [1.0, 1.0]
    assert holm([]) == []

"""Scores of features on cases whose answers are known by hand or from another computation."""

from __future__ import annotations

import numpy as np
import pytest

from tlstudio.models import transferability as t


@pytest.fixture
def blobs():
    """Three classes, clear, less clear, and not at all in the features."""
    draw = np.random.default_rng(0)
    classes = np.arange(150) % 3
    centres = draw.normal(size=(3, 12))
    noise = draw.normal(size=(150, 12))
    return classes, [centres[classes] * 3 + noise, centres[classes] * 0.4 + noise, noise]


SCORES = [
    t.logme, t.h_score, lambda f, y: t.neighbours(f, y).mean(), lambda f, y: t.probe(f, y).score,
]  # fmt: skip


@pytest.mark.parametrize("score", SCORES)
def test_clearer_features_score_higher(blobs, score):
    classes, sets = blobs
    clear, dim, none = (score(features, classes) for features in sets)
    assert clear > dim > none


@pytest.mark.parametrize("shape", [(40, 5), (12, 20)])
def test_logme_is_the_largest_log_density_of_the_targets(shape):
    from scipy.optimize import minimize
    from scipy.stats import multivariate_normal

    draw = np.random.default_rng(1)
    features = draw.normal(size=shape)
    target = features @ draw.normal(size=shape[1]) + draw.normal(size=shape[0])

    def density(logs):
        alpha, beta = np.exp(logs)
        covariance = np.eye(len(target)) / beta + features @ features.T / alpha
        return -multivariate_normal.logpdf(target, np.zeros(len(target)), covariance)

    best = minimize(density, [0.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-8, "maxiter": 2000})
    assert t.logme(features, target) == pytest.approx(-best.fun / len(target), abs=1e-5)


def test_logme_of_classes_is_the_mean_of_one_against_the_rest(blobs):
    classes, (features, *_others) = blobs
    single = [t.logme(features, (classes == number).astype(float)) for number in range(3)]
    assert t.logme(features, classes) == pytest.approx(np.mean(single))


def test_logme_stays_a_number_where_features_explain_everything():
    features = np.eye(6)[:, :4]
    assert np.isfinite(t.logme(features, np.array([0, 1, 0, 1, 0, 1])))
    assert np.isfinite(t.logme(np.zeros((6, 3)), np.array([0.5, 1, 0, 1, 0, 1])))


def test_h_score_by_hand():
    # variance 1.25 in all: 1 between the classes (means ±1), 0.25 within them
    features, classes = np.array([[0.5], [1.5], [-0.5], [-1.5]]), np.array([0, 0, 1, 1])
    assert t.h_score(features, classes, shrink=False) == pytest.approx(1 / 1.25)
    # features that are the classes themselves score as many as there are, less one
    one_hot = np.eye(3)[np.arange(30) % 3]
    assert t.h_score(one_hot, np.arange(30) % 3, shrink=False) == pytest.approx(2)


def test_h_score_follows_its_formula_with_the_shrinkage_of_scikit_learn(blobs):
    from sklearn.covariance import ledoit_wolf

    classes, sets = blobs
    for features in (*sets, np.random.default_rng(4).normal(size=(150, 400))):
        drawn, share = ledoit_wolf(features)
        assert t.shrinkage(features - features.mean(0)) == pytest.approx(share)
        means = np.stack([features[classes == number].mean(0) for number in classes])
        between = np.cov(means.T, bias=True)
        wanted = np.trace(np.linalg.inv(drawn) @ between * (1 - share))
        assert t.h_score(features, classes) == pytest.approx(wanted)


def test_noise_that_is_wide_flatters_only_the_plain_h_score():
    features, classes = np.random.default_rng(3).normal(size=(60, 200)), np.arange(60) % 3
    assert t.h_score(features, classes, shrink=False) == pytest.approx(2)  # the most there is, out of noise
    assert t.h_score(features, classes) < 0.2


def test_transrate_by_hand():
    features, classes = np.array([[1.0], [1.0], [-1.0], [-1.0]]), np.array([0, 0, 1, 1])
    # whole variance 1; each class has mean square 1 as well, so knowing it saves nothing in this rate
    assert t.transrate(features, classes) == pytest.approx(0)
    features = np.array([[1.0, 0], [-1, 0], [0, 1.0], [0, -1]])
    rate = np.log(1 + 2 / 4 / 1e-4)  # two directions of variance 1/2
    inside = 0.5 * np.log(1 + 1 / 1e-4)  # one direction of variance 1
    assert t.transrate(features, classes) == pytest.approx(rate - inside)


def test_transrate_is_higher_where_each_class_keeps_to_a_few_directions():
    draw = np.random.default_rng(0)
    classes, values = np.arange(90) % 3, draw.normal(size=(90, 6))
    apart = np.zeros((90, 6))
    for number in range(3):
        apart[classes == number, 2 * number : 2 * number + 2] = values[classes == number, :2]
    assert t.transrate(apart, classes) > 5 * t.transrate(values, classes)


def test_transrate_does_not_depend_on_scale_or_on_which_matrix_is_smaller(blobs):
    classes, (features, *_others) = blobs
    assert t.transrate(features * 50, classes) == pytest.approx(t.transrate(features, classes))
    padded = np.hstack([features, np.zeros((150, 300))])
    assert t.transrate(padded, classes) == pytest.approx(t.transrate(features, classes))


def test_neighbours_leave_the_row_itself_out():
    angles = np.deg2rad([0, 2, 4, 180, 182, 184, 90])
    features = np.stack([np.cos(angles), np.sin(angles)], 1)
    right = t.neighbours(features, np.array([0, 0, 0, 1, 1, 1, 1]), count=2)
    assert right[:6].tolist() == [1, 1, 1, 1, 1, 1]
    # the nearest row only: a class of one row is never found
    assert t.neighbours(features, np.array([0, 0, 0, 1, 1, 1, 2]), count=1)[6] == 0


def test_numbers_and_several_labels():
    draw = np.random.default_rng(2)
    features = draw.normal(size=(120, 6))
    values = features @ draw.normal(size=6) + 0.1 * draw.normal(size=120)
    assert t.probe(features, values).score > 0.95
    assert t.probe(features, draw.normal(size=120)).score < 0.1
    assert t.neighbours(features, values).mean() > 0.3
    table = (features[:, :3] > 0).astype(np.int8)
    assert t.probe(features, table).score > 0.85
    found, _probed = t.scores(features, table)
    assert found["h_score"] is None
    assert found["transrate"] is None
    assert found["logme"] is not None


def test_probe_answers_rows_that_it_has_not_seen():
    draw = np.random.default_rng(5)
    features, classes = draw.normal(size=(60, 100)), np.arange(60) % 2  # wide enough to learn everything by heart
    probed = t.probe(features, classes)
    assert probed.right.shape == (60,)
    assert 0.2 < probed.score < 0.8
    assert np.array_equal(probed.right, t.probe(features, classes).right)


def test_folds_hold_every_class():
    classes = np.array([0] * 50 + [1] * 5)
    parts = t.fold_numbers(classes, 55, 5, 7)
    assert np.bincount(parts).tolist() == [11] * 5
    assert np.bincount(parts[classes == 1], minlength=5).tolist() == [1] * 5


def test_a_class_that_only_the_tested_part_has():
    features, classes = np.random.default_rng(0).normal(size=(11, 3)), np.array([0] * 10 + [1])
    assert t.probe(features, classes).right[-1] == 0


def test_cancel():
    def cancel():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        t.scores(np.eye(8), np.arange(8) % 2, check=cancel)


def test_mean_ranks():
    table = [{"a": 3.0, "b": 1.0, "c": None}, {"a": 2.0, "b": 1.0, "c": 5.0}, {"a": 1.0, "b": 0.0, "c": 6.0}]
    assert t.mean_ranks(table, ["a", "b", "c"]) == [1.25, 1.75, 3.0]

"""How well features of a frozen backbone suit a task, measured without training the backbone.

All functions take features [N, D] of N rows and what is to be learnt of each row; a higher score is better. They need
numpy alone, but for :func:`probe`, whose classifier is scikit-learn's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

_ROUNDS = 100  # of the fixed point of LogME, which takes about ten
_CLOSE = 1e-6
_EPSILON = 1e-4  # squared distortion of TransRate, as in the code of its authors
_NEIGHBOURS = 5
_FOLDS = 5
_STRENGTHS = (0.01, 0.1, 1.0)  # inverse regularisation of the probe, on standardised features
_RIDGES = (1.0, 10.0, 100.0, 1000.0)


def logme(features: NDArray[Any], targets: NDArray[Any]) -> float:
    """Logarithm of maximum evidence, a row: how likely a Bayesian linear model finds the targets.

    With weights w ~ N(0, 1/alpha) and noise 1/beta, the evidence is the density of y under
    N(0, I/beta + F F'/alpha); alpha and beta are chosen to make it as large as possible by the fixed point
    gamma = sum(beta s / (alpha + beta s)), alpha = gamma / |m|², beta = (N - gamma) / |F m - y|², where s are the
    squared singular values of F and m the mean of the weights. Over several targets the mean is taken.

    Source: You et al., 2021, "LogME: Practical assessment of pre-trained models for transfer learning", eq. 2 and
    algorithm 1, in the form by singular values of You et al., 2022, "Ranking and tuning pre-trained models", section 4.

    Args:
        features: [N, D].
        targets: class numbers as integers [N], which are compared one against the rest; numbers as floats [N]; or one
            column a label [N, L].
    """
    left, singular, _right = np.linalg.svd(np.asarray(features, np.float64), full_matrices=False)
    found = singular > 1e-9 * max(singular.max(), 1e-9)
    left, squares = left[:, found], singular[found] ** 2
    columns = _columns(np.asarray(targets))
    return float(np.mean([_evidence(left, squares, column) for column in columns.T]))


def _columns(targets: NDArray[Any]) -> Floats:
    """Targets as columns [N, L] of numbers."""
    if targets.ndim == 2:
        return targets.astype(np.float64)
    if targets.dtype.kind == "f":
        return targets.astype(np.float64)[:, None]
    return (targets[:, None] == np.unique(targets)[None, :]).astype(np.float64)


def _evidence(left: Floats, squares: Floats, target: Floats) -> float:
    """Largest log evidence of one target [N], divided by N."""
    rows = len(target)
    if not len(squares):  # features that say nothing: all is noise
        return float(-0.5 * (1 + np.log(2 * np.pi * max(float(target @ target) / rows, 1e-12))))
    seen = (left.T @ target) ** 2  # of the target, what each direction of the features explains at most
    unseen = max(float(target @ target - seen.sum()), 0.0)
    alpha = beta = 1.0
    for _round in range(_ROUNDS):
        ratio = alpha / beta
        gamma = (squares / (squares + ratio)).sum()
        weights = (squares * seen / (squares + ratio) ** 2).sum()
        errors = (seen * (ratio / (squares + ratio)) ** 2).sum() + unseen
        # features that explain everything would make the noise vanish and the evidence infinite
        alpha, beta = gamma / max(weights, 1e-12), max(rows - gamma, 1e-12) / max(errors, 1e-12)
        if abs(alpha / beta - ratio) <= _CLOSE * ratio:
            break
    ratio = alpha / beta
    weights = (squares * seen / (squares + ratio) ** 2).sum()
    errors = (seen * (ratio / (squares + ratio)) ** 2).sum() + unseen
    found = rows * np.log(beta) + len(squares) * np.log(alpha) - np.log(alpha + beta * squares).sum()
    return float(0.5 * (found - beta * errors - alpha * weights - rows * np.log(2 * np.pi)) / rows)


def h_score(features: NDArray[Any], classes: Codes, shrink: bool = True) -> float:
    """Spread between the classes relative to the whole spread: tr(cov(f)^-1 cov(E[f | y])).

    It lies between 0 and the number of classes less one. With ``shrink`` the covariance is drawn towards a multiple of
    the identity, cov_a = (1 - a) cov + a tr(cov)/D I with the share a of Ledoit and Wolf (2004), and the score is
    tr(cov_a^-1 (1 - a) cov(E[f | y])): with few rows the plain covariance cannot be inverted or flatters.

    Source: Bao et al., 2019, "An information-theoretic approach to transferability in task transfer learning", def. 2;
    Ibrahim et al., 2022, "Newer is not always better: Rethinking transferability metrics", section 3.2.

    Args:
        features: [N, D].
        classes: [N].
    """
    centred = _centred(features)
    means = np.zeros_like(centred)
    for number in np.unique(classes):
        means[classes == number] = centred[classes == number].mean(0)
    between, whole = means.T @ means / len(means), centred.T @ centred / len(centred)
    if not shrink:
        return float(np.trace(np.linalg.pinv(whole, rcond=1e-10, hermitian=True) @ between))
    share = shrinkage(centred)
    level = max(float(np.trace(whole)) / len(whole), 1e-12)
    drawn = (1 - share) * whole + max(share, 1e-9) * level * np.eye(len(whole))
    return float(np.trace(np.linalg.solve(drawn, (1 - share) * between)))


def shrinkage(centred: Floats) -> float:
    """Share in [0, 1] of the identity in the best covariance (Ledoit & Wolf, 2004, "A well-conditioned estimator for
    large-dimensional covariance matrices", section 3.2), from features [N, D] of mean 0."""
    rows, width = centred.shape
    covariance = centred.T @ centred / rows
    level = np.trace(covariance) / width
    distance = ((covariance - level * np.eye(width)) ** 2).sum()
    # mean over rows of |x x' - S|², without a matrix for each row
    scatter = ((centred**2).sum(1) ** 2).sum() / rows - (covariance**2).sum()
    return float(np.clip(scatter / rows / distance, 0, 1)) if distance > 0 else 1.0


def transrate(features: NDArray[Any], classes: Codes, epsilon: float = _EPSILON) -> float:
    """Coding rate of all features less that of the features of a class: R(Z) - sum over classes of n_c/N R(Z_c).

    R(Z) = 1/2 log det(I + Z'Z / (N eps)) with Z centred over all rows. Of balanced classes the weights n_c/N are the
    1/C of the authors' code. The rate depends on the scale, so features are divided by the root of their whole
    variance first, which makes those of different backbones comparable.

    Source: Huang et al., 2022, "Frustratingly easy transferability estimation", eq. 4 to 6.

    Args:
        features: [N, D].
        classes: [N].
        epsilon: squared distortion.
    """
    centred = _centred(features)
    centred = centred / max(np.sqrt((centred**2).sum(1).mean()), 1e-12)
    inside = sum((classes == number).mean() * _rate(centred[classes == number], epsilon)
                 for number in np.unique(classes))  # fmt: skip
    return float(_rate(centred, epsilon) - inside)


def _rate(centred: Floats, epsilon: float) -> float:
    rows, width = centred.shape
    # det(I + Z'Z) = det(I + ZZ'): the smaller of the two
    inner = centred.T @ centred if width <= rows else centred @ centred.T
    return float(0.5 * np.linalg.slogdet(np.eye(len(inner)) + inner / (rows * epsilon))[1])


def _centred(features: NDArray[Any]) -> Floats:
    values = np.asarray(features, np.float64)
    centred: Floats = values - values.mean(0)
    return centred


def neighbours(features: NDArray[Any], targets: NDArray[Any], count: int = _NEIGHBOURS) -> Floats:
    """How good the answer of the nearest other rows is to each row [N]: leave-one-out k nearest neighbours.

    Neighbours are the rows of largest cosine, and vote with it; the answer is 1 where the class is right. Of numbers
    the mean of the neighbours is the answer, which scores 1 - (error / deviation)², whose mean is R². Of several labels
    each label is voted on, and the score is the share of labels that are right.

    Source: Cover & Hart, 1967, "Nearest neighbor pattern classification"; weighted by similarity as by Wu et al., 2018,
    "Unsupervised feature learning via non-parametric instance discrimination", section 3.4.

    Args:
        features: [N, D].
        targets: as of :func:`logme`.
        count: of neighbours.
    """
    values = _centred(features)
    values = values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-12)
    cosines = values @ values.T
    np.fill_diagonal(cosines, -np.inf)
    count = min(count, len(values) - 1)
    nearest = np.argpartition(-cosines, count - 1, axis=1)[:, :count]
    votes = np.maximum(np.take_along_axis(cosines, nearest, 1), 1e-6)
    columns = _columns(np.asarray(targets))
    answers = (votes[:, :, None] * columns[nearest]).sum(1) / votes.sum(1)[:, None]
    return _judged(answers, np.asarray(targets), columns)


def _judged(answers: Floats, targets: NDArray[Any], columns: Floats) -> Floats:
    """How good answers [N, L] are; see :func:`neighbours`."""
    if targets.ndim == 2:
        return ((answers > 0.5) == (columns > 0.5)).mean(1)
    if targets.dtype.kind == "f":
        return 1 - (answers[:, 0] - columns[:, 0]) ** 2 / max(float(columns.var()), 1e-12)
    return (answers.argmax(1) == columns.argmax(1)).astype(np.float64)


@dataclass(frozen=True)
class Probed:
    """A linear probe: how good its answer to each row is [N], each given by a model that has not seen the row."""

    right: Floats

    @property
    def score(self) -> float:
        """Accuracy of classes, R² of numbers, share of right labels of several."""
        return float(self.right.mean())


def probe(
    features: NDArray[Any], targets: NDArray[Any], folds: int = _FOLDS, seed: int = 7,
    check: Callable[[], None] | None = None,
) -> Probed:  # fmt: skip
    """A linear model on standardised features, cross-validated.

    Classes: multinomial logistic regression with L2, the best of three strengths. Numbers, and several labels as 0 and
    1: ridge regression, the best of four. The choice flatters a little, and all backbones alike.

    Source: Alain & Bengio, 2016, "Understanding intermediate layers using linear classifier probes"; Kornblith et al.,
    2019, "Do better ImageNet models transfer better?", section 3 (logistic regression on fixed features).

    Args:
        features: [N, D].
        targets: as of :func:`logme`.
        folds: parts, each answered by a model of the others.
        seed: of the parts; the same seed gives the same parts for any features.
        check: called before each fit; may raise to cancel.
    """
    targets = np.asarray(targets)
    classes = targets.ndim == 1 and targets.dtype.kind != "f"
    parts = fold_numbers(targets if classes else None, len(targets), folds, seed)
    answer = _logistic if classes else _ridge
    strengths = _STRENGTHS if classes else _RIDGES
    columns = _columns(targets)
    tables = [np.zeros_like(columns) for _strength in strengths]
    for part in np.unique(parts):
        inside = parts != part
        train, test = _standardised(np.asarray(features, np.float64), inside)
        for table, strength in zip(tables, strengths, strict=True):
            if check is not None:
                check()
            table[~inside] = answer(train, columns[inside], test, strength)
    judged = [_judged(table, targets, columns) for table in tables]
    return Probed(max(judged, key=lambda right: float(right.mean())))


def fold_numbers(classes: NDArray[Any] | None, rows: int, folds: int, seed: int) -> Codes:
    """The part that each row is in [N]; every class is spread evenly over the parts."""
    draw = np.random.default_rng(seed).permutation(rows)
    order = draw if classes is None else draw[np.argsort(classes[draw], kind="stable")]
    numbers = np.empty(rows, np.int64)
    numbers[order] = np.arange(rows) % min(folds, rows)
    return numbers


def _standardised(features: Floats, inside: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    mean, deviation = features[inside].mean(0), features[inside].std(0)
    scaled = (features - mean) / np.where(deviation > 1e-8, deviation, 1.0)
    return scaled[inside], scaled[~inside]


def _logistic(train: Floats, columns: Floats, test: Floats, strength: float) -> Floats:
    """Probabilities [M, C]."""
    from sklearn.linear_model import LogisticRegression

    classes = columns.argmax(1)
    answers = np.zeros((len(test), columns.shape[1]))
    known = np.unique(classes)
    if len(known) == 1:
        answers[:, known[0]] = 1.0
        return answers
    scale = np.sqrt(train.shape[1])  # so that a strength means the same whatever the width
    model = LogisticRegression(C=strength, max_iter=100, tol=1e-3).fit(train / scale * 10, classes)
    answers[:, known] = model.predict_proba(test / scale * 10)
    return answers


def _ridge(train: Floats, columns: Floats, test: Floats, strength: float) -> Floats:
    """Numbers [M, L]; the smaller of the two Gram matrices is inverted."""
    mean = columns.mean(0)
    rows, width = train.shape
    if width <= rows:
        weights = np.linalg.solve(train.T @ train + strength * np.eye(width), train.T @ (columns - mean))
    else:
        weights = train.T @ np.linalg.solve(train @ train.T + strength * np.eye(rows), columns - mean)
    answers: Floats = test @ weights + mean
    return answers


def scores(
    features: NDArray[Any], targets: NDArray[Any], seed: int = 7, check: Callable[[], None] | None = None
) -> tuple[dict[str, float | None], Probed]:
    """Every score, by name; None where it is not defined for the targets, which are as of :func:`logme`."""
    targets = np.asarray(targets)
    classes = targets.ndim == 1 and targets.dtype.kind != "f"

    def tell(value: Callable[[], float]) -> float:
        if check is not None:
            check()
        return value()

    probed = probe(features, targets, seed=seed, check=check)
    return {
        "probe": probed.score,
        "neighbours": tell(lambda: float(neighbours(features, targets).mean())),
        "logme": tell(lambda: logme(features, targets)),
        "h_score": tell(lambda: h_score(features, targets)) if classes else None,
        "transrate": tell(lambda: transrate(features, targets)) if classes else None,
    }, probed


def mean_ranks(table: Sequence[dict[str, float | None]], names: Sequence[str]) -> list[float]:
    """The mean place of each entry over the scores ``names``, 1 for the best; equal scores share their places."""
    places: list[list[float]] = [[] for _entry in table]
    for name in names:
        values = [entry[name] for entry in table]
        if any(value is None for value in values):
            continue
        for at, value in enumerate(values):
            better = sum(other > value for other in values)  # type: ignore[operator]  # none is None
            same = sum(other == value for other in values)
            places[at].append(1 + better + (same - 1) / 2)
    return [float(np.mean(found)) if found else 1.0 for found in places]

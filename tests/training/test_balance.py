"""Class-balanced sampling: equal classes, every row in time, and the training loop that draws by it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from tests import tiny
from tests.conftest import ticket_rows
from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.progress import silent
from tlstudio.training.balance import balanced_indices, classes_of
from tlstudio.training.trainer import fit

SKEWED = [0] * 90 + [1] * 10


def test_nine_to_one_is_drawn_one_to_one():
    indices = balanced_indices(SKEWED, 7, 0)
    assert len(indices) == 100
    assert Counter(np.asarray(SKEWED)[indices].tolist()) == {0: 50, 1: 50}
    assert set(Counter(indices[indices >= 90].tolist()).values()) == {5}, "a small class goes round evenly"
    assert len(set(indices[indices < 90].tolist())) == 50, "a large class is drawn without replacement"


@pytest.mark.parametrize("labels", [[0, 0, 1, 2], [5] * 7 + [9], [3] * 11, [0, 1, 2] * 4 + [2] * 5, list(range(17))])
def test_counts_are_equal_over_all_epochs(labels):
    rows = np.asarray(labels)
    total = Counter()
    for epoch in range(6):
        drawn = rows[balanced_indices(labels, 1, epoch)]
        assert len(drawn) == len(labels)
        counts = Counter(drawn.tolist())
        each = [counts[label] for label in set(labels)]
        assert max(each) - min(each) <= 1
        total += counts
    assert max(total.values()) - min(total.values()) <= 1


def test_a_large_class_is_seen_whole_over_the_epochs():
    seen = [balanced_indices(SKEWED, 3, epoch) for epoch in range(4)]
    rows = [index for indices in seen for index in indices.tolist() if index < 90]
    assert len(rows) == 200
    assert Counter(Counter(rows).values()) == {2: 70, 3: 20}


def test_seed_and_epoch_decide():
    first = balanced_indices(SKEWED, 7, 0)
    assert (first == balanced_indices(SKEWED, 7, 0)).all()
    assert (first != balanced_indices(SKEWED, 7, 1)).any()
    assert (first != balanced_indices(SKEWED, 8, 0)).any()
    assert len(balanced_indices([], 7, 0)) == 0


def test_order_is_shuffled():
    drawn = np.asarray(SKEWED)[balanced_indices(SKEWED, 7, 0)]
    assert 30 < (np.diff(drawn) != 0).sum() < 70


def test_a_tiny_class_among_many_rows_takes_no_time():
    labels = [0] * 200_000 + [1]
    drawn = balanced_indices(labels, 7, 2)
    assert (drawn == 200_000).sum() in (100_000, 100_001)


def test_rows_without_one_class_are_refused():
    assert classes_of([{"labels": 1}, {"labels": np.int64(0)}]) == [1, 0]
    for rows in ([{"labels": [0.0, 1.0]}], [{"labels": 0.5}], [{"features": 1}]):
        with pytest.raises(StudioError) as caught:
            classes_of(rows)
        assert (caught.value.code, caught.value.where) == ("training.no-classes", "data.balance")


# --- in the training loop


@pytest.fixture(scope="module")
def encoded(tiny_model, tmp_path_factory):
    """Two classes, about nine to one in training."""
    folder = tmp_path_factory.mktemp("balance")
    rows = [(text, label) for text, label in ticket_rows(240) if label != "technical"]
    many = [row for row in rows if row[1] == "delivery"]
    few = [row for row in rows if row[1] == "refund"][:10]
    with tiny.own_home(folder):
        return tiny.encode(tiny_model, tiny.write_csv(folder / "skewed.csv", many + few))


@pytest.mark.parametrize("strategy", ["full-fine-tuning", "linear-probe"])
@pytest.mark.parametrize("accumulate", [1, 3])
def test_training_draws_classes_equally(strategy, accumulate, tiny_model, encoded, tmp_path):
    labels, batches = drawn(strategy, tiny_model, encoded, tmp_path, True, accumulate)
    rows = len(encoded.splits["train"])
    assert len(labels) == 2 * rows
    assert abs(Counter(labels)[0] - Counter(labels)[1]) <= 1
    assert sorted(batches[: len(batches) // 2]) != sorted(batches[len(batches) // 2 :]), "another draw each epoch"


def test_without_balance_the_classes_stay_as_they_are(tiny_model, encoded, tmp_path):
    labels, _batches = drawn("full-fine-tuning", tiny_model, encoded, tmp_path, False, 1)
    assert Counter(labels) == {label: 2 * count for label, count in Counter(encoded.targets("train")).items()}


def drawn(strategy, tiny_model, encoded, folder, balance, accumulate):
    """The labels that two epochs of training see, and the content of each batch."""
    prepared = tiny.transfer(strategy, tiny_model, encoded)
    labels, batches = [], []

    def note(model, _args, given):
        if model.training:
            batches.append(tuple(given[next(iter(given))].flatten().tolist()))

    prepared.model.register_forward_pre_hook(note, with_kwargs=True)
    plain = tiny.task().loss(tiny.task().Config(), encoded)

    def loss(outputs, targets, **more):
        if prepared.model.training:
            labels.extend(targets.tolist())
        return plain(outputs, targets, **more)

    settings = replace(tiny.SETTINGS, epochs=2, accumulate=accumulate)
    fit(prepared, loss, tiny.judge(encoded), settings, folder, silent, Control(), balance=balance)
    return labels, batches


def test_balanced_training_is_repeatable(tiny_model, encoded, tmp_path):
    first = drawn("linear-probe", tiny_model, encoded, tmp_path, True, 1)
    assert first == drawn("linear-probe", tiny_model, encoded, tmp_path, True, 1)

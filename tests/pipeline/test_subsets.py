"""Parts of rows that stand for all of them."""

from __future__ import annotations

import numpy as np
import pytest

from tests import tiny
from tlstudio.core.control import Control
from tlstudio.core.progress import silent
from tlstudio.core.recipe import DataSection
from tlstudio.data.labelled import require
from tlstudio.pipeline import subsets


@pytest.fixture
def labelled(tmp_path):
    rows = [(f"often {number}", "often") for number in range(80)] + [(f"rare {number}", "rare") for number in range(20)]
    path = tiny.write_csv(tmp_path / "rows.csv", rows)
    return require(DataSection.model_validate({"path": str(path), "split": {"validation": 0}}), silent, Control())


def test_every_beginning_is_stratified(labelled):
    train = labelled.splits["train"]
    order = subsets.spread(train, 3)
    assert sorted(order.tolist()) == list(range(len(train)))
    for count in (2, 10, 20, 40):
        rare = sum(train.labels[at] == "rare" for at in order[:count])
        assert rare == pytest.approx(count / 5, abs=1)
        assert rare >= 1


def test_samples_of_a_seed_lie_within_one_another(labelled):
    small, large = (subsets.sample(labelled, "train", count, 1).splits["train"] for count in (10, 30))
    assert (len(small), len(large)) == (10, 30)
    assert set(small.ids.tolist()) < set(large.ids.tolist())
    assert (np.diff(small.indices) > 0).all()
    whole = labelled.splits["train"]
    assert small.labels == [whole.labels[at] for at in np.searchsorted(whole.indices, small.indices)]
    other = subsets.sample(labelled, "train", 10, 2).splits["train"]
    assert set(other.ids.tolist()) != set(small.ids.tolist())
    assert subsets.sample(labelled, "train", 1000, 1) is labelled


def test_rows_are_held_out_where_there_is_no_validation(labelled):
    assert "validation" not in labelled.splits
    made = subsets.with_validation(labelled, 7)
    train, validation = made.splits["train"], made.splits["validation"]
    assert (len(train), len(validation)) == (64, 16)
    assert not set(train.ids.tolist()) & set(validation.ids.tolist())
    assert validation.counts() == {"often": 13, "rare": 3}
    assert subsets.with_validation(made, 7) is made


def test_a_few_rows_of_each_class(labelled):
    few = subsets.sample_each(labelled, "train", 4, seed=1).splits["train"]
    more = subsets.sample_each(labelled, "train", 20, seed=1).splits["train"]
    assert few.counts() == {"often": 4, "rare": 4}
    assert more.counts() == {"often": 20, "rare": 16}
    assert set(few.ids.tolist()) < set(more.ids.tolist())
    other = subsets.sample_each(labelled, "train", 4, seed=2).splits["train"]
    assert set(other.ids.tolist()) != set(few.ids.tolist())

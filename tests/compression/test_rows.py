"""Rows as steps look at them: spread over the split, padded, with labels where they are asked for."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tests import tiny
from tests.compression.conftest import with_rows
from tlstudio.compression import rows
from tlstudio.core.control import Control
from tlstudio.core.errors import Cancelled, StudioError


@pytest.fixture
def job(tmp_path):
    return with_rows(tmp_path, tiny.rows([2, *[9] * (place % 5), 3] for place in range(10)), tiny.Heard())


@pytest.mark.parametrize(("count", "places"), [(1, [0]), (2, [0, 9]), (4, [0, 3, 6, 9]), (50, list(range(10)))])
def test_some_rows_are_spread_evenly(count, places, job):
    every = job.rows.examples("train")
    assert rows.chosen(job, count) == [every[place] for place in places]


def test_without_training_rows_a_step_says_so(tmp_path):
    with pytest.raises(StudioError) as caught:
        rows.chosen(with_rows(tmp_path, [], tiny.Heard()), 4)
    assert caught.value.code == "compress.no-rows"


def test_batches_are_padded_with_a_mask(job):
    found = list(rows.batches(job, 10, size=4))
    assert [len(batch["input_ids"]) for batch in found] == [4, 4, 2]
    first = found[0]
    assert first["input_ids"].tolist()[0] == [2, 3, 0, 0, 0] and first["attention_mask"].tolist()[0] == [1, 1, 0, 0, 0]
    assert first["attention_mask"].sum(1).tolist() == [2, 3, 4, 5]


def test_labelled_rows_are_put_together_as_the_task_does(job):
    seen = []
    ready = SimpleNamespace(**{**vars(job), "collate": lambda part: seen.append(len(part)) or {"labels": part}})
    ready.rows = job.encoded
    assert len(list(rows.labelled(ready, 5, size=2))) == 3
    assert seen == [2, 2, 1]


def test_cancelling_is_answered_between_batches(job):
    control = Control()
    one = rows.batches(SimpleNamespace(**{**vars(job), "rows": job.encoded, "control": control}), 10, size=2)
    next(one)
    control.cancel()
    with pytest.raises(Cancelled):
        next(one)

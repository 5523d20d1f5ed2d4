"""The metric of some test rows, for the check of exports."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests import tiny
from tlstudio.pipeline import headline


@pytest.fixture(scope="module")
def encoded(tiny_model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("headline")
    with tiny.own_home(folder):
        yield tiny.encode(tiny_model, tiny.write_csv(folder / "tickets.csv"))


def _right(encoded, places):
    return [np.eye(len(encoded.labels))[encoded.targets("test")[place]] for place in places]


def test_it_is_that_of_the_rows_that_were_asked(encoded):
    measure = headline.of(tiny.task(), tiny.task().Config(), encoded)
    places = list(range(0, len(encoded.splits["test"]), 2))
    answers = _right(encoded, places)
    assert measure(answers, places) == ("accuracy", 1.0)
    answers[0] = -answers[0]
    name, value = measure(answers, places)
    assert (name, value) == ("accuracy", pytest.approx(1 - 1 / len(places)))


def test_of_a_row_in_several_windows_all_must_be_asked(encoded):
    class Windows:
        column_names = ("source", "labels")

        def __init__(self, rows):
            self.rows = rows

        def __len__(self):
            return len(self.rows)

        def __getitem__(self, key):
            return [0] * len(self.rows) if key == "source" else self.rows[key]

    split = replace(encoded, splits={**encoded.splits, "test": Windows(encoded.splits["test"])})
    measure = headline.of(tiny.task(), tiny.task().Config(), split)
    some, every = [0, 1], list(range(len(encoded.splits["test"])))
    assert measure(_right(encoded, some), some) is None
    assert measure(_right(encoded, every), every) == ("accuracy", 1.0)


def test_a_task_that_gathers_no_answers_has_none(encoded):
    class Silent(type(tiny.task())):
        GATHERS = False

    assert headline.of(Silent(), Silent.Config(), encoded)([], []) is None

"""A fingerprint of rows: the same for the same rows, another one for any change that a model would see."""

from __future__ import annotations

import pytest

from tests import tiny
from tlstudio.core.control import Control
from tlstudio.core.errors import Cancelled
from tlstudio.core.progress import silent
from tlstudio.core.recipe import from_dict
from tlstudio.data.fingerprints import fingerprint
from tlstudio.data.labelled import read_labelled

ROWS = [(f"text number {number} of these", ("yes", "no")[number % 2]) for number in range(24)]


@pytest.fixture
def of(tmp_path, monkeypatch):
    monkeypatch.setenv("TLSTUDIO_HOME", str(tmp_path / "home"))

    def found(rows, **asked):
        path = tiny.write_csv(tmp_path / f"{len(list(tmp_path.iterdir()))}.csv", rows)
        labelled, _problems = read_labelled(from_dict({"data": {"path": str(path)}}).data, silent, Control(), **asked)
        return fingerprint(labelled, Control())

    return found


def test_the_same_rows_of_another_file_are_the_same(of):
    assert of(ROWS) == of(list(ROWS))


def test_other_labels_texts_and_order_are_not(of):
    turned = [(text, {"yes": "no", "no": "yes"}[label]) for text, label in ROWS]
    written = [("another text", ROWS[0][1]), *ROWS[1:]]
    found = [of(rows) for rows in (ROWS, turned, written, ROWS[2:] + ROWS[:2])]
    assert len(set(found)) == 4


def test_numbers_to_be_learnt_count_as_well(of):
    numbers = [(text, str(place)) for place, (text, _label) in enumerate(ROWS)]
    other = [(text, f"{place}.5") for place, (text, _label) in enumerate(ROWS)]
    asked = {"roles": ("text", "number")}
    assert of(numbers, **asked) != of(other, **asked)


def test_it_can_be_cancelled(tmp_path, monkeypatch):
    monkeypatch.setenv("TLSTUDIO_HOME", str(tmp_path / "home"))
    path, control = tiny.write_csv(tmp_path / "a.csv", ROWS), Control()
    labelled, _problems = read_labelled(from_dict({"data": {"path": str(path)}}).data, silent, control)
    control.cancel()
    with pytest.raises(Cancelled):
        fingerprint(labelled, control)

"""Rows of one split, read from the disk."""

from __future__ import annotations

import pytest

from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.progress import silent
from tlstudio.core.recipe import DataSection
from tlstudio.data.labelled import require


@pytest.fixture
def rows(written):
    lines = "text,label,score\n" + "".join(f"text {i},class {i % 2},{i / 2}\n" for i in range(12_000))
    return require(DataSection(path=str(written("a.csv", lines))), silent, Control()).splits["test"]


def test_only_its_own_rows_are_read_and_in_order(rows):
    wanted = [f"text {index}" for index in rows.indices]
    assert list(rows.texts("text")) == wanted
    assert [f"class {index % 2}" for index in rows.indices] == rows.labels
    assert sum(batch.num_rows for batch in rows.batches(["text", "label"])) == len(rows) == 2400


def test_numbers_are_read_or_their_row_is_named(rows):
    assert rows.numbers("score").tolist() == [index / 2 for index in rows.indices]
    with pytest.raises(StudioError) as caught:
        rows.numbers("text")
    assert caught.value.code == "data.bad-number"
    assert caught.value.params["row"] == rows.indices[0] + 1
    with pytest.raises(StudioError) as caught:
        rows.numbers("score", least=1e6)
    assert caught.value.params["column"] == "score"

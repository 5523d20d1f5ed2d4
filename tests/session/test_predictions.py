"""The rows of a run that a cell of the confusion matrix stands for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tlstudio.core.errors import StudioError
from tlstudio.session.predictions import FILE, samples


def write(folder: Path, **columns: list[Any]) -> Path:
    pq.write_table(pa.table(columns), folder / FILE)
    return folder


def test_rows_with_a_label_and_a_prediction(tmp_path: Path) -> None:
    run = write(tmp_path, row=[1, 2, 3], text=["a", "b", "c"], label=["x", "x", "y"], predicted=["x", "y", "y"],
                confidence=[0.9, 0.8, 0.7])  # fmt: skip
    assert [sample.row for sample in samples(run, "x", "y")] == [2]
    assert [sample.row for sample in samples(run, label="x")] == [1, 2]
    assert len(samples(run, limit=2)) == 2


def test_both_texts_of_a_pair(tmp_path: Path) -> None:
    run = write(tmp_path, row=[1], text=["a"], text_b=["b"], label=["x"], predicted=["x"])
    assert samples(run, "x", "x")[0].text == "a ⇄ b"


def test_sentences_with_such_a_token(tmp_path: Path) -> None:
    tokens = [["anna", "sleeps"], ["in", "rome"], ["rome"]]
    run = write(tmp_path, row=[1, 2, 3], text=["anna sleeps", "in rome", "rome"], tokens=tokens,
                label=["B-PER O", "O B-LOC", "B-LOC"], predicted=["B-PER O", "O B-PER", "B-LOC"])  # fmt: skip
    (found,) = samples(run, "B-LOC", "B-PER")
    assert (found.row, found.text, found.label, found.predicted) == (2, "in rome", "B-LOC", "B-PER")
    assert [sample.row for sample in samples(run, "O", "O")] == [1, 2]
    assert samples(run, "B-LOC", "O") == []
    assert samples(run)[0].label == "B-PER O", "all of them are shown as they are"


def test_a_damaged_file_says_so(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("no parquet")
    with pytest.raises(StudioError, match="cannot be read"):
        samples(tmp_path)

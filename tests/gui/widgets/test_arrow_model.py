"""The preview's model: both formats, pages, long texts, a million rows."""

from __future__ import annotations

import time
import tracemalloc

import pyarrow as pa
import pytest
from PySide6.QtCore import Qt

from tlstudio.core.errors import StudioError
from tlstudio.gui.widgets.arrow_model import IMAGE_ROLE, ArrowModel


def write(path, table, file_format, chunk=1000):
    new = pa.ipc.new_file if file_format else pa.ipc.new_stream
    with pa.OSFile(str(path), "wb") as sink, new(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=chunk)
    return path


@pytest.fixture
def model(qapp):
    result = ArrowModel()
    yield result
    result.close()


@pytest.mark.parametrize("file_format", [True, False])
def test_rows_of_both_formats(model, tmp_path, file_format):
    table = pa.table({"text": [f"row {i}" for i in range(2500)], "n": list(range(2500))})
    model.open(write(tmp_path / "a.arrow", table, file_format, chunk=333))
    assert (model.rowCount(), model.columnCount()) == (2500, 2)
    for row in (0, 332, 333, 2499, 7):
        assert model.index(row, 0).data() == f"row {row}"
        assert model.index(row, 1).data() == str(row)


def test_nulls_line_breaks_and_long_texts(model, tmp_path):
    table = pa.table({"text": [None, "a\nb", "中" * 5_000_000]})
    model.open(write(tmp_path / "a.arrow", table, False))
    assert model.index(0, 0).data() == ""
    assert model.index(1, 0).data() == "a ⏎ b"
    assert len(model.index(2, 0).data()) == 400
    assert len(model.index(2, 0).data(Qt.ItemDataRole.ToolTipRole)) == 2001


def test_header_marks_the_roles(model, tmp_path):
    model.open(write(tmp_path / "a.arrow", pa.table({"message": ["x"], "label": ["y"], "by": ["z"]}), False))
    model.set_roles({"text": "message", "labels": ("label",), "group": "message"})
    heads = [model.headerData(i, Qt.Orientation.Horizontal) for i in range(3)]
    assert heads == ["message  (Text, Group)", "label  (Labels)", "by"]
    assert "What the model reads." in model.headerData(0, Qt.Orientation.Horizontal, Qt.ItemDataRole.ToolTipRole)
    assert model.headerData(0, Qt.Orientation.Vertical) == "1"


def test_lists_and_words_with_their_tags(model, tmp_path):
    rows = {"words": [["Peter", "lives", "here"], []], "tags": [["B-PER", "O"], []], "more": [["a"] * 500, ["b"]]}
    model.open(write(tmp_path / "a.arrow", pa.table(rows), False))
    assert model.index(0, 0).data() == "Peter · lives · here"
    assert len(model.index(0, 2).data()) == 400
    assert model.index(1, 0).data() == ""
    assert model.index(0, 0).data(Qt.ItemDataRole.ToolTipRole) == "Peter · lives · here"
    model.set_roles({"tokens": "words", "tags": "tags"})
    for column in (0, 1):
        assert model.index(0, column).data(Qt.ItemDataRole.ToolTipRole) == "Peter/B-PER lives/O here"
    assert model.record(0) == {"words": ["Peter", "lives", "here"], "tags": ["B-PER", "O"], "more": ["a"] * 500}


def test_messages_are_shown_with_who_says_them(model, tmp_path):
    items = ['{"role": "user", "content": "Who?\\nYou"}', '{"role": "assistant", "content": "I"}', '{"role": 1}']
    model.open(write(tmp_path / "a.arrow", pa.table({"messages": [items]}), False))
    assert model.index(0, 0).data() == 'user: Who? ⏎ You · assistant: I · {"role": 1}'


def test_columns_of_images(model, tmp_path):
    model.open(write(tmp_path / "a.arrow", pa.table({"image": ["/x/1.png"], "label": ["cat"]}), False))
    assert model.images == []
    model.set_roles({"image": "image", "label": "label"})
    assert model.images == [0]
    assert [model.index(0, column).data(IMAGE_ROLE) for column in range(2)] == ["/x/1.png", None]


def test_a_million_rows_are_quick_and_small(model, tmp_path):
    rows = 1_000_000
    numbers = pa.array(range(rows))
    table = pa.table({"text": pa.compute.cast(numbers, pa.string()), "n": numbers})
    path = write(tmp_path / "big.arrow", table, False)
    del table, numbers
    tracemalloc.start()
    begin = time.perf_counter()
    model.open(path)
    for row in range(0, rows, 997):
        model.index(row, 0).data()
    seconds = time.perf_counter() - begin
    memory = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert model.index(rows - 1, 0).data() == str(rows - 1)
    assert seconds < 5
    assert memory < 20e6


@pytest.mark.parametrize("content", [b"", b"not arrow at all, sorry"])
def test_files_that_are_no_arrow(model, tmp_path, content):
    path = tmp_path / "bad.arrow"
    path.write_bytes(content)
    with pytest.raises(StudioError) as error:
        model.open(path)
    assert error.value.code == "data.preview"
    assert model.rowCount() == 0


def test_missing_file(model, tmp_path):
    with pytest.raises(StudioError):
        model.open(tmp_path / "gone.arrow")


def test_close_lets_the_file_go(model, tmp_path):
    path = write(tmp_path / "a.arrow", pa.table({"text": ["x"]}), True)
    model.open(path)
    model.close()
    assert model.rowCount() == 0
    path.unlink()

"""Parquet as several programs write it."""

from __future__ import annotations

import datetime
import decimal
import io
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.paths import cache_folder
from tlstudio.core.progress import silent
from tlstudio.data.tables import read_table


def picture(colour: str = "red", form: str = "PNG") -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (3, 2), colour).save(stream, form)
    return stream.getvalue()


@pytest.fixture
def stored(tmp_path):
    """Writes columns as Parquet and reads them as a table."""

    def store(columns, metadata=None, **options):
        table = pa.table(columns)
        if metadata:
            table = table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": metadata}})})
        pq.write_table(table, tmp_path / "a.bin", **options)  # by content
        return read_table(tmp_path / "a.bin", "auto", {}, silent, Control())

    return store


def column(table, name="x"):
    assert table.source == "parquet"
    return table.open().column(name).to_pylist()


UTC = datetime.UTC
VALUES = {
    "text": (["a", None, "007", ""], ["a", "", "007", ""]),
    "large text": (pa.array(["ä🙂", None], pa.large_string()), ["ä🙂", ""]),
    "integers": ([1, -5, None, 2**62], ["1", "-5", "", str(2**62)]),
    "floats": ([1.0, 0.1, None, float("nan"), 1e300], ["1", "0.1", "", "", "1e+300"]),
    "float32": (pa.array([0.1, 1.5, None], pa.float32()), ["0.1", "1.5", ""]),
    "booleans": ([True, False, None], ["true", "false", ""]),
    "decimals": ([decimal.Decimal("1.50"), None], ["1.50", ""]),
    "dates": ([datetime.date(2024, 1, 2), None], ["2024-01-02", ""]),
    "times": ([datetime.time(1, 2, 3), datetime.time(1, 2, 3, 500_000)], ["01:02:03", "01:02:03.5"]),
    "timestamps": ([datetime.datetime(2024, 1, 2, 3, 4, 5), datetime.datetime(2024, 1, 2, 0, 0, 0, 600)],
                   ["2024-01-02T03:04:05", "2024-01-02T00:00:00.0006"]),
    "zones": (pa.array([datetime.datetime(2024, 7, 2, 1, tzinfo=UTC)], pa.timestamp("ms", "Europe/Berlin")),
              ["2024-07-02T01:00:00+00:00"]),
    "durations": (pa.array([datetime.timedelta(days=1), datetime.timedelta(seconds=1.5)], pa.duration("ms")),
                  ["86400", "1.5"]),
    "dictionaries": (pa.array(["a", None, "a"]).dictionary_encode(), ["a", "", "a"]),
    "nulls": (pa.nulls(2), ["", ""]),
    "lists": ([["a", None], None, []], [["a", ""], [], []]),
    "lists of numbers": ([[1, 2], [3]], [["1", "2"], ["3"]]),
    "fixed lists": (pa.array([[1.0, 2.5], None], pa.list_(pa.float64(), 2)), [["1", "2.5"], []]),
    "lists of dictionaries": (pa.array([["a"], None], pa.list_(pa.dictionary(pa.int8(), pa.string()))), [["a"], []]),
    "lists of lists": ([[["a"], []], None], ['[["a"], []]', ""]),
    "lists of structs": ([[{"a": 1}], []], ['[{"a": 1}]', "[]"]),
    "maps": (pa.array([[("k", 1)], None], pa.map_(pa.string(), pa.int32())), ['[["k", 1]]', ""]),
}  # fmt: skip


@pytest.mark.parametrize("kind", VALUES)
def test_types_become_text(stored, kind):
    values, expected = VALUES[kind]
    table = stored({"x": values})
    assert column(table) == expected
    assert table.columns == {"x": "list" if isinstance(expected[0], list) else "text"}


def test_structs_are_columns(stored):
    answers = [{"text": ["a", "b"], "start": [1, 2], "by": {"name": "n"}}, None]
    table = stored({"id": [1, 2], "answers": answers})
    names = {"id": "text", "answers.by.name": "text", "answers.start": "list", "answers.text": "list"}
    assert table.columns == names
    assert column(table, "answers.text") == [["a", "b"], []]
    assert column(table, "answers.start") == [["1", "2"], []]
    assert column(table, "answers.by.name") == ["n", ""]


def test_class_labels_have_names(stored):
    label = {"names": ["neg", "pos"], "_type": "ClassLabel"}
    features = {"x": label, "tags": {"feature": label, "_type": "List"}, "old": [label], "s": {"y": label}, "n": 3}
    table = stored(
        {"x": [1, 0, -1, 9, None], "tags": [[0, 1]] * 5, "old": [[1]] * 5, "s": [{"y": 0}] * 5, "n": [7] * 5}, features
    )
    assert column(table) == ["pos", "neg", "", "9", ""]
    assert column(table, "tags") == [["neg", "pos"]] * 5
    assert column(table, "old") == [["pos"]] * 5
    assert column(table, "s.y") == ["neg"] * 5
    assert column(table, "n") == ["7"] * 5


def test_real_datasets_library(tmp_path):
    from datasets import ClassLabel, Dataset, Features, Image, List, Value

    features = Features(
        {"image": Image(), "label": ClassLabel(names=["cat", "dog"]), "tags": List(ClassLabel(names=["A", "B"])),
         "answers": {"text": List(Value("string"))}}
    )  # fmt: skip
    (tmp_path / "a.png").write_bytes(picture())
    rows = {
        "image": [{"bytes": picture(), "path": None}, str(tmp_path / "a.png")],
        "label": [1, 0],
        "tags": [[1, 0], []],
        "answers": [{"text": ["x"]}] * 2,
    }
    data = Dataset.from_dict(rows, features)
    data.to_parquet(tmp_path / "a.parquet")
    first, second = read_table(tmp_path / "a.parquet", "auto", {}, silent, Control()).open().to_pylist()
    image = Path(first.pop("image"))
    assert first == {"label": "dog", "tags": ["B", "A"], "answers.text": ["x"]}
    assert image.read_bytes() == picture()
    assert image.is_relative_to(cache_folder("images"))
    assert Path(second["image"]).read_bytes() == picture()
    assert (second["label"], second["tags"]) == ("cat", [])


def test_metadata_of_other_programs_is_no_hindrance(tmp_path):
    for index, text in enumerate([b"{", b"[]", b'{"info": 3}', b'{"info": {"features": []}}', b"\xff"]):
        table = pa.table({"x": [1]}).replace_schema_metadata({b"huggingface": text})
        pq.write_table(table, tmp_path / f"{index}.parquet")
        assert column(read_table(tmp_path / f"{index}.parquet", "auto", {}, silent, Control())) == ["1"]


def test_pictures_are_written_once(stored, tmp_path):
    (tmp_path / "beside.png").write_bytes(picture("blue"))
    images = [{"bytes": picture(), "path": "a.png"}, {"bytes": picture(), "path": None}, None,
              {"bytes": None, "path": "beside.png"}, {"bytes": None, "path": "gone.png"}]  # fmt: skip
    table = stored({"image": images, "raw": [picture("red", "JPEG"), None, b"", b"broken", picture("red", "WEBP")]})
    first, second, none, beside, gone = column(table, "image")
    assert first == second
    assert Path(first).is_absolute()
    assert (none, beside, gone) == ("", str(tmp_path / "beside.png"), "gone.png")
    raw = column(table, "raw")
    assert [Path(path).suffix for path in raw] == [".jpg", "", "", ".bin", ".webp"]
    assert len([item for item in cache_folder("images").rglob("*") if item.is_file()]) == 4


@pytest.mark.parametrize(
    "values",
    [[b"\x00\x01"], [{"bytes": b"sound", "path": "a.wav"}], [[b"\x00"]], [[{"bytes": b"x"}]], [{"deep": b"\x00"}]],
)
def test_other_bytes_name_their_column(stored, values):
    with pytest.raises(StudioError) as caught:
        stored({"good": ["a"], "audio": values})
    assert caught.value.code == "data.binary-column"
    assert "audio" in caught.value.params["name"]


def test_names_that_meet(stored):
    with pytest.raises(StudioError) as caught:
        stored({"a": [{"b": 1}], "a.b": [2]})
    assert (caught.value.code, caught.value.params["name"]) == ("data.duplicate-column", "a.b")


def test_pandas_keeps_its_row_numbers(tmp_path):
    import pandas as pd

    frame = pd.DataFrame({"text": ["a", "b", "c"], "n": [1, None, 3]})[lambda frame: frame["text"] != "b"]
    frame.to_parquet(tmp_path / "a.parquet")
    table = read_table(tmp_path / "a.parquet", "auto", {}, silent, Control())
    assert table.open().to_pylist() == [{"text": "a", "n": "1"}, {"text": "c", "n": "3"}]


def test_many_rows_in_small_batches(stored):
    from tlstudio.data.scan import scan
    from tlstudio.data.sources.parquet import PLUGIN

    table = stored({"x": [f"text {index}" for index in range(30_000)]}, row_group_size=10_000, compression="zstd")
    assert column(table)[29_999] == "text 29999"
    batches = list(PLUGIN.batches(scan(Path(table.path)), PLUGIN.Config()))
    assert max(batch.num_rows for batch in batches) <= 5_000
    assert len({batch.schema for batch in batches}) == 1


@pytest.mark.parametrize("share", [0.05, 0.5, 0.95])
def test_truncated(stored, share):
    table = stored({"x": [f"text {index}" for index in range(5_000)]})
    whole = Path(table.path).read_bytes()
    Path(table.path).write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(StudioError) as caught:
        read_table(table.path, "auto", {}, silent, Control())
    assert caught.value.code == "data.damaged"
    assert table.path in caught.value.message
    assert caught.value.remedy


def test_text_that_is_no_utf8_names_its_column(tmp_path):
    bad = pa.Array.from_buffers(
        pa.string(), 2, [None, pa.array([0, 1, 2], pa.int32()).buffers()[1], pa.py_buffer(b"a\xff")]
    )
    pq.write_table(pa.table({"good": ["a", "b"], "bad": bad}), tmp_path / "a.parquet")
    with pytest.raises(StudioError) as caught:
        read_table(tmp_path / "a.parquet", "auto", {}, silent, Control())
    assert (caught.value.code, caught.value.params["name"]) == ("data.damaged-column", "bad")

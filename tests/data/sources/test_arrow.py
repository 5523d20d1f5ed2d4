"""Arrow files and streams; the values are those of Parquet (test_parquet.py)."""

from __future__ import annotations

import uuid
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import feather

from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.progress import silent
from tlstudio.data.scan import scan
from tlstudio.data.sources.arrow import PLUGIN
from tlstudio.data.tables import read_table


def store(path: Path, table: pa.Table, kind: str) -> Path:
    if kind == "feather":
        feather.write_feather(table, path, compression="lz4")
        return path
    make = pa.ipc.new_file if kind == "file" else pa.ipc.new_stream
    with pa.OSFile(str(path), "wb") as stream, make(stream, table.schema) as writer:
        writer.write_table(table, max_chunksize=7_000)
    return path


def read(path: Path):
    table = read_table(path, "auto", {}, silent, Control())
    assert table.source == "arrow"
    return table


KINDS = ["file", "stream", "feather"]


@pytest.mark.parametrize("kind", KINDS)
def test_kinds(tmp_path, kind):
    data = pa.table({"text": [f"text {index}" for index in range(20_000)], "n": list(range(20_000))})
    path = store(tmp_path / "a.bin", data, kind)
    assert read(path).open().to_pydict() == {"text": data["text"].to_pylist(), "n": [str(n) for n in range(20_000)]}
    batches = list(PLUGIN.batches(scan(path), PLUGIN.Config()))
    assert max(batch.num_rows for batch in batches) <= 5_000


def test_types_that_parquet_has_not(tmp_path):
    data = pa.table({
        "ids": pa.array([uuid.UUID(int=5).bytes, None], pa.uuid()),
        "runs": pa.RunEndEncodedArray.from_arrays([1, 2], ["a", None]),
        "views": pa.array(["a", None], pa.string_view()),
        "lists": pa.array([[1, 2], None], pa.list_view(pa.int64())),
        "half": pa.array([0.5, None], pa.float16()),
    })  # fmt: skip
    table = read(store(tmp_path / "a.arrow", data, "stream"))
    assert [tuple(row.values()) for row in table.open().to_pylist()] == [
        (str(uuid.UUID(int=5)), "a", "a", ["1", "2"], "0.5"), ("", "", "", [], ""),
    ]  # fmt: skip


def test_cache_of_the_datasets_library(tmp_path):
    from datasets import ClassLabel, Dataset, Features, Value

    features = Features({"text": Value("string"), "label": ClassLabel(names=["neg", "pos"])})
    Dataset.from_dict({"text": ["a", "b"], "label": [1, 0]}, features).save_to_disk(str(tmp_path / "saved"))
    [path] = (tmp_path / "saved").glob("*.arrow")
    assert read(path).open().to_pylist() == [{"text": "a", "label": "pos"}, {"text": "b", "label": "neg"}]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("share", [0.3, 0.6, 0.97])
def test_truncated(tmp_path, kind, share):
    path = store(tmp_path / "a.bin", pa.table({"text": [f"text {index}" for index in range(9_000)]}), kind)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(StudioError) as caught:
        read(path)
    assert caught.value.code in ("data.damaged", "data.damaged-column")
    assert str(path) in caught.value.message


def test_offsets_that_lead_astray(tmp_path):
    path = store(tmp_path / "a.bin", pa.table({"text": ["aaaa", "bbbb", "cccc"]}), "stream")
    data = path.read_bytes()
    old, new = (b"".join(n.to_bytes(4, "little") for n in offsets) for offsets in ([0, 4, 8, 12], [0, 4, 1 << 30, 12]))
    assert old in data
    path.write_bytes(data.replace(old, new))
    with pytest.raises(StudioError) as caught:
        read(path)
    assert (caught.value.code, caught.value.params["name"]) == ("data.damaged-column", "text")


def test_what_only_begins_alike(tmp_path):
    for content in (b"\xff\xff\xff\xff" + bytes(50), b"\xff\xff\xff\xff\x10\0\0\0" + b"junk" * 20):
        (tmp_path / "a.bin").write_bytes(content)
        with pytest.raises(StudioError) as caught:
            read_table(tmp_path / "a.bin", "auto", {}, silent, Control())
        assert caught.value.code == "data.unknown-format"

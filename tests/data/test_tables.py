"""Any file as an Arrow table on disk, read once."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from tlstudio.core.control import Control
from tlstudio.core.errors import Cancelled, StudioError
from tlstudio.core.paths import cache_folder
from tlstudio.core.progress import silent
from tlstudio.data.sources.delimited import DelimitedSource
from tlstudio.data.tables import read_table


@pytest.fixture
def reads(monkeypatch):
    """Counts how often a CSV is really parsed."""
    calls = []
    original = DelimitedSource.batches

    def batches(self, found, config):
        calls.append(found.path)
        yield from original(self, found, config)

    monkeypatch.setattr(DelimitedSource, "batches", batches)
    return calls


def test_second_reading_comes_from_the_cache(written, reads):
    path = written("a.csv", [("a", "x"), ("b", "y")])
    first = read_table(path, "auto", {}, silent, Control())
    second = read_table(path, "auto", {}, silent, Control())
    assert first == second
    assert len(reads) == 1
    read_table(path, "csv", {"delimiter": ";"}, silent, Control())
    path.write_text("text,label\nc,x\n")
    third = read_table(path, "auto", {}, silent, Control())
    assert len(reads) == 3
    assert third.key != first.key
    assert third.open().to_pylist() == [{"text": "c", "label": "x"}]


def test_key_is_of_content_not_of_the_name(written):
    one = read_table(written("a.csv", [("a", "x")]), "auto", {}, silent, Control())
    two = read_table(written("b.csv", [("a", "x")]), "auto", {}, silent, Control())
    assert one.key == two.key
    assert [Path(table.path).name for table in (one, two)] == ["a.csv", "b.csv"]


@pytest.mark.parametrize(
    ("name", "content", "source"),
    [
        ("a.csv", "text,label\na,x\n", "csv"),
        ("a.txt", "text\tlabel\na\tx\n", "csv"),
        ("a.dat", '{"text": "a"}\n', "jsonl"),
        ("a.csv", '{"text": "a"}\n', "jsonl"),
    ],
)
def test_content_decides_the_source(read, name, content, source):
    assert read(name, content).source == source


def test_unknown_format_and_source(read, written):
    with pytest.raises(StudioError) as caught:
        read("a.pdf", b"%PDF-1.7 \0")
    assert caught.value.code == "data.unknown-format"
    assert "JSON Lines" in caught.value.remedy
    assert caught.value.params["kind"] == "a PDF document"
    with pytest.raises(StudioError) as caught:
        read_table(written("a.csv", [("a", "x")]), "wordstar", {}, silent, Control())
    assert caught.value.code == "recipe.unknown-plugin"


def test_a_name_that_no_source_knows():
    with pytest.raises(StudioError) as caught:
        read_table("gopher:data", "csv", {}, silent, Control())
    assert caught.value.code == "data.not-a-name"


def test_streamed_rows_are_the_mapped_rows(written):
    table = read_table(written("a.csv", [(f"t{i}", "x") for i in range(12_000)]), "auto", {}, silent, Control())
    batches = list(table.batches(["text"]))
    assert max(batch.num_rows for batch in batches) <= 5_000
    streamed = [text for batch in batches for text in batch.column(0).to_pylist()]
    assert streamed == table.open().column("text").to_pylist()
    assert table.rows == 12_000
    assert table.place(7)[1] == 8


def test_header_without_rows(read):
    with pytest.raises(StudioError) as caught:
        read("a.csv", "text,label\n")
    assert caught.value.code == "data.no-rows"


def test_progress_reaches_the_end(written):
    path = written("a.csv", [("words " * 20, "x")] * 5000)
    heard = []
    read_table(path, "auto", {}, heard.append, Control())
    assert heard[-1].stage == "prepare"
    assert heard[-1].done <= heard[-1].total == 2 * path.stat().st_size
    assert heard[-1].done > heard[-1].total / 2


@pytest.mark.parametrize(
    ("problem", "expected"), [(Cancelled(), Cancelled), (OSError(errno.ENOSPC, "No space left"), StudioError)]
)
def test_nothing_half_read_stays(written, monkeypatch, problem, expected):
    path = written("a.csv", [("a", "x")] * 10)
    original = DelimitedSource.batches

    def batches(self, found, config):
        yield from original(self, found, config)
        raise problem

    monkeypatch.setattr(DelimitedSource, "batches", batches)
    with pytest.raises(expected):
        read_table(path, "auto", {}, silent, Control())
    assert [item for item in cache_folder("datasets").rglob("*") if item.is_file()] == []


def test_a_source_of_names_does_not_read_another_file(written):
    with pytest.raises(StudioError) as caught:
        read_table(written("a.csv", [("a", "x")]), "digits", {}, silent, Control())
    assert caught.value.code == "data.not-a-file"


def test_an_error_in_an_archive_names_the_archive(tmp_path):
    import zipfile

    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("a.csv", "text,label\na,b,c\n")
    with pytest.raises(StudioError) as caught:
        read_table(tmp_path / "all.zip", "auto", {}, silent, Control())
    assert caught.value.code == "data.ragged-row"
    assert "all.zip" in caught.value.message
    assert "unpacked" not in caught.value.message

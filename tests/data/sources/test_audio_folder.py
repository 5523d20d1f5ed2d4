"""Folders of recordings: classes by folder, metadata, and broken files that stay as rows with their problem."""

from __future__ import annotations

import json

import pytest

from tests.data.samples import tone
from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.plugins import find
from tlstudio.core.progress import silent
from tlstudio.core.recipe import DataSection
from tlstudio.data.inspection import inspect
from tlstudio.data.scan import scan
from tlstudio.data.sources.audio_folder import PLUGIN, Options
from tlstudio.data.tables import recognise


@pytest.fixture
def folder(tmp_path):
    def write(*names):
        for name in names:
            (tmp_path / "sounds" / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "sounds" / name).write_bytes(tone(300 + len(name), 0.1))
        return tmp_path / "sounds"

    return write


def read(root, **options):
    found = scan(root)
    assert recognise(found) is PLUGIN
    return [row for batch in PLUGIN.batches(found, Options(**options)) for row in batch.to_pylist()]


def test_a_folder_a_class(folder):
    root = folder("train/hum/1.wav", "train/buzz/2.flac", "test/hum/3.MP3")
    rows = read(root)
    assert rows[2] == {"audio": str(root / "train/hum/1.wav"), "label": "hum", "split": "train",
                       "file": "train/hum/1.wav", "problem": ""}  # fmt: skip
    assert (rows[0]["file"], rows[0]["split"]) == ("test/hum/3.MP3", "test")
    assert "label" not in read(root, labels="none")[0]


def test_metadata_and_broken_files(folder):
    root = folder("a.wav", "b.wav", "c.wav")
    (root / "b.wav").write_text("no sound")
    rows = [{"file_name": "a.wav", "emotion": "glad"}, {"file_name": "b.wav", "emotion": "sad"}]
    (root / "metadata.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert [(row["emotion"], row["file"], row["problem"]) for row in read(root)] == [
        ("glad", "a.wav", ""), ("sad", "b.wav", "it is no WAV, FLAC, OGG, MP3, AIFF or AU recording"),
        ("", "c.wav", "the metadata does not name it"),
    ]  # fmt: skip


def test_one_folder_without_classes_is_refused(folder):
    with pytest.raises(StudioError) as caught:
        read(folder("1.wav", "2.wav"))
    assert caught.value.code == "data.no-class-folders"
    with pytest.raises(StudioError) as caught:
        list(PLUGIN.batches(scan(folder("1.wav").parent.parent / "nothing-here"), Options()))
    assert caught.value.code in ("files.missing", "data.no-recordings")


def test_recordings_in_a_table_become_files(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    sounds = [{"bytes": tone(300 + index, 0.1, format=kind), "path": f"{index}"}
              for index, kind in enumerate(("WAV", "FLAC", "OGG", "MP3"))]  # fmt: skip
    table = pa.table({"audio": sounds, "label": ["a", "b", "a", "b"], "raw": [sound["bytes"] for sound in sounds]})
    pq.write_table(table, tmp_path / "a.parquet")
    plugin = find("tlstudio.data.sources")["parquet"]
    found = scan(tmp_path / "a.parquet")
    rows = [row for batch in plugin.batches(found, plugin.settle(found, plugin.Config())) for row in batch.to_pylist()]
    assert [row["audio"].rsplit(".", 1)[-1] for row in rows] == ["wav", "flac", "ogg", "mp3"]
    assert [row["raw"] for row in rows] == [row["audio"] for row in rows]
    reply = inspect(DataSection(path=str(tmp_path / "a.parquet")), silent, Control())
    assert reply["roles"] == {"label": "label", "audio": "audio"}

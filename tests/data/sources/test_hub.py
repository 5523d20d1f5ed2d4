"""Reading what was downloaded from the hub: never the network, splits by name, parts as one table."""

from __future__ import annotations

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.paths import cache_folder
from tlstudio.core.progress import silent
from tlstudio.data.sources.hub import PLUGIN, Options
from tlstudio.data.tables import read_table

COMMIT, LATER = "a" * 40, "b" * 40
PLACE = "hub:org/words"


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    monkeypatch.setattr("tlstudio.core.hub.online", lambda *_given: pytest.fail("the network was asked for"))


@pytest.fixture
def here():
    """Puts a download where ``download_dataset`` does: ``here({"default": {"train": {"a.csv": b"..."}}})``."""

    def put(contents, commit=COMMIT, default="default", branch="main"):
        root = cache_folder("hub-datasets") / "org--words"
        sizes = {}
        for splits in contents.values():
            for files in splits.values():
                for name, content in files.items():
                    (root / commit / name).parent.mkdir(parents=True, exist_ok=True)
                    (root / commit / name).write_bytes(content)
                    sizes[name] = len(content)
        files = {name: {split: list(members) for split, members in splits.items()} for name, splits in contents.items()}
        record = {"name": "org/words", "revision": commit, "default": default, "files": files, "sizes": sizes}
        (root / commit / "snapshot.json").write_text(json.dumps(record))
        (root / "refs").mkdir(exist_ok=True)
        (root / "refs" / branch).write_text(commit)
        return root / commit

    return put


def read(place=PLACE, **options):
    return read_table(place, "auto", options, silent, Control())


def refused(code, place=PLACE, **options):
    with pytest.raises(StudioError) as caught:
        read(place, **options)
    assert caught.value.code == code
    return caught.value


def csv(*texts):
    return ("text,label\n" + "".join(f"{text},x\n" for text in texts)).encode()


def texts(table):
    return table.open()["text"].to_pylist()


def test_splits_by_name_and_by_option(here):
    here({"default": {"train": {"train.csv": csv("a", "b")}, "test": {"test.csv": csv("c")}}})
    table = read()
    assert table.source == "hub"
    assert table.options == {"configuration": "default", "hub_split": "train", "revision": COMMIT}
    assert texts(table) == ["a", "b"]
    assert texts(read(f"{PLACE}#test")) == ["c"]
    assert texts(read(f"{PLACE}#default/test")) == ["c"]
    assert texts(read(hub_split="test")) == ["c"]
    assert texts(read(f"{PLACE}#train", hub_split="test")) == ["a", "b"], "the name goes first"


def test_the_only_split_is_taken(here):
    here({"default": {"odd": {"a.csv": csv("a")}}})
    assert read().options["hub_split"] == "odd"


def test_configurations(here):
    here({"de": {"train": {"de.csv": csv("ja")}}, "en": {"train": {"en.csv": csv("yes")}}}, default="en")
    assert texts(read()) == ["yes"]
    for place, options in ((PLACE, {"configuration": "de"}), (f"{PLACE}#de/train", {}), (f"{PLACE}#de/auto", {})):
        assert texts(read(place, **options)) == ["ja"]
    here({"de": {"train": {"de.csv": csv("ja")}}, "en": {"train": {"en.csv": csv("yes")}}}, default=None)
    assert "de, en" in refused("data.which-configuration").message
    here({"de": {"train": {"de.csv": csv("ja")}}}, default=None)
    assert texts(read()) == ["ja"]


def test_revisions(here):
    here({"default": {"train": {"a.csv": csv("old")}}}, COMMIT, branch="v1")
    here({"default": {"train": {"a.csv": csv("new")}}}, LATER)
    assert texts(read()) == ["new"]
    assert texts(read(f"{PLACE}@{COMMIT}")) == texts(read(f"{PLACE}@v1")) == texts(read(revision=COMMIT)) == ["old"]
    assert read(revision="v1").options["revision"] == COMMIT


def test_what_is_not_here(here):
    error = refused("data.not-downloaded")
    assert error.where == "data.path"
    assert "tlstudio download-data org/words" in error.remedy
    here({"de": {"train": {"de.csv": csv("ja")}}}, default="en")
    refused("data.not-downloaded")
    assert "--configuration en" in refused("data.not-downloaded", f"{PLACE}#en/train").remedy
    assert "--revision v2" in refused("data.not-downloaded", f"{PLACE}@v2").remedy
    assert "Choose one of: train." in refused("data.no-hub-split", f"{PLACE}#de/test").remedy
    refused("data.bad-hub-name", "hub:a/b/c")


@pytest.mark.parametrize("damage", ["gone", "cut"])
def test_a_file_that_was_lost(here, damage):
    folder = here({"default": {"train": {"train.csv": csv("a", "b")}}})
    (folder / "train.csv").unlink() if damage == "gone" else (folder / "train.csv").write_bytes(b"text")
    refused("data.not-downloaded")


def test_several_files_are_one_table(here):
    parts = {"1.jsonl": b'{"text": "a", "tags": ["x"]}\n', "2.jsonl": b'{"text": "b", "late": true}\n{"text": "c"}\n'}
    here({"default": {"train": parts}})
    table = read()
    assert table.columns == {"text": "text", "tags": "list", "late": "text"}
    assert table.open().to_pylist() == [
        {"text": "a", "tags": ["x"], "late": ""}, {"text": "b", "tags": [], "late": "true"},
        {"text": "c", "tags": [], "late": ""},
    ]  # fmt: skip


def test_parts_that_do_not_fit(here):
    here({"default": {"train": {"1.jsonl": b'{"text": "a"}\n', "2.jsonl": b'{"text": ["b"]}\n'}}})
    assert "'text'" in refused("data.different-columns").message


def test_parquet_with_class_names(here, tmp_path):
    features = {"text": {"dtype": "string", "_type": "Value"}, "label": {"names": ["no", "yes"], "_type": "ClassLabel"}}
    schema = pa.schema([("text", pa.string()), ("label", pa.int64())],
                       metadata={"huggingface": json.dumps({"info": {"features": features}})})  # fmt: skip
    pq.write_table(pa.table({"text": ["a", "b"], "label": [1, 0]}, schema), tmp_path / "a.parquet")
    content = (tmp_path / "a.parquet").read_bytes()
    here({"default": {"train": {"en/train/0000.parquet": content, "en/train/0001.parquet": content}}})
    assert read().open().to_pylist() == [{"text": "a", "label": "yes"}, {"text": "b", "label": "no"}] * 2


def test_the_key_follows_the_content(here):
    here({"default": {"train": {"a.csv": csv("a")}, "test": {"b.csv": csv("b")}}})
    here({"default": {"train": {"a.csv": csv("a")}, "test": {"b.csv": csv("b")}}}, LATER)
    keys = {read(place).key for place in (PLACE, f"{PLACE}#test", f"{PLACE}@{COMMIT}")}
    assert len(keys) == 3
    assert read().key == read().key == read(f"{PLACE}#train").key


def test_an_empty_part(here):
    here({"default": {"train": {"1.jsonl": b"{}\n", "2.jsonl": b'{"text": "b"}\n'}}})
    assert texts(read()) == ["b"]


def test_settled_options_stay(here):
    here({"default": {"train": {"a.csv": csv("a")}}})
    found = PLUGIN.locate(PLACE, Options(), silent, Control())
    settled = PLUGIN.settle(found, Options())
    assert PLUGIN.settle(found, settled) == settled
    assert (found.kind, found.size, found.names) == ("name", len(csv("a")), ("a.csv",))

"""Folders of images: classes by folder, metadata files, split folders, and nothing that vanishes."""

from __future__ import annotations

import json
import os

import pytest
from PIL import Image

from tlstudio.core.errors import StudioError
from tlstudio.data.scan import scan
from tlstudio.data.sources import media
from tlstudio.data.sources.image_folder import PLUGIN, Options


@pytest.fixture
def folder(tmp_path):
    """Writes files: images by their ending, texts as they are given."""

    def write(*names, **texts):
        root = tmp_path / "pictures"
        for name in names:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (2, 2)).save(root / name, "PNG")
        for name, text in texts.items():
            (root / name.replace("__", ".")).write_text(text)
        return root

    return write


def read(root, **options):
    found = scan(root)
    assert PLUGIN.recognises(found)
    config = PLUGIN.settle(found, Options(**options))
    return [row for batch in PLUGIN.batches(found, config) for row in batch.to_pylist()]


def refused(code, root, **options):
    with pytest.raises(StudioError) as caught:
        read(root, **options)
    assert caught.value.code == code
    assert caught.value.remedy
    return caught.value


def labels(rows):
    return {row["file"]: row["label"] for row in rows}


def test_a_folder_a_class(folder):
    root = folder("cat/1.png", "cat/deep/2.PNG", "dog/1.jpg")
    rows = read(root)
    assert rows[0] == {"image": str(root / "cat/1.png"), "label": "cat", "file": "cat/1.png", "problem": ""}
    assert labels(rows) == {"cat/1.png": "cat", "cat/deep/2.PNG": "cat", "dog/1.jpg": "dog"}
    assert read(root, labels="none")[0] == {"image": str(root / "cat/1.png"), "file": "cat/1.png", "problem": ""}


def test_names_that_differ_by_case(folder):
    rows = read(folder("cat/a.png", "cat/A.png", "dog/a.png"))
    assert len(rows) == len(set(labels(rows))) == 3


def test_a_folder_around_everything_is_no_class(folder):
    assert set(labels(read(folder("pets/all/cat/1.png", "pets/all/dog/1.png"))).values()) == {"cat", "dog"}


def test_one_class_folder_is_one_class(folder):
    assert labels(read(folder("cat/1.png", "cat/2.png"))) == {"cat/1.png": "cat", "cat/2.png": "cat"}


def test_split_folders_become_a_column(folder):
    rows = read(folder("Train/cat/1.png", "Train/dog/1.png", "val/cat/2.png", "test/dog/2.png"))
    assert {row["file"]: (row["split"], row["label"]) for row in rows} == {
        "Train/cat/1.png": ("train", "cat"), "Train/dog/1.png": ("train", "dog"),
        "val/cat/2.png": ("validation", "cat"), "test/dog/2.png": ("test", "dog"),
    }  # fmt: skip


def test_an_image_beside_the_class_folders_has_no_class(folder):
    assert labels(read(folder("1.png", "cat/1.png", "dog/1.png")))["1.png"] == ""


def test_no_classes_at_all(folder):
    error = refused("data.no-class-folders", folder("1.png", "2.png"))
    assert error.where == "data.labels"


def test_split_folders_without_classes(folder):
    root = folder("train/1.png", "test/2.png")
    refused("data.no-class-folders", root)
    assert {row["split"] for row in read(root, labels="none")} == {"train", "test"}


def test_broken_images_stay_as_rows(folder):
    root = folder("cat/1.png", "dog/1.png", "dog/2.png")
    (root / "cat/1.png").write_bytes(b"")
    (root / "dog/2.png").write_bytes(b"no image")
    problems = {row["file"]: row["problem"] for row in read(root)}
    assert problems["cat/1.png"] == "it is an empty file"
    assert problems["dog/1.png"] == ""
    assert problems["dog/2.png"].startswith("it is no PNG")


@pytest.mark.parametrize("column", ["file_name", "File", "image", " path "])
def test_metadata_as_csv(folder, column):
    root = folder("1.png", "2.png", metadata__csv=f"{column},label,age\n1.png,cat,007\n./2.png,dog,\n")
    rows = read(root)
    assert list(rows[0]) == ["image", "label", "age", "file", "problem"]
    assert rows[0] == {"image": str(root / "1.png"), "label": "cat", "age": "007", "file": "1.png", "problem": ""}
    assert rows[1]["label"] == "dog"


def test_metadata_as_json_lines(folder):
    lines = [{"file_name": "a/1.png", "label": "cat", "file": 3}, {"file_name": "a/2.png", "note": "x"}]
    rows = read(folder("a/1.png", "a/2.png", metadata__jsonl="\n".join(map(json.dumps, lines))))
    assert [(row["label"], row["note"], row["metadata_file"]) for row in rows] == [("cat", "", "3"), ("", "x", "")]


@pytest.mark.parametrize("name", ["2", "2.png", "sub\\2.png", "sub/2", "C:\\Users\\me\\2.png"])
def test_metadata_may_be_short(folder, name):
    root = folder("sub/1.png", "sub/2.png", labels__csv=f"image,label\nsub/1.png,cat\n{name},dog\n")
    assert labels(read(root)) == {"sub/1.png": "cat", "sub/2.png": "dog"}


def test_metadata_with_absolute_paths(folder, tmp_path):
    root = folder("1.png")
    (root / "metadata.csv").write_text(f"path,label\n{root / '1.png'},cat\n")
    assert labels(read(root)) == {"1.png": "cat"}


def test_metadata_in_split_folders(folder):
    root = folder("train/1.png", "test/1.png")
    (root / "train/metadata.csv").write_text("file_name,label\n1.png,cat\n")
    (root / "test/metadata.csv").write_text("file_name,label,extra\n1.png,dog,x\n")
    rows = {row["file"]: row for row in read(root)}
    assert [(row["split"], row["label"], row["extra"]) for row in (rows["train/1.png"], rows["test/1.png"])] == [
        ("train", "cat", ""), ("test", "dog", "x")
    ]  # fmt: skip


def test_metadata_without_labels_beside_class_folders(folder):
    root = folder("cat/1.png", "dog/2.png", metadata__csv="file,author\ncat/1.png,a\ndog/2.png,b\n")
    assert [(row["label"], row["author"]) for row in read(root)] == [("cat", "a"), ("dog", "b")]
    assert "label" not in read(root, labels="none")[0]


def test_an_image_that_the_metadata_does_not_name(folder):
    root = folder("1.png", "2.png", metadata__csv="file_name,label\n1.png,cat\n")
    rows = {row["file"]: row for row in read(root)}
    assert (rows["2.png"]["label"], rows["2.png"]["problem"]) == ("", "the metadata does not name it")
    assert rows["1.png"]["problem"] == ""


@pytest.mark.parametrize("name", ["9.png", "../9.png", "/etc/passwd", ""])
def test_metadata_that_names_a_missing_image(folder, name):
    root = folder("1.png", metadata__csv=f'file_name,label\n1.png,cat\n"{name}",dog\n')
    error = refused("data.no-such-file", root)
    assert error.params["row"] == 2
    assert name in error.message
    assert error.where.endswith("metadata.csv")


def test_metadata_that_is_ambiguous(folder):
    error = refused("data.no-such-file", folder("a/1.png", "b/1.png", metadata__csv="file,label\n1.png,cat\n"))
    assert error.params["count"] == 2


def test_metadata_without_a_file_column(folder):
    error = refused("data.no-file-column", folder("1.png", metadata__csv="id,label\n1,cat\n"))
    assert "id, label" in error.message


def test_a_list_of_class_names_is_no_metadata(folder):
    assert labels(read(folder("a/1.png", "b/2.png", labels__csv="id,name\n0,cat\n1,dog\n")))["a/1.png"] == "a"


def test_damaged_metadata_is_named(folder):
    error = refused("data.ragged-row", folder("1.png", metadata__csv="file,label\n1.png,cat,x\n"))
    assert error.where.endswith("metadata.csv")


@pytest.mark.skipif(os.name == "nt", reason="names are text there")
def test_a_name_that_is_no_text(folder):
    root = folder("cat/1.png", "dog/1.png")
    with open(os.fsencode(root) + b"/dog/\xff.png", "wb") as stream:
        stream.write((root / "dog/1.png").read_bytes())
    rows = {row["file"]: row["problem"] for row in read(root)}
    assert rows == {"cat/1.png": "", "dog/1.png": "", "dog/?.png": "its name is no UTF-8 text; rename it"}


def test_batches_are_small(folder, monkeypatch):
    monkeypatch.setattr(media, "_ROWS", 3)
    root = folder(*(f"{label}/{number}.png" for label in "ab" for number in range(5)))
    found = scan(root)
    batches = PLUGIN.batches(found, Options())
    assert next(batches).num_rows == 3
    batches.close()  # as when the user cancels
    assert [batch.num_rows for batch in PLUGIN.batches(found, Options())] == [3, 3, 3, 1]
    monkeypatch.setattr(media, "_BYTES", 1)
    assert {batch.num_rows for batch in PLUGIN.batches(found, Options())} == {1}


def test_other_folders_are_not_recognised(folder, tmp_path):
    root = folder("1.png")
    for number in range(2):
        (root / f"{number}.txt").write_text("text")
    assert not PLUGIN.recognises(scan(root))
    assert not PLUGIN.recognises(scan(root / "0.txt"))
    (root / "1.png").unlink()
    with pytest.raises(StudioError) as caught:
        list(PLUGIN.batches(scan(root), Options()))
    assert caught.value.code == "data.no-images"


def test_the_emoji(assets):
    rows = read(assets / "data/images/emoji_google")
    assert len(rows) == 1756
    assert len({row["label"] for row in rows}) == 9
    assert sum(row["split"] == "test" for row in rows) == 334
    assert not any(row["problem"] for row in rows)

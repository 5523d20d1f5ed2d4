"""Pascal VOC: one XML file an image; nothing in it is trusted, and nothing vanishes."""

from __future__ import annotations

import pytest
from PIL import Image

from tests.data.samples import voc
from tlstudio.core.control import Control
from tlstudio.core.progress import silent
from tlstudio.data.tables import read_table

BOMB = b"""<?xml version="1.0"?><!DOCTYPE annotation [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]>
<annotation><filename>&b;</filename></annotation>"""


@pytest.fixture
def folder(tmp_path):
    def write(files, images):
        for name, content in files.items():
            (tmp_path / "voc" / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "voc" / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        for name in images:
            (tmp_path / "voc" / name).parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (4, 3)).save(tmp_path / "voc" / name)
        return tmp_path / "voc"

    return write


def rows(root, **options):
    table = read_table(root, "auto", options, silent, Control())
    assert table.source == "voc"
    return {row["file"]: row for row in table.open().to_pylist()}


def test_boxes_lists_and_what_is_not_there(folder):
    hard = voc("2.png", ("cat", (1, 1, 4, 3)), more="<difficult>1</difficult>")
    root = folder(
        {
            "Annotations/1.xml": voc("1.png", ("cat", (1, 1, 2, 2)), ("dog", (2, 1, 99, 3)), ("dog", (3, 3, 2, 2)),
                                     more="<part><name>head</name><bndbox><xmin>1</xmin></bndbox></part>"),
            "Annotations/2.xml": hard, "Annotations/3.xml": voc("3.png"), "Annotations/5.xml": voc("5.png"),
            "ImageSets/Main/train.txt": "1\n3  1\n", "ImageSets/Main/val.txt": "2\n", "ImageSets/Main/cat_val.txt": "9",
            "ImageSets/Main/trainval.txt": "1\n2\n4",
        },
        ["JPEGImages/1.png", "JPEGImages/2.png", "JPEGImages/3.png", "JPEGImages/4.png", "SegmentationClass/1.png"],
    )  # fmt: skip
    found = rows(root)
    assert found["JPEGImages/1.png"] == {
        "image": str(root / "JPEGImages/1.png"), "boxes": ["0 0 2 2", "1 0 4 3"], "box_labels": ["cat", "dog"],
        "split": "train", "left_out": "1 without area", "file": "JPEGImages/1.png", "problem": "",
    }  # fmt: skip
    assert (found["JPEGImages/2.png"]["split"], found["JPEGImages/2.png"]["boxes"]) == ("validation", ["0 0 4 3"])
    assert found["JPEGImages/3.png"]["boxes"] == []
    assert found["JPEGImages/4.png"]["problem"] == "no XML file tells its boxes"
    assert found["Annotations/5.xml"]["problem"] == "its image is not there"
    assert "SegmentationClass/1.png" not in found
    easy = rows(root, difficult="drop")["JPEGImages/2.png"]
    assert (easy["boxes"], easy["left_out"]) == ([], "1 difficult")


def test_images_beside_the_files_and_folders_as_splits(folder):
    names = ["train/a.png", "valid/b.png"]
    root = folder(
        {name.replace("png", "xml"): voc("elsewhere/" + name[-5:], ("x", (1, 1, 3, 3))) for name in names}, names
    )
    assert {name: row["split"] for name, row in rows(root).items()} == {"train/a.png": "train",
                                                                       "valid/b.png": "validation"}  # fmt: skip


@pytest.mark.parametrize(
    "content", [BOMB, b"<annotation><object>", "<annotation>ä".encode("latin-1"), b"<annotation>\0"]
)
def test_bad_xml_is_a_problem_of_its_row(content, folder):
    root = folder(
        {"Annotations/a.xml": voc("a.png"), "Annotations/b.xml": content}, ["JPEGImages/a.png", "JPEGImages/b.png"]
    )
    found = rows(root)
    assert found["JPEGImages/a.png"]["problem"] == ""
    assert found["JPEGImages/b.png"]["problem"].startswith("its XML file cannot be read (")
    assert "declares" in found["JPEGImages/b.png"]["problem"] or content != BOMB


def test_objects_without_name_or_place_are_counted(folder):
    content = voc("a.png", ("cat", (1, 1, 2, 2)), ("", (1, 1, 2, 2))).replace(b"<xmin>1", b"<xmin>one", 1)
    found = rows(folder({"Annotations/a.xml": content}, ["JPEGImages/a.png"]))
    assert found["JPEGImages/a.png"]["left_out"] == "2 without name or place"

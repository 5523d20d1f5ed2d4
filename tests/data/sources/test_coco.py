"""COCO documents: pixels instead of widths, crowds and empty boxes counted, images found where they usually lie."""

from __future__ import annotations

import json

import pytest
from PIL import Image

from tests.data.samples import coco
from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.progress import silent
from tlstudio.data.tables import read_table


@pytest.fixture
def place(tmp_path):
    """Writes the document and its three images."""

    def write(document="boxes.json", images="images", content=None):
        (tmp_path / images).mkdir(parents=True, exist_ok=True)
        for index in range(3):
            Image.new("RGB", (4, 3), (index, 0, 0)).save(tmp_path / images / f"{index}.png")
        (tmp_path / document).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / document).write_bytes(content or coco())
        return tmp_path / document

    return write


def rows(path, **options):
    table = read_table(path, "auto", options, silent, Control())
    assert table.source == "coco"
    return table.open().to_pylist()


def test_boxes_in_pixels(place):
    path = place()
    found = rows(path)
    assert [row["file"] for row in found] == ["0.png", "1.png", "2.png"]
    assert found[0]["boxes"] == found[0]["box_labels"] == []
    assert found[1] == {"image": str(path.parent / "images/1.png"), "boxes": ["1 0.5 3 2.5"], "box_labels": ["cat"],
                        "file": "1.png", "left_out": "1 crowd"}  # fmt: skip
    # cut at the edges of the image; one without area
    assert (found[2]["boxes"], found[2]["left_out"]) == (["2 1 4 3"], "1 without area")
    crowded = rows(path, crowd="keep")[1]
    assert (crowded["boxes"], crowded["box_labels"]) == (["1 0.5 3 2.5", "0 0 4 3"], ["cat", "dog"])


@pytest.mark.parametrize(
    ("document", "images"),
    [("a.json", "."), ("annotations/instances_val2017.json", "val2017"), ("x/train.json", "x/train"),
     ("annotations/all.json", "images"), ("a.json", "images/a")],
)  # fmt: skip
def test_the_images_are_found(place, document, images):
    path = place(document, images)
    assert all(row["image"].endswith(f"/{index}.png") for index, row in enumerate(rows(path)))
    folder = path.parents[len(document.split("/")) - 1]
    assert len(rows(folder)) == 3, "the folder itself is read as well"


def test_the_folder_is_an_option_and_part_of_the_key(place, tmp_path):
    path = place("a.json", "far/away")
    with pytest.raises(StudioError) as caught:
        rows(path)
    assert (caught.value.code, caught.value.where) == ("data.no-coco-images", "data.images")
    assert rows(path, images="far/away")[0]["image"] == str(tmp_path / "far/away/0.png")
    with pytest.raises(StudioError) as caught:
        rows(path, images="gone")
    assert caught.value.code == "data.no-image-folder"


def test_several_documents_are_splits(place, tmp_path):
    for split in ("train", "val"):
        place(f"annotations/instances_{split}2017.json", f"{split}2017")
    (tmp_path / "annotations/captions_val2017.json").write_text('{"images": [{"id": 1}], "annotations": []}')
    found = rows(tmp_path)
    assert [(row["split"], row["file"]) for row in found] == [
        (split, f"{folder}/{index}.png") for split, folder in (("train", "train2017"), ("validation", "val2017"))
        for index in range(3)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("part", "change", "named"),
    [
        ("annotations", {"image_id": 99}, "annotations[0].image_id"),
        ("annotations", {"category_id": 99}, "annotations[0].category_id"),
        ("annotations", {"category_id": [1]}, "annotations[0].category_id"),
        ("annotations", {"bbox": [1, 2, 3]}, "annotations[0].bbox"),
        ("annotations", {"bbox": [1, 2, "3", True]}, "annotations[0].bbox"),
        ("images", {"id": 7}, "images[1].id"),
        ("images", {"file_name": ""}, "images[0].file_name"),
        ("categories", {"id": {}}, "categories[0].id"),
    ],
)
def test_wrong_parts_are_named(place, part, change, named):
    document = json.loads(coco())
    document[part][0] |= change
    with pytest.raises(StudioError) as caught:
        rows(place(content=json.dumps(document).encode()))
    assert (caught.value.code, caught.value.params["place"]) == ("data.bad-coco", named)


def test_other_json_is_left_to_others(written):
    for content in ('{"images": [{"a": 1}], "text": "x"}', '[{"text": "a", "label": "b"}]'):
        path = written("a.json", content)
        assert read_table(path, "auto", {}, silent, Control()).source == "json"

"""Boxes as ``datasets`` keeps them are recognised, whichever way they are nested, and read the right way round."""

from __future__ import annotations

import json

import pyarrow as pa
import pytest
from pyarrow import parquet

from tests.data import patients
from tlstudio.core.recipe import DataSection

SIZES = [[10, 20, 30, 15], [40, 50, 5, 6]]  # left, top, width, height
CORNERS = [[10, 20, 40, 35], [40, 50, 45, 56]]
READ = ["10 20 40 35", "40 50 45 56"]


def lines(*rows):
    return "".join(json.dumps(row) + "\n" for row in rows)


def boxes(table):
    rows = table.open().to_pylist()
    return [(row["boxes"], row["box_labels"]) for row in rows]


def test_lists_beside_each_other_in_json_lines(read):
    table = read("a.jsonl", lines(
        {"image": "a.png", "objects": {"id": [1, 2], "bbox": SIZES, "category": [0, 3]}},
        {"image": "b.png", "objects": {"id": [], "bbox": [], "category": []}},
        {"image": "c.png", "objects": None},
    ))  # fmt: skip
    assert table.columns == {"image": "text", "objects.id": "list", "objects": "text", "boxes": "list",
                             "box_labels": "list", "left_out": "text"}  # fmt: skip
    assert boxes(table) == [(READ, ["0", "3"]), ([], []), ([], [])]


def test_a_list_of_pairs_and_one_document(read):
    rows = [{"image": "a.png", "objects": [{"bbox": SIZES[0], "category": "cat"}, {"bbox": SIZES[1], "label": "dog"}]},
            {"image": "b.png", "objects": []}]  # fmt: skip
    for name, content in (("a.jsonl", lines(*rows)), ("a.json", json.dumps(rows))):
        assert boxes(read(name, content)) == [(READ, ["cat", "dog"]), ([], [])]


@pytest.mark.parametrize(
    ("size", "given", "corners"),
    [
        ((60, 60), SIZES, False),
        ((60, 60), CORNERS, True),  # as sizes they would reach beyond the image
        ((640, 480), [[10, 20, 40, 35]], False),  # both ways are possible: as the documentation says
        (None, SIZES, False),
        (None, CORNERS, False),
        (None, CORNERS * 10, True),  # so many do not grow by chance
    ],
)
def test_sizes_or_corners(size, given, corners, read):
    row = {"image": "a.png", "objects": {"bbox": given, "category": ["x"] * len(given)}}
    row |= {"width": size[0], "height": size[1]} if size else {}
    [(found, _names)] = boxes(read("a.jsonl", lines(row)))
    left, top, third, fourth = given[0]
    right, bottom = (third, fourth) if corners else (left + third, top + fourth)
    assert found[0] == f"{left} {top} {right} {bottom}"


def test_parquet_with_named_classes(tmp_path, read):
    kind = pa.struct([("bbox", pa.list_(pa.list_(pa.float32(), 4))), ("category", pa.list_(pa.int64()))])
    objects = pa.array([{"bbox": SIZES, "category": [1, 0]}, {"bbox": [], "category": []}], kind)
    feature = {"bbox": {"feature": {"feature": {"dtype": "float32"}}}, "category": {"feature": {
        "names": ["cat", "dog"], "_type": "ClassLabel"}}}  # fmt: skip
    table = pa.table({"image": ["a.png", "b.png"], "width": [50, 50], "height": [60, 60], "objects": objects})
    table = table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": {"objects": feature}}})})
    parquet.write_table(table, tmp_path / "x.parquet")
    found = read("a.parquet", (tmp_path / "x.parquet").read_bytes())
    assert boxes(found) == [(READ, ["dog", "cat"]), ([], [])]
    with pa.OSFile(str(tmp_path / "x.arrow"), "wb") as stream, pa.ipc.new_stream(stream, table.schema) as writer:
        writer.write_table(table)
    assert boxes(read("a.arrow", (tmp_path / "x.arrow").read_bytes())) == boxes(found)


def test_what_has_no_area_is_counted_and_what_is_no_box_is_told(read):
    good = {"image": "a.png", "objects": {"bbox": SIZES, "category": ["x", "y"]}}
    flat = {"image": "b.png", "objects": {"bbox": [[1, 2, 0, 5]], "category": ["x"]}}
    table = read("a.jsonl", lines(good, flat))
    assert table.open().column("left_out").to_pylist() == ["", "1 without area"]
    few = [good] * 20 + [{"image": "z.png", "objects": {"bbox": SIZES, "category": ["x"]}}]
    assert boxes(read("c.jsonl", lines(*few)))[-1] == (READ, ["x"])
    more = [good] * 6_000 + [{"image": "z.png", "objects": {"bbox": [[1, 2]], "category": ["x", "y"]}}]
    assert boxes(read("b.jsonl", lines(*more)))[-1] == (["[1, 2]"], ["x", "y"])


@pytest.mark.parametrize(
    "row",
    [
        {"text": "a", "bbox": "none"},
        {"image": "a.png", "objects": {"bbox": [[1, 2, 3]], "category": ["x"]}},
        {"image": "a.png", "objects": {"bbox": SIZES, "area": [1, 2]}},
        {"image": "a.png", "objects": {"bbox": SIZES, "category": ["x", "y"]}, "boxes": "mine"},
        {"tokens": ["a", "b"], "bbox": SIZES, "labels": ["x", "y"]},  # places of the words of a page
        {"image": "a.png", "objects": "[]"},
    ],
)
def test_other_columns_stay(row, read):
    table = read("a.jsonl", lines(row))
    assert not {"box_labels", "left_out"} & table.columns.keys()


def test_they_are_learnt_from_without_a_word(tmp_path):
    rows = []
    for index in range(12):
        patients.picture(index, 48).save(tmp_path / f"{index}.png")
        rows.append({"file_name": f"{index}.png", "objects": {"bbox": [[index, 3, 20, 20]], "categories": ["cat"]}})
    (tmp_path / "metadata.jsonl").write_text(lines(*rows), encoding="utf-8")
    labelled = patients.read(DataSection(path=str(tmp_path)))
    assert set(labelled.roles.columns) == {"image", "boxes", "box_labels"}
    assert patients.look(DataSection(path=str(tmp_path)), "boxes", "flawed") == {}
    rows[3]["objects"]["bbox"] = [[40, 3, 40, 20]]
    (tmp_path / "metadata.jsonl").write_text(lines(*rows), encoding="utf-8")
    found = patients.look(DataSection(path=str(tmp_path)), "boxes", "flawed")
    assert found["boxes-outside"]["count"] == 1
    assert found["boxes-outside"]["samples"][0]["detail"] == "40 3 80 23 / 48×48"

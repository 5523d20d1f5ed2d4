"""What sources have left out of boxes is counted; tiny boxes and images without any are told."""

from __future__ import annotations

import json

from tests.data import patients
from tests.data.samples import coco
from tlstudio.core.recipe import DataSection


def test_boxes(tmp_path):
    document = json.loads(coco())
    for index in range(3):
        patients.picture(index, 40).save(tmp_path / f"{index}.png")
    for image in document["images"]:
        image["width"] = image["height"] = 40
    (tmp_path / "boxes.json").write_text(json.dumps(document))
    found = patients.look(DataSection(path=str(tmp_path / "boxes.json")), "boxes")
    assert set(found) == {"boxes-left-out", "tiny-boxes"}
    assert (found["boxes-left-out"]["count"], found["boxes-left-out"]["params"]["images"]) == (2, 2)
    assert {sample["detail"] for sample in found["boxes-left-out"]["samples"]} == {"1 crowd", "1 without area"}
    assert found["tiny-boxes"]["count"] == 1
    [fix] = found["tiny-boxes"]["fixes"]
    assert fix["step"]["name"] == "drop-rows"
    data = DataSection(path=str(tmp_path / "boxes.json"))
    assert "tiny-boxes" not in patients.look(patients.mended(data, fix), "boxes")
    document["annotations"] = document["annotations"][:1]
    (tmp_path / "boxes.json").write_text(json.dumps(document))
    found = patients.look(DataSection(path=str(tmp_path / "boxes.json")), "boxes")
    assert (found["images-without-boxes"]["count"], found["images-without-boxes"]["severity"]) == (2, "notice")

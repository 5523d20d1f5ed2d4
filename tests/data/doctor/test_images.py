"""Flaws of image files."""

from __future__ import annotations

import pytest
from PIL import Image

from tests.data import patients
from tlstudio.core.recipe import DataSection


@pytest.fixture
def folder(tmp_path):
    return patients.pictures(tmp_path / "pictures", 36)


def test_broken_and_tiny_images(folder):
    (folder / "class a" / "cut.png").write_bytes((folder / "class a" / "0.png").read_bytes()[:120])
    Image.new("RGB", (4, 9), "red").save(folder / "class b" / "dot.png")
    data = DataSection(path=str(folder))
    found = patients.look(data, "images")
    assert found["broken-images"]["severity"] == "error"
    [broken] = found["broken-images"]["samples"]
    assert broken["text"].endswith("cut.png")
    assert broken["detail"]
    [tiny] = found["tiny-images"]["samples"]
    assert (tiny["text"].rsplit("/", 1)[-1], tiny["detail"]) == ("dot.png", "4×9")
    for code in ("broken-images", "tiny-images"):
        assert code not in patients.look(patients.mended(data, found[code]["fixes"][0]), "images")


def test_turned_grey_and_mixed_sizes(folder):
    turned = patients.picture(99)
    exif = turned.getexif()
    exif[0x0112] = 6
    turned.save(folder / "class a" / "turned.jpg", exif=exif)
    patients.picture(98).convert("L").save(folder / "class b" / "grey.png")
    patients.picture(97, 600).save(folder / "class c" / "large.png")
    found = patients.look(DataSection(path=str(folder)), "images")
    assert [sample["detail"] for sample in found["turned-images"]["samples"]] == ["EXIF 6"]
    assert [sample["detail"] for sample in found["mixed-kinds"]["samples"]] == ["L"]
    assert found["mixed-sizes"]["params"] == {"least": 48, "most": 600}
    assert {finding["severity"] for finding in found.values()} == {"notice"}
    data = DataSection(path=str(folder), split={"test": 0.05})
    for code in ("mixed-kinds", "mixed-sizes"):
        [fix] = patients.look(data, "images")[code]["fixes"]
        assert code not in patients.look(patients.mended(data, fix), "images")
    assert not found["turned-images"]["fixes"], "they are shown upright: nothing has to be mended"

"""Images that stand in the data twice, or look the same."""

from __future__ import annotations

import shutil

import pytest

from tests.data import patients
from tlstudio.core.recipe import DataSection


@pytest.fixture
def folder(tmp_path):
    return patients.pictures(tmp_path / "pictures", 36)


def test_copies_look_alikes_and_contradictions(folder):
    shutil.copy(folder / "class a" / "0.png", folder / "class a" / "copy.png")
    shutil.copy(folder / "class b" / "1.png", folder / "class c" / "other class.png")
    patients.picture(3).save(folder / "class a" / "packed.jpg", quality=90)
    data = DataSection(path=str(folder))
    found = patients.look(data, "image-duplicates")
    names = {
        code: {sample["text"].rsplit("/", 1)[-1] for sample in finding["samples"]} for code, finding in found.items()
    }
    assert names["image-copies"] <= {"0.png", "copy.png"}
    assert names["image-conflicts"] == {"1.png", "other class.png"}
    alike = names.get("look-alikes", set()) | names.get("look-alikes-across", set())
    assert alike <= {"3.png", "packed.jpg"}
    assert alike
    for code, finding in found.items():
        for fix in finding["fixes"]:
            again = patients.look(patients.mended(data, fix), "image-duplicates")
            assert again.get(code, {"count": 0})["count"] < finding["count"]


def test_leaks_into_a_test_folder(folder, tmp_path):
    test = tmp_path / "test"
    for index in range(40, 52):
        place = test / f"class {'abc'[index % 3]}"
        place.mkdir(parents=True, exist_ok=True)
        patients.picture(index).save(place / f"{index}.png")
    shutil.copy(folder / "class a" / "0.png", test / "class a" / "leaked.png")
    patients.picture(4).save(test / "class b" / "packed.jpg", quality=90)
    data = DataSection.model_validate({"path": str(folder), "test": str(test), "split": {"validation": 0}})
    found = patients.look(data, "image-duplicates")
    assert [sample["text"].rsplit("/", 1)[-1] for sample in found["image-copies-across"]["samples"]] == ["leaked.png"]
    assert found["image-copies-across"]["severity"] == "error"
    [alike] = found["look-alikes-across"]["samples"]
    assert alike["text"].endswith("packed.jpg")
    assert alike["detail"].startswith("≈ 4.png (")
    for code in found:
        assert code not in patients.look(patients.mended(data, found[code]["fixes"][0]), "image-duplicates")

"""Images and recordings that a table names relative to its own folder, wherever the program was started."""

from __future__ import annotations

import csv
import shutil

import pytest
from PIL import Image

from tlstudio.core.control import Control
from tlstudio.core.progress import silent
from tlstudio.core.recipe import DataSection
from tlstudio.data.labelled import require


def write(folder, column="image"):
    (folder / "pics").mkdir(parents=True)
    rows = []
    for at in range(40):
        Image.new("RGB", (16, 16), (200, at, 20) if at % 2 else (20, at, 200)).save(folder / f"pics/{at}.png")
        rows.append((f"pics/{at}.png", "red" if at % 2 else "blue"))
    with open(folder / "data.csv", "w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([(column, "label"), *rows])
    return folder / "data.csv"


def read(path, **section):
    return require(DataSection.model_validate({"path": str(path), **section}), silent, Control(), ("image", "label"))


@pytest.mark.parametrize("column", ["image", "file"])
def test_they_are_found_beside_the_table(tmp_path, monkeypatch, column):
    path = write(tmp_path / "one", column)
    monkeypatch.chdir(tmp_path)
    rows = read(path, roles={"image": column, "label": "label"})
    found = [place for split in rows.splits.values() for place in split.texts(rows.roles.one("image"))]
    assert len(found) == 40
    assert sorted(found) == sorted(str((tmp_path / f"one/pics/{at}.png").absolute()) for at in range(40))


def test_the_split_stays_when_the_folder_is_moved(tmp_path):
    path = write(tmp_path / "one")
    first = read(path)
    other = tmp_path / "two"
    shutil.move(tmp_path / "one", other)
    second = read(other / "data.csv")

    def names(rows, split):
        return sorted(place.rsplit("/", 1)[-1] for place in rows.splits[split].texts("image"))

    for split in ("train", "validation", "test"):
        assert names(first, split) == names(second, split)


def test_what_is_not_there_keeps_its_name(tmp_path):
    path = write(tmp_path / "one")
    (tmp_path / "one/pics/3.png").unlink()
    rows = read(path)
    found = [place for split in rows.splits.values() for place in split.texts("image")]
    assert [place for place in found if not place.startswith("/")] == ["pics/3.png"]

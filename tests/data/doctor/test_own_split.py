"""Data that says itself which rows are tested: told where that is not followed, and followed by one click."""

from __future__ import annotations

import pytest

from tests.data import patients
from tlstudio.core.recipe import DataSection


def section(folder, words, **more):
    rows = [(*row, words[index % len(words)]) for index, row in enumerate(patients.healthy(120))]
    return DataSection.model_validate({
        "path": patients.write(folder / "rows.csv", rows, ("text", "label", "fold")),
        "roles": {"text": "text", "label": "label"}, **more,
    })  # fmt: skip


def test_told_and_followed(tmp_path):
    data = section(tmp_path, ["train", "train", "train", "Test", "dev"])
    finding = patients.look(data, "own-split")["own-split"]
    assert finding["params"] == {"column": "fold"}
    mended = patients.mended(data, finding["fixes"][0])
    assert patients.look(mended, "own-split") == {}
    rows = patients.read(mended).splits
    assert {split: len(found) for split, found in rows.items()} == {"train": 72, "validation": 24, "test": 24}


@pytest.mark.parametrize(
    ("words", "more"),
    [
        (["train", "test", "other"], {}),
        (["train", "validation"], {}),
        (["train", "test"], {"roles": {"text": "text", "label": "label", "ignore": "fold"}}),
        (["train", "test", ""], {}),
        (["train", "test"], {"split": {"method": "column", "by": "fold"}}),
    ],
)
def test_other_columns_are_none(words, more, tmp_path):
    assert patients.look(section(tmp_path, words, **more), "own-split") == {}


def test_a_place_for_the_test_settles_it(tmp_path):
    data = section(tmp_path, ["train", "test"])
    test = patients.write(tmp_path / "test.csv", [("some text", "class a", "test")], ("text", "label", "fold"))
    assert patients.look(data.model_copy(update={"test": test}), "own-split") == {}


def test_folders_called_train_and_test(tmp_path):
    for split in ("train", "test"):
        patients.pictures(tmp_path / "all" / split, 12)
    data = DataSection(path=str(tmp_path / "all"))
    finding = patients.look(data, "own-split")["own-split"]
    assert patients.mended(data, finding["fixes"][0]).split.by == "split"

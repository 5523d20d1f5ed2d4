"""What was dropped."""

from __future__ import annotations

import pytest

from tlstudio.gui.drops import sort_out


@pytest.fixture
def files(tmp_path):
    for name in ("train.csv", "my_test.csv", "dev.csv", "contest.csv", "p.tlstudio"):
        (tmp_path / name).touch()
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "config.json").touch()
    return tmp_path


def test_several_files_are_sorted_by_name(files):
    drop = sort_out([files / "dev.csv", files / "my_test.csv", files / "train.csv"])
    assert drop.data == {
        "train": files / "train.csv",
        "validation": files / "dev.csv",
        "test": files / "my_test.csv",
    }
    assert list(drop.data) == ["train", "validation", "test"]


def test_one_file_is_for_training_whatever_its_name(files):
    assert sort_out([files / "my_test.csv"]).data == {"train": files / "my_test.csv"}


def test_a_word_that_only_contains_test(files):
    assert sort_out([files / "contest.csv", files / "dev.csv"]).data["train"] == files / "contest.csv"


def test_project_model_and_neither(files):
    assert sort_out([files / "p.tlstudio"]).project == files / "p.tlstudio"
    assert sort_out([files / "net"]).model == files / "net"
    assert sort_out([files]).problem.code == "drop.unknown-folder"

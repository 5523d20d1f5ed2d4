"""What was dropped: names decide, content is looked at later."""

from __future__ import annotations

import pytest

from tlstudio.gui.drops import sort_out


def touch(folder, *names):
    paths = [folder / name for name in names]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return paths


def test_several_files_are_sorted_by_name(tmp_path):
    dev, test, train = touch(tmp_path, "dev.csv", "my_test.csv", "train.csv")
    drop = sort_out([dev, test, train])
    assert drop.data == {"train": (train,), "validation": (dev,), "test": (test,)}
    assert list(drop.data) == ["train", "validation", "test"]


@pytest.mark.parametrize("name", ["my_test.csv", "a.xlsx", "b.parquet", "c.db", "d.zip", "e.tar.gz", "noending"])
def test_one_file_is_for_training_whatever_its_name(tmp_path, name):
    (path,) = touch(tmp_path, name)
    assert sort_out([path]).data == {"train": (path,)}


def test_a_word_that_only_contains_test(tmp_path):
    contest, dev = touch(tmp_path, "contest.csv", "dev.csv")
    assert sort_out([contest, dev]).data == {"train": (contest,), "validation": (dev,)}


def test_several_files_of_one_split_are_read_as_one(tmp_path):
    parts = touch(tmp_path, "train-00000-of-00002.parquet", "train-00001-of-00002.parquet", "test-00000.parquet")
    assert sort_out(parts).data == {"train": tuple(parts[:2]), "test": (parts[2],)}
    months = touch(tmp_path, "january.csv", "february.csv")
    assert sort_out(months).data == {"train": tuple(months)}


def test_files_without_a_training_file_are_read_as_one(tmp_path):
    both = touch(tmp_path, "dev.csv", "test.csv")
    assert sort_out(both).data == {"train": tuple(both)}


def test_project_model_and_neither(tmp_path):
    project, config = touch(tmp_path, "p.tlstudio", "net/config.json")
    assert sort_out([project]).project == project
    assert sort_out([config.parent]).model == config.parent
    (tmp_path / "bare").mkdir()
    assert sort_out([tmp_path / "bare"]).problem.code == "drop.empty-folder"
    assert sort_out([tmp_path / "gone.csv"]).problem.code == "files.missing"


def test_a_folder_of_classes_is_data(tmp_path):
    touch(tmp_path / "animals", "cat/1.png", "dog/2.png")
    assert sort_out([tmp_path / "animals"]).data == {"train": (tmp_path / "animals",)}


@pytest.mark.parametrize("words", [("train", "val", "test"), ("Training", "dev", "TEST"), ("train", "validation")])
def test_folders_called_like_splits(tmp_path, words):
    touch(tmp_path, *(f"{word}/cat/1.png" for word in words), "README.md", ".hidden/x")
    splits = ("train", "validation", "test")[: len(words)]
    assert sort_out([tmp_path]).data == {s: (tmp_path / word,) for s, word in zip(splits, words, strict=True)}


def test_a_class_called_train_is_no_split(tmp_path):
    touch(tmp_path, "train/1.png", "plane/2.png", "test/3.png")
    assert sort_out([tmp_path]).data == {"train": (tmp_path,)}


@pytest.mark.parametrize("inner", ["", "data"])
def test_a_folder_with_files_called_like_splits(tmp_path, inner):
    root = tmp_path / inner
    train, test = touch(root, "train.csv.gz", "test.csv.gz")
    touch(root, "README.md")
    assert sort_out([tmp_path]).data == {"train": (train,), "test": (test,)}


def test_a_folder_of_tables_is_its_files(tmp_path):
    both = touch(tmp_path / "months", "a.csv", "b.csv")
    assert sort_out([tmp_path / "months"]).data == {"train": tuple(both)}
    touch(tmp_path / "notes", "a.txt", "b.txt")
    assert sort_out([tmp_path / "notes"]).data == {"train": (tmp_path / "notes",)}


def test_the_same_data_in_two_formats_is_read_once(tmp_path):
    touch(tmp_path, "train.conll", "test.conll")
    lines = touch(tmp_path, "train.jsonl", "test.jsonl")
    assert sort_out([tmp_path]).data == {"train": (lines[0],), "test": (lines[1],)}

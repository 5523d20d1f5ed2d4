"""Files of a hub dataset sorted into configurations and splits, as its card or their names say."""

from __future__ import annotations

import time

import pytest

from tlstudio.data.hub_layout import Configuration, File, configurations, is_safe


def sorted_out(*paths, **card):
    found = configurations([File(path, 10) for path in paths], card)
    return {entry.name: {split.name: [file.path for file in split.files] for split in entry.splits} for entry in found}


def test_what_push_to_hub_writes():
    assert sorted_out(
        "README.md", "data/train-00000-of-00002.parquet", "data/train-00001-of-00002.parquet",
        "data/hard_cases-00000-of-00001.parquet", "data/test-00000-of-00001-abc123.parquet",
    ) == {"default": {
        "train": ["data/train-00000-of-00002.parquet", "data/train-00001-of-00002.parquet"],
        "test": ["data/test-00000-of-00001-abc123.parquet"],
        "hard_cases": ["data/hard_cases-00000-of-00001.parquet"],
    }}  # fmt: skip


@pytest.mark.parametrize(
    ("paths", "splits"),
    [
        (["train.csv", "dev.csv", "test.csv"], {"train": ["train.csv"], "validation": ["dev.csv"],
                                                "test": ["test.csv"]}),
        (["my_train_file.jsonl", "val-1.jsonl"], {"train": ["my_train_file.jsonl"], "validation": ["val-1.jsonl"]}),
        (["train/a.csv", "training/b.csv", "eval/c.csv"], {"train": ["train/a.csv", "training/b.csv"],
                                                          "test": ["eval/c.csv"]}),
        (["testimony.csv", "constraint.csv"], {"train": ["constraint.csv", "testimony.csv"]}),
        (["only.tsv"], {"train": ["only.tsv"]}),
        (["a.json", "config.json", "dataset_infos.json", ".hidden/b.json", "__x/c.json"], {"train": ["a.json"]}),
        (["train.csv", "train.parquet", "train.jsonl"], {"train": ["train.parquet"]}),
        (["a.csv", "b.csv", "c.parquet"], {"train": ["a.csv", "b.csv"]}),
    ],
)  # fmt: skip
def test_by_names(paths, splits):
    assert sorted_out(*paths) == {"default": splits}


def test_the_converted_branch():
    found = configurations([File("en/train/0000.parquet", 1), File("en/partial-test/0000.parquet", 2),
                            File("de/train/0000.parquet", 4), File("de/train/0001.parquet", 8)], {})  # fmt: skip
    assert [(entry.name, entry.default, entry.size) for entry in found] == [("de", False, 12), ("en", False, 3)]
    assert [(split.name, split.partial) for split in found[1].splits] == [("train", False), ("test", True)]


@pytest.mark.parametrize(
    ("stated", "splits"),
    [
        ("b/*.csv", {"train": ["b/1.csv", "b/2.csv"]}),
        (["b/2.csv", "a.csv"], {"train": ["b/2.csv", "a.csv"]}),
        ([{"split": "odd", "path": "**/*.csv"}], {"odd": ["a.csv", "b/1.csv", "b/2.csv", "b/c/3.csv"]}),
        ([{"split": "train", "path": ["a.csv", "./b/[!1].csv"]}, {"split": "test", "path": "b/?.csv"}],
         {"train": ["a.csv", "b/2.csv"], "test": ["b/1.csv", "b/2.csv"]}),
        ({"train": "a.csv", "test": ["b/**"]}, {"train": ["a.csv"], "test": ["b/1.csv", "b/2.csv", "b/c/3.csv"]}),
        (None, {"train": ["a.csv", "b/1.csv", "b/2.csv", "b/c/3.csv"]}),
    ],
)  # fmt: skip
def test_the_card_decides(stated, splits):
    entry = {"config_name": "main"} if stated is None else {"config_name": "main", "data_files": stated}
    assert sorted_out("a.csv", "b/1.csv", "b/2.csv", "b/c/3.csv", "b/4.png", configs=[entry]) == {"main": splits}


def test_folders_of_the_card():
    configs = [{"config_name": "en", "data_dir": "english"}, {"config_name": "de", "data_dir": "german/",
               "data_files": [{"split": "train", "path": "a.csv"}]}]  # fmt: skip
    assert sorted_out("english/train.csv", "english/test.csv", "german/a.csv", "a.csv", configs=configs) == {
        "en": {"train": ["english/train.csv"], "test": ["english/test.csv"]}, "de": {"train": ["german/a.csv"]},
    }  # fmt: skip


def test_rows_and_default():
    card = {
        "configs": [{"config_name": "a", "data_files": "a.csv"}, {"config_name": "b", "data_files": "b.csv",
                                                                 "default": True}],
        "dataset_info": [{"config_name": "b", "splits": [{"name": "train", "num_examples": 7}]}],
    }  # fmt: skip
    a, b = configurations([File("a.csv", 1), File("b.csv", 1)], card)
    assert (a.default, a.splits[0].rows, b.default, b.splits[0].rows) == (False, None, True, 7)
    [only] = configurations([File("a.csv", 1)], {"dataset_info": {"splits": [{"name": "train", "num_examples": 3}]}})
    assert (only.default, only.splits[0].rows) == (True, 3)


def test_nothing_to_read():
    assert sorted_out("README.md", "script.py", "a.zip", "b.arrow", "c.txt") == {}
    assert sorted_out("images/1.png", "metadata.csv", "labels/2.jpg") == {}
    assert sorted_out("a.csv", "a.png", configs=[{"config_name": "x", "data_files": "*.png"}]) == {}
    assert sorted_out() == {}


@pytest.mark.parametrize("path", ["../a.csv", "/a.csv", "b/../../a.csv", "C:/a.csv", "b\\a.csv", "b//a.csv", "./a.csv",
                                  "a\0.csv", "b/..", ""])  # fmt: skip
def test_paths_that_leave_the_folder(path):
    assert not is_safe(path)
    assert sorted_out(path) == {}


def test_a_card_may_be_nonsense():
    for card in ({"configs": [3, None, {}, {"data_files": 3}]}, {"configs": {"a": 1}}, {"configs": [3]},
                 {"dataset_info": 3}, {"dataset_info": [None, {"splits": 3}, {"splits": [3, {"name": "x"}]}]},
                 {"configs": [{"data_files": [{}]}]}):  # fmt: skip
        assert sorted_out("a.csv", **card) == {"default": {"train": ["a.csv"]}}
    assert sorted_out("a.csv", configs=[{"data_files": "[z-a].csv"}]) == {}


def test_a_hostile_pattern_takes_no_time():
    begin = time.monotonic()
    for pattern in ("*a" * 40 + "b.csv", "**/" * 40 + "x.csv"):
        sorted_out("a/" * 40 + "a" * 80 + ".csv", configs=[{"config_name": "a", "data_files": pattern}])
    assert time.monotonic() - begin < 1


def test_sizes_count_each_file_once():
    file = File("a.csv", 5)
    entry = configurations([file], {"configs": [{"data_files": {"train": "a.csv", "test": "a.csv"}}]})[0]
    assert isinstance(entry, Configuration)
    assert (entry.size, entry.files) == (5, (file,))

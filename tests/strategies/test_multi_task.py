"""Multi-task learning: one backbone, heads of their own, a tested model for each task."""

from __future__ import annotations

import csv

import pytest

from tests import tiny
from tlstudio.core import recipe as recipes
from tlstudio.core.control import Control
from tlstudio.core.files import read_json
from tlstudio.models import heads
from tlstudio.pipeline.run import run
from tlstudio.strategies.multi_task import Options, _share


@pytest.fixture
def firsts(tmp_path, tickets):
    """Another task on the same texts: are they of the first class?"""
    with open(tickets, encoding="utf-8", newline="") as stream:
        rows = [(row["text"], row["label"]) for row in csv.DictReader(stream)]
    first = min(label for _text, label in rows)
    rows = [(text, "first" if label == first else "another") for text, label in rows]
    return tiny.write_csv(tmp_path / "firsts.csv", rows)


@pytest.fixture
def other(tmp_path, tiny_model, firsts):
    """A recipe for it."""
    path = tmp_path / "firsts.yaml"
    recipes.save(tiny.recipe(tiny_model, firsts), path)
    return path


def executed(tiny_model, tickets, other, folder, epochs=2, **options):
    heard = tiny.Heard()
    wish = tiny.recipe(tiny_model, tickets, strategy={"name": "multi-task", "others": [str(other)], **options},
                       training={"epochs": epochs, "batch_size": 8, "threads": 1, "precision": "fp32",
                                 "learning_rate": 5e-3, "patience": 0},
                       export=["safetensors"])  # fmt: skip
    finished = run(wish, folder, heard, Control())
    assert finished.outcome == "completed", finished.error
    return heard


@pytest.mark.parametrize("weighting", ["fixed", "uncertainty", "gradnorm"])
def test_every_task_has_a_tested_model_on_the_same_backbone(weighting, tiny_model, tickets, other, tmp_path):
    import torch

    heard = executed(tiny_model, tickets, other, tmp_path / "run", weighting=weighting)
    (entry,) = read_json(tmp_path / "run" / "results.json")["tasks"]
    assert (entry["name"], entry["task"], entry["alone"]) == ("firsts", "text-classification", None)
    assert 0 <= entry["metrics"]["accuracy"]["low"] <= entry["metrics"]["accuracy"]["value"] <= 1
    assert "others.tested" in heard.codes()
    one, two = (heads.load(tmp_path / "run" / place / "model") for place in ("", entry["path"]))
    for mine, theirs in zip(one.base_model.parameters(), two.base_model.parameters(), strict=True):
        assert torch.equal(mine, theirs)
    assert len(one.config.id2label) == 3
    assert set(two.config.id2label.values()) == {"first", "another"}
    assert (tmp_path / "run" / entry["path"] / "exports" / "safetensors" / "predict.py").is_file()
    before = heads.load(tiny_model, heads.Head("AutoModel"))
    changed = [not torch.equal(a, b) for a, b in zip(before.parameters(), one.base_model.parameters(), strict=False)]
    assert any(changed)


def test_shares_follow_the_sampling():
    assert _share(400, 100, Options(sampling="size")) == 4
    assert _share(400, 100, Options(sampling="temperature", temperature=2)) == 2
    assert _share(400, 100, Options(sampling="round-robin")) == 1


def test_a_head_of_its_own_learns_from_the_rows_of_its_task(tiny_model, tickets, other, tmp_path):
    """The second task is learnt, although no row of this run has its labels."""
    executed(tiny_model, tickets, other, tmp_path / "run", 10, sampling="round-robin")
    (entry,) = read_json(tmp_path / "run" / "results.json")["tasks"]
    assert entry["metrics"]["accuracy"]["value"] > 0.9


def test_without_another_task_the_strategy_says_what_is_missing(tiny_model, tickets, tmp_path):
    wish = tiny.recipe(tiny_model, tickets, strategy={"name": "multi-task"})
    finished = run(wish, tmp_path / "run", tiny.Heard(), Control())
    assert finished.error["code"] == "strategy.no-others"

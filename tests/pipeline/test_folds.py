"""Cross-validation in a run: each row is tested once, by a model that has not seen it."""

from __future__ import annotations

import numpy as np
import pytest

from tests import tiny
from tlstudio import pipeline
from tlstudio.core.control import Control
from tlstudio.core.files import read_json


@pytest.fixture
def folds(tiny_model, tickets, tmp_path):
    heard = tiny.Heard()
    data = {"path": str(tickets), "split": {"method": "k-fold", "folds": 3}}
    finished = pipeline.run(tiny.recipe(tiny_model, tickets).changed("data", data), tmp_path / "run", heard, Control())
    assert finished.outcome == "completed", finished.error
    return heard, read_json(tmp_path / "run" / "results.json"), tmp_path / "run"


def test_every_row_is_tested_once(folds):
    _heard, results, folder = folds
    found = results["cross_validation"]
    assert [entry["fold"] for entry in found["folds"]] == [1, 2, 3]
    assert sum(entry["rows"] for entry in found["folds"]) == sum(results["data"]["rows"].values())
    assert found["folds"][0]["rows"] == results["test"]["rows"]
    first = results["test"]["metrics"]["accuracy"]["value"]
    assert found["folds"][0]["metrics"]["accuracy"] == pytest.approx(first)
    scores = [entry["metrics"]["accuracy"] for entry in found["folds"]]
    assert found["mean"]["accuracy"] == pytest.approx(np.mean(scores))
    assert found["sd"]["accuracy"] == pytest.approx(np.std(scores, ddof=1))
    weighted = sum(entry["rows"] * entry["metrics"]["accuracy"] for entry in found["folds"])
    assert found["pooled"]["accuracy"]["value"] == pytest.approx(weighted / sum(results["data"]["rows"].values()))
    assert "cross_validate" in results["seconds"]
    assert "Cross-validation" in (folder / "report.html").read_text(encoding="utf-8")


def test_curves_are_of_the_first_fold_alone(folds):
    heard, _results, _folder = folds
    steps = [event.step for event in heard.of("metric") if event.split == "train"]
    assert steps == sorted(steps)
    assert len(steps) == len(set(steps))
    assert any(event.stage == "cross_validate" for event in heard.of("progress"))


def test_a_stop_leaves_the_other_folds_out(tiny_model, tickets, tmp_path):
    control = Control()
    heard = tiny.Heard()

    def listen(event):
        heard(event)
        if event.kind == "stage-started" and event.stage == "evaluate":
            control.stop()

    data = {"path": str(tickets), "split": {"method": "k-fold", "folds": 3}}
    finished = pipeline.run(tiny.recipe(tiny_model, tickets).changed("data", data), tmp_path / "run", listen, control)
    assert finished.outcome == "completed"
    found = read_json(tmp_path / "run" / "results.json")["cross_validation"]
    assert len(found["folds"]) == 1
    assert found["sd"] == {"accuracy": 0.0, "macro_f1": 0.0}


def test_without_folds_there_is_no_such_stage(tiny_model, tickets, tmp_path):
    heard = tiny.Heard()
    pipeline.run(tiny.recipe(tiny_model, tickets), tmp_path / "run", heard, Control())
    assert "cross_validate" not in heard[0].stages

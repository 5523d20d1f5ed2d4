"""Every task does its whole work: one run of each, and what a user does with it afterwards."""

from __future__ import annotations

import base64
import importlib.util
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests import tiny
from tests.export.test_bundle import BLOCKED, serving
from tests.tasks.cases import CASES, Case
from tlstudio import pipeline
from tlstudio.core.control import Control
from tlstudio.core.files import read_json
from tlstudio.core.plugins import find
from tlstudio.core.recipe import Choice, Recipe, from_dict
from tlstudio.data.labelled import require
from tlstudio.metrics.names import METRICS
from tlstudio.models.heads import Head, read_settings
from tlstudio.models.scorers import TorchScorer, score
from tlstudio.pipeline.predict import Predictor
from tlstudio.tasks.base import EncodeJob

TASKS = find("tlstudio.tasks")
EXPORTS = find("tlstudio.export")
SLOW = ("onnx-fp16", "bundle", "torch-export", "executorch")  # of each task; see tests/export
ABSENT = tuple(name for name in ("openvino", "executorch") if not importlib.util.find_spec(name))  # extras
KINDS = {"label", "labels", "number", "spans", "answer", "generation", "fill", "boxes", "embedding", "similarity"}


class Whole:
    """A task's run with everything that fits it."""

    def __init__(self, name: str, case: Case, folder: Path) -> None:
        self.task, self.case, self.folder = TASKS[name], case, folder / "run"
        self.rows = case.asked(folder)
        # which need a compression step, and a strategy that learns adapters; and those that only a slow test writes
        others = ("onnx-int8", "adapters", *SLOW, *ABSENT)
        self.formats = [one.NAME for one in EXPORTS.values() if one.fits(self.task) is None and one.NAME not in others]
        self.recipe = self._recipe(name, folder)
        self.heard = tiny.Heard()
        self.finished = pipeline.run(self.recipe, self.folder, self.heard, Control())
        self.results: dict[str, Any] = read_json(self.folder / "results.json")

    def _recipe(self, name: str, folder: Path) -> Recipe:
        return from_dict(
            {
                "model": {"source": "folder", "name": str(self.case.model(folder / "model"))},
                "data": self.case.data(folder),
                "task": {"name": name, **self.case.options},
                "strategy": self.case.strategy,
                "training": {"epochs": 1, "batch_size": 4, "threads": 1, "precision": "fp32"},
                "evaluate": {"bootstrap": 100},
                "export": [{"name": format} for format in self.formats],
            }
        )


@pytest.fixture(scope="module", params=list(TASKS))
def whole(request, tmp_path_factory):
    assert request.param in CASES, "tests/tasks/cases.py has no case for this task"
    folder = tmp_path_factory.mktemp(request.param)
    with tiny.own_home(folder / "home"):
        yield Whole(request.param, CASES[request.param], folder)


def test_what_a_task_states(whole):
    task = whole.task
    assert task.TITLE
    assert 1 <= task.SUMMARY.count(".") <= 3
    assert task.METRIC in METRICS
    assert set(task.QUICK) <= set(METRICS)
    assert task.BEST in ("", *task.QUICK)
    assert task.ASKS
    assert task.LEARNS in ("text", "image", "audio")
    assert Head.of({"head": json.loads(json.dumps(task.HEAD.to_dict()))}) == task.HEAD


def test_the_run_is_complete(whole):
    assert whole.finished.outcome == "completed", whole.finished.error
    test = whole.results["test"]
    assert test["rows"] > 0
    headline = whole.results["headline"]
    assert set(test["metrics"]) <= set(METRICS)
    assert test["metrics"][headline]["value"] is not None
    for value in test["metrics"].values():
        if value["value"] is not None:
            assert value["low"] <= value["value"] <= value["high"]
    assert whole.results["baselines"], "a trivial baseline stands beside every result"
    assert any(headline in entry["metrics"] for entry in whole.results["baselines"])
    assert whole.results["unit"] == whole.task.UNIT
    json.dumps(whole.results, allow_nan=False)


def test_validation_is_told_each_epoch(whole):
    values = [event.values for event in whole.heard.of("metric") if event.split == "validation"]
    assert values
    assert "loss" in values[0]
    assert set(values[0]) <= set(whole.task.QUICK)
    assert all(np.isfinite(value) for one in values for value in one.values())


def test_predictions_are_rows(whole):
    import pyarrow.parquet as pq

    table = pq.read_table(whole.folder / "predictions.parquet")
    assert table.num_rows == whole.results["test"]["rows"]
    assert {"row", "label", "predicted", "score", *whole.task.ASKS} <= set(table.column_names)
    assert all(isinstance(row["label"], str) and isinstance(row["predicted"], str) for row in table.to_pylist())


def test_every_export_answers_the_same(whole):
    entries = whole.results["exports"]
    assert [entry["name"] for entry in entries] == whole.formats
    for entry in entries:
        # half precision turns some near ties of networks that have hardly learnt anything
        exact = EXPORTS[entry["name"]].TOLERANCE.kind == "logits"
        assert entry["parity"]["status"] in (("passed",) if exact else ("passed", "warned")), entry
        assert (whole.folder / entry["path"] / "predict.py").is_file()
        assert (whole.folder / entry["path"] / "README.md").is_file()
        assert entry["parity"]["latency"]["16"]["median_ms"] > 0
        if whole.task.GATHERS:  # all test rows were asked, and their labels are at hand
            assert abs(entry["parity"]["metric"]["difference"]) < (0.02 if exact else 0.1)


@pytest.mark.slow
@pytest.mark.parametrize("name", SLOW)
def test_further_exports_answer_the_same(whole, name):
    if EXPORTS[name].fits(whole.task) is not None:
        pytest.skip("is not offered for this task")
    if name in ABSENT:
        pytest.skip("the extra is not installed")
    finished = pipeline.export(whole.folder, [Choice(name=name)], tiny.silent, Control())
    assert finished.outcome == "completed", finished.error
    [entry] = [one for one in read_json(whole.folder / "results.json")["exports"] if one["name"] == name]
    if EXPORTS[name].TOLERANCE.kind == "agreement" and entry["parity"]["status"] != "passed":
        # half precision turns near ties of networks that have hardly learnt anything
        assert entry["parity"]["max_logit_difference"] < 0.02
        return
    assert entry["parity"]["status"] == "passed", entry
    found = Predictor(whole.folder / entry["path"]).predict(whole.rows)
    assert [one["kind"] for one in found] == [one["kind"] for one in Predictor(whole.folder).predict(whole.rows)]


@pytest.mark.slow
def test_the_server_of_a_bundle_answers(whole, tmp_path):
    if EXPORTS["bundle"].fits(whole.task) is not None:
        pytest.skip("is not offered for this task")
    if not (whole.folder / "exports/bundle").is_dir():
        pipeline.export(whole.folder, [Choice(name="bundle")], tiny.silent, Control())
    with zipfile.ZipFile(whole.folder / "exports/bundle/bundle.zip") as archive:
        archive.extractall(tmp_path)
    with serving(tmp_path, before=BLOCKED) as ask:
        for row in whole.rows:
            if "tokens" in row:  # a server takes texts
                continue
            sent = {role: base64.b64encode(Path(value).read_bytes()).decode() if role in ("image", "audio") else value
                    for role, value in row.items()}  # fmt: skip
            status, text = ask("POST", "/predict", sent)
            assert status == 200, text
            assert "answer" in json.loads(text)


def test_reloading_gives_the_same_answers(whole):
    """The folder alone holds all that is needed; nothing hangs on the process that trained."""
    task, control = whole.task, Control()
    backbone = Path(whole.recipe.model.name)
    rows = require(whole.recipe.data, tiny.silent, control, task.ROLES)
    config = task.Config.model_validate(whole.case.options)
    encoded = task.encode(EncodeJob(config, rows, backbone, tiny.silent, control))
    head = Head.of(read_settings(whole.folder / "model"))
    examples = encoded.examples("test")
    first = score(TorchScorer(whole.folder / "model"), examples)
    again = score(TorchScorer(whole.folder / "model"), examples, batch_size=3)
    assert head.agreement(first, again) == 1.0, "padding and neighbours must not change an answer"


def test_answers_to_new_rows(whole):
    found = Predictor(whole.folder).predict(whole.rows)
    assert len(found) == len(whole.rows)
    for answer in found:
        assert answer["kind"] in KINDS
    json.dumps(found, allow_nan=False)
    assert Predictor(whole.folder).predict(whole.rows[:1])[0] == found[0] or len(found) > 1


def test_cancel_in_the_middle(whole, tmp_path):
    control = Control()

    def emit(event: Any) -> None:
        if event.kind == "progress" and event.stage == "train":
            control.cancel()

    finished = pipeline.run(whole.recipe, tmp_path / "cancelled", emit, control)
    assert finished.outcome == "cancelled"
    assert not (tmp_path / "cancelled/model").exists()


@pytest.mark.parametrize("name", find("tlstudio.strategies"))
def test_strategies_that_do_not_fit_say_why(whole, name):
    problem = find("tlstudio.strategies")[name].fits(whole.task)
    if problem is not None:
        assert problem.message
        assert problem.remedy


def test_a_backbone_that_does_not_fit_is_refused(whole):
    problem = whole.task.fits({"model_type": "no-such-model"})
    assert problem is not None
    assert problem.remedy
    assert whole.task.fits(read_json(Path(whole.recipe.model.name) / "config.json")) is None

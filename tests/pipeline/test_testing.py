"""Measurements on the test rows."""

from __future__ import annotations

import csv
import json

import pyarrow.parquet as pq
import pytest

from tests import tiny
from tlstudio import pipeline
from tlstudio.core.control import Control
from tlstudio.pipeline.testing import weights_size


@pytest.fixture
def results(whole):
    return json.loads((whole.folder / "results.json").read_text(encoding="utf-8"))


def test_every_test_row_has_its_prediction(whole, results):
    rows = pq.read_table(whole.folder / "predictions.parquet").to_pylist()
    with open(whole.data, encoding="utf-8", newline="") as stream:
        given = list(csv.DictReader(stream))
    assert len(rows) == results["test"]["rows"] == 12
    for row in rows:
        assert (row["text"], row["label"]) == (given[row["row"] - 1]["text"], given[row["row"] - 1]["label"])
        chances = {label: row[f"p_{label}"] for label in results["labels"]}
        assert row["confidence"] == max(chances.values()) == chances[row["predicted"]]
        assert sum(chances.values()) == pytest.approx(1)
    right = sum(row["label"] == row["predicted"] for row in rows)
    accuracy = results["test"]["metrics"]["accuracy"]
    assert accuracy["value"] == pytest.approx(right / 12)
    assert accuracy["low"] <= accuracy["value"] <= accuracy["high"]
    assert sum(map(sum, results["test"]["confusion"])) == 12
    wrong = [row for row in rows if row["label"] != row["predicted"]]
    assert {error["row"] for error in results["test"]["errors"]} == {row["row"] for row in wrong}


def test_baselines_and_stages_stand_beside_the_result(results):
    assert [entry["name"] for entry in results["baselines"]] == ["majority", "bag-of-words"]
    trained, int8 = results["stages"]
    assert trained["metrics"] == results["test"]["metrics"]
    assert (trained["format"], int8["format"]) == ("pytorch", "onnx")
    for stage in (trained, int8):
        assert set(stage["latency"]) == {"1", "16"}
        assert all(entry["median_ms"] > 0 for entry in stage["latency"].values())
    assert 0 <= int8["agreement"] <= 1


def test_an_extra_set_is_tested_with_its_own_errors(whole, results):
    [extra] = results["extra"]
    assert (extra["name"], extra["rows"]) == ("extra", 9)
    assert extra["path"].endswith("extra.csv")
    assert len(extra["errors"]) == round(9 * (1 - extra["metrics"]["accuracy"]["value"]))


@pytest.mark.parametrize(
    ("content", "code"),
    [("text,label\nhelp,unheard-of\n", "evaluate.unknown-label"), ("text,topic\nhelp,refund\n", "data.no-column")],
)
def test_an_extra_set_that_does_not_fit(tiny_model, tickets, tmp_path, content, code):
    (tmp_path / "extra.csv").write_text(content)
    evaluate = {"bootstrap": 100, "extra_sets": [str(tmp_path / "extra.csv")]}
    recipe = tiny.recipe(tiny_model, tickets, evaluate=evaluate)
    finished = pipeline.run(recipe, tmp_path / "run", tiny.Heard(), Control())
    assert finished.outcome == "failed"
    assert finished.error["code"] == code


def test_only_weights_count_as_size(tmp_path):
    for name, size in {"model.safetensors": 10, "model.onnx": 5, "model.onnx.data": 7, "tokenizer.json": 100}.items():
        (tmp_path / name).write_bytes(b"x" * size)
    assert weights_size(tmp_path) == 22

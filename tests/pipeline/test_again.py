"""A finished run is compressed in another way: its model stays, its forms and exports are replaced whole."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tests import tiny
from tlstudio import pipeline
from tlstudio.compression.dynamic_int8 import DynamicInt8
from tlstudio.core import recipe as recipes
from tlstudio.core.control import Control
from tlstudio.core.errors import Cancelled
from tlstudio.core.files import read_json
from tlstudio.core.recipe import Choice


@pytest.fixture(scope="module")
def again(whole, tmp_path_factory):
    """A layer removed with recovery, then int8; and what the window heard."""
    folder, heard = whole.copy(tmp_path_factory.mktemp("again") / "run"), tiny.Heard()
    weights = (folder / "model/model.safetensors").read_bytes()
    steps = [Choice(name="layer-removal", keep=1, epochs=1), Choice(name="dynamic-int8")]
    finished = pipeline.compress(folder, steps, heard, Control())
    assert finished.outcome == "completed", finished.error
    assert (folder / "model/model.safetensors").read_bytes() == weights
    return folder, heard


def test_forms_and_recipe_are_replaced(again):
    folder, _heard = again
    assert sorted(path.name for path in (folder / "compressed").iterdir()) == ["1-layer-removal", "2-dynamic-int8"]
    assert not [path.name for path in folder.iterdir() if path.name.startswith(".compressed")]
    assert [step.name for step in recipes.load(folder / "recipe.yaml").compress] == ["layer-removal", "dynamic-int8"]
    stages = read_json(folder / "results.json")["stages"]
    assert [stage["name"] for stage in stages] == ["trained", "1-layer-removal", "2-dynamic-int8"]
    assert [stage["bytes"] for stage in stages] == sorted((stage["bytes"] for stage in stages), reverse=True)


def test_the_test_of_the_trained_model_stays(again, whole):
    before, after = (read_json(folder / "results.json") for folder in (whole.folder, again[0]))
    assert after["test"] == before["test"]
    trained = [result["stages"][0] for result in (before, after)]
    assert trained[0]["metrics"] == trained[1]["metrics"]


def test_exports_are_those_of_the_compressed_network(again):
    from transformers import AutoConfig

    folder, _heard = again
    exports = {entry["name"]: entry for entry in read_json(folder / "results.json")["exports"]}
    assert set(exports) == {"safetensors", "onnx-int8"}
    assert exports["safetensors"]["parity"]["status"] == "passed"
    assert exports["onnx-int8"]["parity"]["agreement"] > 0.5  # of a network that has hardly learnt anything
    assert AutoConfig.from_pretrained(folder / exports["safetensors"]["path"]).num_hidden_layers == 1


def test_the_events_are_kept_and_the_curves_of_the_training_are_not_touched(again, whole):
    folder, heard = again
    lines = (folder / "compressions.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(lines[-1])["event"] == "finished"
    assert not heard.of("metric")
    assert (folder / "events.jsonl").read_bytes() == (whole.folder / "events.jsonl").read_bytes()
    assert any(event.code == "compress.recovered" for event in heard.of("log"))
    assert {event.stage for event in heard.of("progress")} <= {"prepare", "tokenise", "compress", "export", "report"}


def test_exports_that_cannot_be_made_any_more_are_gone(whole, tmp_path):
    folder = whole.copy(tmp_path / "run")
    assert (folder / "exports/onnx-int8").is_dir()
    finished = pipeline.compress(folder, [Choice(name="layer-removal", keep=1, epochs=0)], tiny.Heard(), Control())
    assert finished.outcome == "completed", finished.error
    assert [entry["name"] for entry in read_json(folder / "results.json")["exports"]] == ["safetensors"]
    assert not (folder / "exports/onnx-int8").exists()


def test_exports_of_forms_that_are_gone_are_not_left_as_proven(whole, tmp_path, monkeypatch):
    from tlstudio.export import run

    folder = whole.copy(tmp_path / "run")
    recipe = recipes.load(folder / "recipe.yaml")
    recipes.save(recipe.changed("export", [{"name": "safetensors", "shard_mb": 0}]), folder / "recipe.yaml")

    def cancelled(*_args, **_more):
        raise Cancelled

    monkeypatch.setattr(run, "_export", cancelled)
    steps = [Choice(name="layer-removal", keep=1, epochs=0)]
    assert pipeline.compress(folder, steps, tiny.Heard(), Control()).outcome == "cancelled"
    assert read_json(folder / "results.json")["exports"] == []
    assert not list((folder / "exports").iterdir())
    kept = {choice.name: choice.options for choice in recipes.load(folder / "recipe.yaml").export}
    assert kept["safetensors"] == {"shard_mb": 0}, "what the user has chosen stays"


def test_a_failure_leaves_what_was_there(whole, tmp_path, monkeypatch):
    folder = whole.copy(tmp_path / "run")
    before = read_json(folder / "results.json")

    def broken(*_args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(DynamicInt8, "apply", broken)
    finished = pipeline.compress(folder, [Choice(name="dynamic-int8")], tiny.Heard(), Control())
    assert finished.outcome == "failed"
    assert (folder / "compressed/1-dynamic-int8/model.onnx").is_file()
    assert read_json(folder / "results.json")["stages"] == before["stages"]
    assert not [path.name for path in folder.iterdir() if path.name.startswith(".")]


def test_other_data_is_refused(whole, tmp_path):
    folder = whole.copy(tmp_path / "run")
    recipe = recipes.load(folder / "recipe.yaml")
    other = tiny.write_csv(tmp_path / "other.csv", tiny.ticket_rows(12, seed=9))
    recipes.save(recipe.changed("data.path", str(other)), folder / "recipe.yaml")
    finished = pipeline.compress(folder, [Choice(name="dynamic-int8")], tiny.Heard(), Control())
    assert finished.error["code"] == "compress.data-changed"


def test_as_many_rows_with_other_labels_are_refused(whole, tmp_path):
    folder = whole.copy(tmp_path / "run")
    recipe = recipes.load(folder / "recipe.yaml")
    with Path(recipe.data.path).open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    labels = [row["label"] for row in rows]
    turned = dict(zip(sorted(set(labels)), [*sorted(set(labels))[1:], *sorted(set(labels))[:1]], strict=True))
    other = tiny.write_csv(tmp_path / "other.csv", [(row["text"], turned[row["label"]]) for row in rows])
    recipes.save(recipe.changed("data.path", str(other)), folder / "recipe.yaml")
    finished = pipeline.compress(folder, [Choice(name="dynamic-int8")], tiny.Heard(), Control())
    assert finished.error["code"] == "compress.rows-changed"


def test_a_run_without_a_model_is_refused(whole, tmp_path):
    import shutil

    folder = whole.copy(tmp_path / "run")
    shutil.rmtree(folder / "model")
    finished = pipeline.compress(folder, [], tiny.Heard(), Control())
    assert finished.error["code"] == "export.no-model"

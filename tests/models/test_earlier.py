"""What earlier runs have left."""

from __future__ import annotations

import json
import shutil

import pytest

from tlstudio.core.errors import StudioError
from tlstudio.core.paths import runs_folder
from tlstudio.core.recipe import ModelSection
from tlstudio.models import earlier, loading


@pytest.fixture
def run(tiny_model, tmp_path):
    """A finished run in the usual folder, which came from another."""
    folder = runs_folder() / "20260101-120000-a"
    shutil.copytree(tiny_model, folder / "model")
    first = {"run": "first", "task": "masked-lm", "backbone": "org/root"}
    facts = {"name": "first", "licence": "mit", "languages": ["de"], "lineage": [first]}
    (folder / "results.json").write_text(json.dumps({"task": "text-classification", "model": facts}))
    return folder


def test_a_run_is_found_by_name_by_folder_and_by_the_folder_of_its_model(run, tiny_model):
    for place in (run.name, str(run), str(run / "model")):
        assert earlier.model_folder(place) == run / "model"
    assert earlier.model_folder(str(tiny_model)) == tiny_model


def test_the_lineage_goes_back_to_the_root(run, tiny_model):
    found = earlier.lineage(run / "model")
    assert [step["run"] for step in found] == ["first", run.name]
    assert found[1] == {"run": run.name, "task": "text-classification", "backbone": "first"}
    assert earlier.told(found) == f"org/root → masked-lm (run first) → text-classification (run {run.name})"
    assert earlier.lineage(tiny_model) == []
    found[1]["data_licence"] = "cc-by-4.0"
    assert earlier.told(found).endswith(f"text-classification (run {run.name}, data under cc-by-4.0)")
    assert earlier.told([]) == earlier.told(None) == ""


def test_the_lineage_names_the_licence_of_the_data(run):
    path = run / "results.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "data": {"licence": "odbl", "licence_from": "stated"}}))
    assert earlier.lineage(run / "model")[1]["data_licence"] == "odbl"


def test_a_run_as_the_backbone_of_a_recipe(run):
    found = loading.resolve(ModelSection(source="run", name=run.name))
    assert found == loading.Backbone(run / "model", run.name, None, "mit", ("de",))


@pytest.mark.parametrize("name", ["absent", "/absent/run", "../absent"])
def test_no_such_run(name):
    with pytest.raises(StudioError) as caught:
        loading.resolve(ModelSection(source="run", name=name))
    assert (caught.value.code, caught.value.where) == ("model.no-run", "model.name")


def test_a_run_without_a_model(run):
    shutil.rmtree(run / "model")
    with pytest.raises(StudioError) as caught:
        earlier.model_folder(str(run), "strategy.teacher")
    assert (caught.value.code, caught.value.where) == ("model.run-without-model", "strategy.teacher")

"""A run that starts from an earlier one."""

from __future__ import annotations

import json

import pytest

from tests import tiny
from tests.tasks.models import image_network
from tlstudio import pipeline
from tlstudio.core.control import Control
from tlstudio.core.recipe import load
from tlstudio.models import earlier


@pytest.fixture(scope="module")
def first(tiny_model, tmp_path_factory):
    base = tmp_path_factory.mktemp("sequential")
    data = tiny.write_csv(base / "tickets.csv")
    with tiny.own_home(base / "home"):
        finished = pipeline.run(tiny.recipe(tiny_model, data), base / "runs/first", tiny.Heard(), Control())
    assert finished.outcome == "completed"
    return base / "runs/first", data


def from_run(data, name, head="auto", **changes):
    recipe = tiny.recipe(data, data, **changes)
    return recipe.changed("model", {"source": "run", "name": name, "head": head})


def second(first, name, folder, head="auto", **changes):
    heard = tiny.Heard()
    recipe = from_run(first[1], name, head, **changes)
    finished = pipeline.run(recipe, folder, heard, Control())
    results = json.loads((folder / "results.json").read_text())
    return finished, results, heard


@pytest.mark.parametrize("how", ["name", "folder", "model"])
def test_a_run_goes_on_from_another(first, how):
    folder = first[0]
    place = {"name": "first", "folder": str(folder), "model": str(folder / "model")}[how]
    target = folder.parent / f"second-{how}"
    exports = ["safetensors"] if how == "name" else []
    finished, results, heard = second(first, place, target, export=exports)
    assert finished.outcome == "completed", finished.error
    assert results["model"]["name"] == "first"
    origin = json.loads((folder / "results.json").read_text())["model"]["name"]
    assert results["model"]["lineage"] == [{"run": "first", "task": "text-classification", "backbone": origin}]
    assert "model.head-kept" in heard.codes()
    line = earlier.told(results["model"]["lineage"])
    assert line in (target / "report.html").read_text(encoding="utf-8")
    if exports:
        assert load(target / "recipe.yaml").model.name == str(folder), "the recipe is good in any folder"
        assert f"| Learnt before | {line} |" in (target / "exports/safetensors/README.md").read_text(encoding="utf-8")


def test_the_lineage_grows(first):
    base = first[0].parent
    second(first, "first", base / "b")
    _finished, results, heard = second(first, "b", base / "c", "replace")
    assert [step["run"] for step in results["model"]["lineage"]] == ["first", "b"]
    assert "model.head-fresh" in heard.codes()


def test_rows_that_the_earlier_run_may_have_seen(first):
    folder = first[0].parent
    _finished, _results, heard = second(first, "first", folder / "d")
    assert "model.other-split" not in heard.codes()
    heard = tiny.Heard()
    pipeline.run(from_run(first[1], "first").changed("data.split.seed", 8), folder / "e", heard, Control())
    assert heard.codes().count("model.other-split") == 1


def test_no_such_run_is_seen_at_once(first, tmp_path):
    assert [problem.code for problem in pipeline.problems(from_run(first[1], "absent"))] == ["model.no-run"]
    finished, _results, _heard = second(first, "absent", tmp_path / "run")
    assert finished.error["code"] == "model.no-run"


def test_a_run_with_another_kind_of_network(first, tmp_path):
    image_network(tmp_path / "pictures/model", "vit")
    (tmp_path / "pictures/recipe.yaml").touch()
    finished, _results, _heard = second(first, "pictures", tmp_path / "run")
    assert finished.error["code"] == "model.run-of-other-kind"

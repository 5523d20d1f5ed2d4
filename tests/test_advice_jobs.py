"""The worker's jobs that advise: arguments in, events while they work, one reply of plain JSON."""

from __future__ import annotations

import json

import pytest

from tests import tiny
from tlstudio import worker
from tlstudio.core.control import Control

RATE = "training.learning_rate=1e-5..1e-2:log"


def done(job, args, control=None):
    lines = []
    worker.work({"id": 1, "job": job, "args": args}, lines.append, control or Control())
    json.dumps(lines)
    assert [line["event"] for line in lines].count("reply") <= 1
    return lines[-1], [line for line in lines if line["event"] == "result"]


@pytest.fixture
def args(tiny_model, tickets, tmp_path):
    recipe = tiny.recipe(tiny_model, tickets, training={"epochs": 1, "batch_size": 8, "threads": 1})
    return {"recipe": recipe.to_dict(), "runs": str(tmp_path / "runs")}


@pytest.mark.parametrize(("job", "more", "told", "key"), [
    ("rank", {"only": True, "rows": 30}, "candidate", "candidates"),
    ("advise", {"strategies": [], "rungs": 1}, "probe", "strategies"),
    ("curve", {"repeats": 1}, "point", "points"),
    ("curve", {"repeats": 1, "per_class": [2, 3]}, "point", "sizes"),
    ("lr", {"steps": 12, "lowest": 1e-4}, "sweep", "points"),
    ("search", {"vary": [RATE], "trials": 2, "minutes": 5}, "trial", "trials"),
    ("ablate", {"vary": ["training.learning_rate=1e-9"]}, "variant", "variants"),
])  # fmt: skip
def test_jobs(args, tiny_model, tmp_path, job, more, told, key):
    given = {**args, **more}
    if job == "rank":
        given["models"] = [{"source": "folder", "name": str(tiny_model)}]
    if job in ("search", "ablate"):
        given["folder"] = str(tmp_path / "place")
    last, results = done(job, given)
    assert last["event"] == "reply", last
    assert last["data"][key]
    assert isinstance(last["data"]["reasons"], list)
    assert last["data"]["seconds"] >= 0
    assert told in {line["name"] for line in results}


def test_errors_and_cancel(args):
    last, _results = done("lr", {**args, "lowest": 5.0})
    assert (last["event"], last["error"]["code"]) == ("error", "rate.limits")
    last, _results = done("search", {**args, "vary": ["training.nothing=1..2"]})
    assert last["error"]["code"] == "recipe.unknown-field"
    control = Control()
    control.cancel()
    assert done("curve", args, control)[0]["event"] == "cancelled"


def test_a_search_without_a_folder_has_its_own_place(args, home):
    last, _results = done("search", {**args, "vary": [RATE], "minutes": 0})
    assert last["data"]["folder"].startswith(str(home / "data" / "searches"))
    again, _results = done("search", {**args, "vary": [RATE], "minutes": 0})
    assert again["data"]["folder"] == last["data"]["folder"]


def test_the_frontier_of_a_run(tiny_model, tickets, tmp_path, monkeypatch):
    from tlstudio.pipeline import footprint, measuring

    monkeypatch.setattr(measuring, "REPETITIONS", 2)
    monkeypatch.setattr(footprint, "peak_memory", lambda *_given: 10**8)
    recipe, folder = tiny.recipe(tiny_model, tickets), tmp_path / "run"
    worker.work({"id": 1, "job": "run", "args": {"recipe": recipe.to_dict(), "folder": str(folder)}}, [].append,
                Control())  # fmt: skip
    args = {
        "folder": str(folder),
        "chains": [[{"name": "layer-removal", "keep": 1, "epochs": 0}]],
        "minutes": 5,
        "budget": {"lost": 1},
    }
    last, results = done("frontier", args)
    assert last["event"] == "reply", last
    [point] = last["data"]["points"]
    assert [line["name"] for line in results] == ["frontier-reference", "frontier-point"]
    assert last["data"]["best"] == point["key"]
    last, _results = done("frontier-choose", {"folder": str(folder), "key": point["key"]})
    assert (last["event"], last["outcome"]) == ("finished", "completed")
    assert (folder / "compressed/1-layer-removal/model.safetensors").is_file()
    last, _results = done("frontier", {**args, "budget": {"lost": 7}})
    assert last["error"]["code"] == "recipe.bad-value"

"""``tlstudio queue``."""

from __future__ import annotations

import json

import pytest

from tlstudio.cli import queueing
from tlstudio.session.recipe_queue import RecipeQueue


class Worker:
    """Ends each run as the test says; the second one crashes."""

    jobs: list = []

    def __init__(self):
        self.closed = False

    def start(self, job, args):
        Worker.jobs.append((job, args))
        return 1

    def lines(self):
        crashed = len(Worker.jobs) == 2
        error = {"code": "worker.crashed", "message": "It stopped.", "remedy": "", "where": "", "params": {}}
        yield {"event": "log", "code": "x", "message": "Hello."}
        yield {"event": "finished", "outcome": "failed" if crashed else "completed", "seconds": 1.0,
               "error": error if crashed else None}  # fmt: skip

    def send(self, word):
        pass

    def close(self):
        self.closed = True


@pytest.fixture
def base(tmp_path, monkeypatch):
    monkeypatch.setattr(queueing, "WorkerRunner", Worker)
    monkeypatch.setattr(Worker, "jobs", [])
    return tmp_path / "runs"


def test_it_goes_on_after_a_failure(tlstudio, recipe_file, base):
    assert tlstudio("queue", "add", recipe_file, recipe_file, recipe_file, "--runs", base).code == 0
    said = tlstudio("queue", "run", "--runs", base)
    assert said.code == 1
    assert [line.split()[1] for line in said.out.splitlines()] == ["completed", "failed", "completed"]
    assert "It stopped." in said.error
    assert [job for job, _args in Worker.jobs] == ["run"] * 3
    assert {args["alone"] for _job, args in Worker.jobs} == {"go-on"}
    assert [item.state for item in RecipeQueue(base).items()] == ["completed", "failed", "completed"]
    listed = tlstudio("queue", "list", "--runs", base, "--json").json
    assert listed[1]["error"]["code"] == "worker.crashed"
    assert tlstudio("queue", "remove", "--ended", "--runs", base).code == 0
    assert RecipeQueue(base).items() == []
    assert tlstudio("queue", "run", "--runs", base).code == 0


def test_move_remove_and_what_does_not_exist(tlstudio, recipe_file, base):
    tlstudio("queue", "add", recipe_file, recipe_file, "--set", "training.epochs=3", "--runs", base)
    first, second = [item.id for item in RecipeQueue(base).items()]
    said = tlstudio("queue", "move", second, "1", "--runs", base)
    assert [line.split()[0] for line in said.out.splitlines()] == [second, first]
    assert tlstudio("queue", "remove", first, "--runs", base).code == 0
    [left] = RecipeQueue(base).items()
    assert (left.id, left.recipe["training"]["epochs"]) == (second, 3)
    assert tlstudio("queue", "remove", "nobody", "--runs", base).code == 1


def test_a_recipe_that_cannot_run_is_refused_with_all_others(tlstudio, recipe_file, base, tmp_path):
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("schema: 1\nstrategy: {name: magic}\n")
    assert tlstudio("queue", "add", recipe_file, wrong, "--runs", base).code == 1
    assert RecipeQueue(base).items() == []


def test_what_was_broken_off_is_resumed(tlstudio, recipe_file, base):
    tlstudio("queue", "add", recipe_file, "--runs", base)
    queue = RecipeQueue(base)
    (base / "20260101-run").mkdir()
    (base / "20260101-run" / "recipe.yaml").write_text(recipe_file.read_text())
    data = json.loads(queue.file.read_text())
    data["items"][0]["run"] = "20260101-run"
    queue.file.write_text(json.dumps(data))
    assert "to be resumed" in tlstudio("queue", "list", "--runs", base).out
    tlstudio("queue", "run", "--runs", base)
    assert [(job, "recipe" in args) for job, args in Worker.jobs] == [("resume", False)]

"""The queue: in order, shared by processes, kept over a restart."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tlstudio.core.errors import StudioError
from tlstudio.core.locks import Lock
from tlstudio.core.recipe import Recipe
from tlstudio.session.recipe_queue import FILE, RecipeQueue
from tlstudio.session.runs import new_folder


@pytest.fixture
def queue(tmp_path):
    return RecipeQueue(tmp_path / "runs")


def fill(queue, *titles):
    return [queue.add(Recipe(), title).id for title in titles]


def titles(queue):
    return [item.title for item in queue.items()]


def take(queue):
    return queue.take(lambda recipe: new_folder(recipe, queue.base))


def test_order_and_places(queue):
    assert queue.items() == []
    _a, b, c = fill(queue, "a", "b", "c")
    queue.move(c, 0)
    assert titles(queue) == ["c", "a", "b"]
    queue.move(c, 99)
    queue.remove([b])
    assert titles(queue) == ["a", "c"]
    with pytest.raises(StudioError) as caught:
        queue.move("nobody", 0)
    assert caught.value.code == "queue.missing"


def test_each_recipe_is_taken_once_and_a_failure_does_not_hold_the_others(queue):
    fill(queue, "a", "b")
    first, second = take(queue), take(queue)
    assert (first.title, second.title, take(queue)) == ("a", "b", None)
    assert (queue.base / first.run).is_dir()
    assert first.run != second.run
    queue.end(first.id, "failed", {"code": "x", "message": "No.", "params": {}})
    queue.end(second.id, "completed")
    assert [(item.state, bool(item.error)) for item in queue.items()] == [("failed", True), ("completed", False)]
    queue.again(first.id)
    assert take(queue).title == "a"
    queue.clear()
    assert titles(queue) == ["a"]
    with pytest.raises(StudioError) as caught:
        queue.remove([first.id])
    assert caught.value.code == "queue.running"


def test_what_a_dead_process_had_taken_waits_again(queue):
    fill(queue, "begun", "not begun", "ended")
    code = (
        "import sys; from pathlib import Path; from tlstudio.session.recipe_queue import RecipeQueue;"
        "from tlstudio.session.runs import new_folder; queue = RecipeQueue(Path(sys.argv[1]));"
        "[print(queue.take(lambda recipe: new_folder(recipe, queue.base)).run) for _ in range(3)]"
    )
    made = subprocess.run([sys.executable, "-c", code, str(queue.base)], capture_output=True, text=True, check=True)
    begun, _not_begun, ended = made.stdout.split()
    (queue.base / begun / "recipe.yaml").write_text("schema: 1\n")
    (queue.base / ended / "results.json").write_text(json.dumps({"outcome": "stopped"}))
    found = queue.items()
    assert [(item.state, item.run) for item in found] == [("waiting", begun), ("waiting", ""), ("stopped", ended)]
    assert take(queue).run == begun, "it is resumed"


def test_a_run_that_outlived_its_window_is_still_run(queue):
    fill(queue, "a")
    item = take(queue)
    folder = queue.base / item.run
    (folder / "recipe.yaml").write_text("schema: 1\n")
    data = json.loads(queue.file.read_text())
    data["items"][0]["owner"]["started"] -= 1000
    queue.file.write_text(json.dumps(data))
    lock = Lock(folder / "run.lock")
    lock.acquire()
    assert queue.items()[0].state == "running"
    lock.release()
    assert (queue.items()[0].state, queue.items()[0].run) == ("waiting", item.run)


def test_an_interrupted_run_waits_to_be_resumed(queue):
    fill(queue, "a")
    item = take(queue)
    queue.end(item.id, "interrupted")
    [again] = queue.items()
    assert (again.state, again.run) == ("waiting", item.run)


def test_a_recipe_that_cannot_be_read_has_failed(queue):
    fill(queue, "a", "b")
    data = json.loads(queue.file.read_text())
    data["items"][0]["recipe"] = {"training": {"epochs": -1}}
    queue.file.write_text(json.dumps(data))
    assert take(queue).title == "b"
    assert queue.items()[0].state == "failed"


@pytest.mark.parametrize("text", ["", '{"items": [{"id"', "[]", '{"items": [{"id": 1}]}'])
def test_a_damaged_file_is_set_aside(queue, text):
    fill(queue, "a")
    queue.file.write_text(text)
    assert queue.items() == []
    assert [path.read_text() for path in queue.base.glob("queue-broken-*.json")] == [text]
    fill(queue, "b")
    assert titles(queue) == ["b"]


def test_two_processes_lose_nothing(queue):
    code = (
        "import sys; from pathlib import Path; from tlstudio.core.recipe import Recipe;"
        "from tlstudio.session.recipe_queue import RecipeQueue; queue = RecipeQueue(Path(sys.argv[1]));"
        "[queue.add(Recipe(), 'x') for _ in range(15)]"
    )
    both = [subprocess.Popen([sys.executable, "-c", code, str(queue.base)]) for _ in range(2)]
    assert [process.wait(120) for process in both] == [0, 0]
    assert len(queue.items()) == 30
    assert (queue.base / FILE).is_file()

"""The state of a run: its files and the time left."""

from __future__ import annotations

import json
import os
import time

import pytest

from tests import tiny
from tlstudio.core import wishes
from tlstudio.core.control import Control
from tlstudio.core.errors import Cancelled, StudioError
from tlstudio.core.events import Finished, Log, Progress
from tlstudio.core.locks import holder
from tlstudio.core.recipe import Recipe
from tlstudio.pipeline.context import Context


@pytest.fixture
def heard() -> tiny.Heard:
    return tiny.Heard()


@pytest.fixture
def context(tmp_path, heard):
    made = Context(Recipe(), tmp_path / "run", heard, Control(), ("prepare", "train", "report"))
    yield made
    made.close()


def test_events_are_on_disk_at_once_and_in_any_language(context, heard):
    context.emit(Log(code="x", message="{word}", params={"word": "退款\nété"}))
    [line] = (context.folder / "events.jsonl").read_text(encoding="utf-8").splitlines()
    assert "退款" in line
    assert json.loads(line) == heard[0].to_dict()


def test_the_lock_names_the_process_and_goes(context):
    context.start()
    owner = holder(context.folder / "run.lock")
    assert (owner.pid, owner.here) == (os.getpid(), True)
    context.close()
    assert not [path for path in context.folder.iterdir() if "lock" in path.name]
    context.close()


def test_whoever_finds_the_folder_taken_leaves_it_alone(context, heard):
    context.start()
    before = (context.folder / "events.jsonl").read_text()
    other = Context(Recipe(), context.folder, heard, Control(), ("prepare",))
    with pytest.raises(StudioError) as caught:
        other.lock()
    assert caught.value.code == "lock.taken"
    assert caught.value.params["pid"] == os.getpid()
    assert (context.folder / "events.jsonl").read_text() == before
    assert holder(context.folder / "run.lock") is not None


def test_a_word_that_lies_in_the_folder_is_heard_and_taken_away(context):
    context.start()
    for word, heard in (("pause", lambda: context.control.paused), ("cancel", lambda: context.control.cancelled)):
        wishes.send(context.folder, word)
        deadline = time.monotonic() + 10
        while not heard() and time.monotonic() < deadline:
            time.sleep(0.02)
        assert heard()
    assert not (context.folder / wishes.FILE).exists()


def test_the_folder_is_free_when_the_end_is_heard(tmp_path):
    found = []
    lock = tmp_path / "run/run.lock"
    made = Context(Recipe(), tmp_path / "run", lambda event: found.append((event.kind, lock.exists())), Control(), ())
    made.start()
    made.emit(Finished(outcome="completed", seconds=1.0))
    assert found == [("run-started", True), ("finished", False)]
    assert (tmp_path / "run/events.jsonl").read_text().count("\n") == 2


def test_stages_leave_their_results_on_disk(context, heard):
    with context.running("prepare"):
        context.result("data", {"rows": 3})
    results = json.loads((context.folder / "results.json").read_text())
    assert results["data"] == {"rows": 3}
    assert list(results["seconds"]) == ["prepare"]
    assert [event.kind for event in heard] == ["stage-started", "result", "stage-finished"]
    assert (heard[0].index, heard[0].total) == (0, 3)


def test_a_stage_that_fails_is_not_finished(context, heard):
    with pytest.raises(StudioError), context.running("train"):
        raise StudioError("x", "y")
    assert [event.kind for event in heard] == ["stage-started"]


def test_no_stage_begins_after_a_cancel(context, heard):
    context.control.cancel()
    with pytest.raises(Cancelled), context.running("train"):
        pass
    assert not heard


def test_the_share_of_the_run_never_shrinks(context, heard):
    with context.running("train"):
        for left in (1.0, 100.0, 2.0, None):
            context.emit(Progress(stage="train", done=1, total=2, seconds_left=left))
    told = heard.of("progress")
    fractions = [event.run_fraction for event in told]
    assert fractions == sorted(fractions)
    assert all(0 <= fraction <= 1 for fraction in fractions)
    assert told[0].run_seconds_left == pytest.approx(1.0 + context.expected["report"])
    assert told[1].run_seconds_left == pytest.approx(100.0 + context.expected["report"])
    assert told[3].run_seconds_left <= context.expected["train"] + context.expected["report"]


def test_a_pause_is_not_work(context):
    before = context.seconds
    context.control.paused_seconds += 50
    assert context.seconds < before - 49


def test_a_place_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StudioError):
        Context(Recipe(), tmp_path / "file/run", tiny.Heard(), Control(), ())

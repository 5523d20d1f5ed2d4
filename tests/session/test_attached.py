"""Following a run of another process: its events, our words, its end."""

from __future__ import annotations

import json
import os
import threading
import time

import pytest

from tlstudio.core import wishes
from tlstudio.core.locks import Lock
from tlstudio.session.attached import AttachedRunner, Tail, going_on


def event(kind, **values):
    return json.dumps({"event": kind, **values}) + "\n"


@pytest.fixture
def run(tmp_path):
    """A run folder that this process works in."""
    folder = tmp_path / "20260101-run"
    folder.mkdir()
    (folder / "events.jsonl").write_text(event("run-started", run="x"))
    lock = Lock(folder / "run.lock")
    lock.acquire()
    yield folder, lock
    lock.release()


@pytest.fixture
def follow(run):
    """What a follower hears, in a list that grows."""
    runner, lines = AttachedRunner(), []
    runner.start("attach", {"folder": str(run[0])})
    thread = threading.Thread(target=lambda: lines.extend(runner.lines()))
    thread.start()
    yield runner, lines, thread
    runner.close()
    thread.join(10)


def add(folder, *lines):
    with open(folder / "events.jsonl", "a", encoding="utf-8") as stream:
        stream.write("".join(lines))


def test_it_hears_the_run_to_its_end(run, follow):
    folder, lock = run
    _runner, lines, thread = follow
    add(folder, event("metric", step=1), event("finished", outcome="completed"))
    lock.release()
    thread.join(10)
    assert [line["event"] for line in lines] == ["run-started", "metric", "finished"]
    assert {line["id"] for line in lines} == {1}


def test_a_run_whose_process_dies_has_an_end_too(run, follow):
    folder, lock = run
    _runner, lines, thread = follow
    (folder / "worker.log").write_text("terminate called after throwing 'std::bad_alloc'\n")
    lock.release()
    thread.join(10)
    assert (lines[-1]["outcome"], lines[-1]["error"]["code"]) == ("failed", "worker.out-of-memory")


def test_without_last_words_it_is_just_gone(run, follow):
    _runner, lines, thread = follow
    run[1].release()
    thread.join(10)
    assert lines[-1]["error"]["code"] == "worker.gone"
    assert "Resume" in lines[-1]["error"]["remedy"]


def test_letting_go_ends_nothing(run, follow):
    folder, lock = run
    runner, lines, thread = follow
    runner.send("detach")
    thread.join(10)
    assert lines[-1]["outcome"] == "left"
    assert lock.held
    assert not (folder / wishes.FILE).exists()


def test_words_lie_in_the_folder(run, follow):
    follow[0].send("pause")
    assert (run[0] / wishes.FILE).read_text() == "pause\n"


def test_half_a_line_waits_and_a_file_that_is_written_anew_is_read_anew(tmp_path):
    path = tmp_path / "events.jsonl"
    tail = Tail(path)
    assert list(tail.read()) == []
    path.write_text('{"a": 1}\n{"a"')
    assert list(tail.read()) == [{"a": 1}]
    with open(path, "a") as stream:
        stream.write(": 2}\nnonsense\n")
    assert list(tail.read()) == [{"a": 2}]
    assert list(tail.read()) == []
    (tmp_path / "new").write_text('{"a": 1}\n{"a": 5, "b": "longer than before"}\n{"a": 6}\n')
    os.replace(tmp_path / "new", path)
    assert [line["a"] for line in tail.read()] == [1, 5, 6]


def test_live_runs_are_found_and_dead_ones_are_not(run):
    folder, lock = run
    [(found, owner)] = going_on(folder.parent)
    assert (found, owner.pid) == (folder, os.getpid())
    begin = time.monotonic()
    lock.release()
    (folder / "run.lock").write_text('{"pid": 1073741824}')
    assert going_on(folder.parent) == []
    assert going_on(folder.parent / "none") == []
    assert time.monotonic() - begin < 5

"""Short jobs: in order, cancellable, stale replies dropped."""

from __future__ import annotations

import queue
import threading
from typing import Any

import pytest

from tlstudio.gui.queries import Queries


class SlowRunner:
    """Answers when it is told to; a cancel ends the current job."""

    def __init__(self) -> None:
        self.go: queue.Queue[str] = queue.Queue()
        self.started: list[str] = []
        self.closed = threading.Event()

    def start(self, job: str, args: dict[str, Any]) -> int:
        self.started.append(job)
        return 1

    def lines(self):
        yield {"event": "progress", "stage": "x", "done": 1, "total": 2}
        word = self.go.get(timeout=10)
        yield {"event": "cancelled"} if word == "cancel" else {"event": "reply", "data": word}

    def send(self, word: str) -> None:
        self.go.put(word)

    def kill(self) -> None: ...

    def close(self) -> None:
        self.closed.set()


@pytest.fixture
def runner():
    return SlowRunner()


@pytest.fixture
def queries(runner, qapp):
    result = Queries(lambda: runner)
    yield result
    assert result.close()
    assert runner.closed.is_set()


def test_replies_come_in_order_and_in_this_thread(queries, runner, until):
    got = []
    for name in ("a", "b"):
        queries.ask(name, {}, lambda data: got.append((data, threading.current_thread())))
    for word in ("one", "two"):
        runner.go.put(word)
    until(lambda: len(got) == 2)
    assert got == [("one", threading.main_thread()), ("two", threading.main_thread())]
    assert runner.started == ["a", "b"]
    assert not queries.busy


def test_events_are_passed_on(queries, runner, until):
    events, got = [], []
    queries.ask("a", {}, got.append, on_event=events.append)
    until(lambda: events)
    runner.go.put("x")
    until(lambda: got)
    assert events[0]["event"] == "progress"


def test_a_newer_request_of_the_same_subject_replaces_the_older(queries, runner, until):
    got = []
    queries.ask("inspect", {"n": 1}, lambda data: got.append(("old", data)), key="data")
    until(lambda: runner.started == ["inspect"])
    queries.ask("inspect", {"n": 2}, lambda data: got.append(("new", data)), key="data")
    runner.go.put("second")
    until(lambda: got)
    assert got == [("new", "second")]


def test_waiting_requests_that_are_replaced_are_never_started(queries, runner, until):
    got = []
    queries.ask("first", {}, got.append)
    until(lambda: runner.started == ["first"])
    for number in range(5):
        queries.ask("later", {"n": number}, got.append)
    runner.go.put("x")
    runner.go.put("y")
    until(lambda: len(got) == 2)
    assert runner.started == ["first", "later"]


def test_cancel_calls_back_and_drops_the_reply(queries, runner, until):
    got = []
    queries.ask("download", {}, got.append, on_cancelled=lambda: got.append("cancelled"))
    until(lambda: runner.started)
    queries.cancel("download")
    assert got == ["cancelled"]
    assert not queries.busy


def test_error_is_told(queries, runner, until, monkeypatch):
    error = {"code": "x", "message": "Bad.", "params": {}}
    monkeypatch.setattr(runner, "lines", lambda: iter([{"event": "error", "error": error}]))
    got = []
    queries.ask("a", {}, got.append, on_error=lambda e: got.append(e["code"]))
    until(lambda: got)
    assert got == ["x"]


def test_a_worker_that_cannot_start_is_an_error(queries, runner, until, monkeypatch):
    from tlstudio.core.errors import StudioError

    def refuse(*_args):
        raise StudioError("worker.no-start", "No.")

    monkeypatch.setattr(runner, "start", refuse)
    got = []
    queries.ask("a", {}, got.append, on_error=lambda e: got.append(e["code"]))
    until(lambda: got)
    assert got == ["worker.no-start"]


def test_close_in_the_middle_of_a_job(queries, runner, until):
    queries.ask("a", {}, lambda _data: None)
    until(lambda: runner.started)


def test_a_patient_request_gives_way_and_begins_anew(queries, runner, until):
    got = []
    queries.ask("examine", {}, lambda data: got.append(("examine", data)), patient=True)
    until(lambda: runner.started == ["examine"])
    queries.ask("preview", {}, lambda data: got.append(("preview", data)))
    until(lambda: runner.started == ["examine", "preview"])
    runner.go.put("rows")
    until(lambda: runner.started == ["examine", "preview", "examine"])
    runner.go.put("findings")
    until(lambda: len(got) == 2)
    assert got == [("preview", "rows"), ("examine", "findings")]


def test_a_patient_request_that_is_given_up_does_not_come_back(queries, runner, until):
    got = []
    queries.ask("examine", {}, got.append, on_cancelled=lambda: got.append("cancelled"), patient=True)
    until(lambda: runner.started == ["examine"])
    queries.cancel("examine")
    queries.ask("preview", {}, got.append)
    until(lambda: runner.started == ["examine", "preview"])
    runner.go.put("rows")
    until(lambda: len(got) == 2)
    assert got == ["cancelled", "rows"]
    assert runner.started == ["examine", "preview"]

"""The worker without its window: what becomes of the job."""

from __future__ import annotations

import json
import threading
import time

import pytest

from tlstudio.core.attending import Unbreakable, Worker
from tlstudio.core.errors import Cancelled


class Window:
    """Both ends of the pipes: requests that a test gives, lines that the worker sends."""

    def __init__(self):
        self.sent, self.broken = [], False
        self._given, self._more = [], threading.Condition()

    def give(self, line):
        with self._more:
            self._given.append(line)
            self._more.notify()

    def __iter__(self):
        while True:
            with self._more:
                self._more.wait_for(lambda: self._given)
                line = self._given.pop(0)
            if line is None:
                return
            yield json.dumps(line)

    def write(self, text):
        if self.broken:
            raise BrokenPipeError
        self.sent.append(json.loads(text))

    def flush(self):
        pass

    def until(self, met):
        deadline = time.monotonic() + 10
        while not met() and time.monotonic() < deadline:
            time.sleep(0.01)
        assert met()


@pytest.fixture
def served(monkeypatch, tmp_path):
    """A worker in a thread; its job says what it was told to do."""
    monkeypatch.setattr("signal.signal", lambda *_: None)  # only the main thread may
    window, ends, away, free = Window(), [], [], threading.Event()

    def work(request, send, control):
        send({"event": "begun", "id": request["id"]})
        try:
            while not (free.is_set() or control.stopping):
                control.check()
                time.sleep(0.01)
            ends.append("stopped" if control.stopping else "completed")
        except Cancelled:
            ends.append("interrupted" if control.leaving else "cancelled")
        send({"event": "finished", "id": request["id"]})

    worker = Worker(window, window, work, away.append)
    thread = threading.Thread(target=worker.serve)
    thread.start()

    def begin(**args):
        window.give({"job": "run", "id": 1, "args": {"folder": str(tmp_path), **args}})
        window.until(lambda: {"event": "begun", "id": 1} in window.sent)

    yield window, begin, ends, away, free
    free.set()
    window.give(None)
    thread.join(10)
    assert not thread.is_alive()


@pytest.mark.parametrize(("alone", "end"), [("stop", "stopped"), ("leave", "interrupted"), ("cancel", "cancelled"),
                                            ("nonsense", "cancelled"), (None, "cancelled")])  # fmt: skip
def test_the_window_is_gone(served, alone, end):
    window, begin, ends, _away, _free = served
    begin(**({} if alone is None else {"alone": alone}))
    window.give(None)
    window.until(lambda: ends)
    assert ends == [end]


def test_a_run_that_shall_goes_on_alone(served, tmp_path):
    window, begin, ends, away, free = served
    begin(alone="go-on")
    window.broken = True
    window.give(None)
    window.until(lambda: away)
    assert not ends
    free.set()
    window.until(lambda: ends)
    assert ends == ["completed"]
    assert away == [tmp_path / "worker.log"]


def test_a_window_that_goes_hears_that_the_run_stays(served):
    window, begin, ends, away, free = served
    begin(alone="cancel")
    window.give({"control": "detach"})
    window.until(lambda: away)
    assert window.sent[-1] == {"event": "detached", "id": 1}
    free.set()
    window.until(lambda: ends)
    assert ends == ["completed"]
    assert window.sent[-1] == {"event": "detached", "id": 1}, "nobody listens any more"


def test_quit_means_quit(served):
    window, begin, ends, away, _free = served
    begin(alone="go-on")
    window.give({"control": "quit"})
    window.until(lambda: ends)
    assert (ends, away) == (["cancelled"], [])


def test_only_what_has_a_folder_can_be_found_again(served):
    window, _begin, ends, _away, _free = served
    window.give({"job": "estimate", "id": 1, "args": {"alone": "go-on"}})
    window.until(lambda: {"event": "begun", "id": 1} in window.sent)
    window.give(None)
    window.until(lambda: ends)
    assert ends == ["cancelled"]


def test_printing_to_nobody_is_no_error():
    class Gone:
        name = "gone"

        def write(self, _text):
            raise BrokenPipeError

        flush = write

    stream = Unbreakable(Gone())
    assert stream.write("warning") == 7
    assert stream.name == "gone"

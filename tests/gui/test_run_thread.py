"""The run's thread: one terminal line, the runner closed, nothing flooded."""

from __future__ import annotations

import pytest

from tests.gui import fake
from tlstudio.core.errors import StudioError
from tlstudio.gui.run_session import RunSession
from tlstudio.gui.run_thread import RunThread


@pytest.fixture
def runner():
    return fake.FakeRunner(pace=0.0)


def run(thread, qtbot):
    ended = []
    thread.ended.connect(ended.append)
    with qtbot.waitSignal(thread.finished, timeout=10000):
        thread.start()
    qtbot.waitUntil(lambda: bool(ended))
    return ended


def test_a_run_ends_once_and_closes_its_runner(runner, qtbot, tmp_path):
    thread = RunThread(runner, "run", {"folder": str(tmp_path)})
    ended = run(thread, qtbot)
    assert [line["outcome"] for line in ended] == ["completed"]
    assert runner.closed.is_set()
    assert thread.history.latest("train").step == 60
    events = {line["event"] for line in thread.drain()}
    assert "stage-started" in events
    assert not events & {"metric", "progress"}
    assert thread.drain() == []


def test_a_runner_that_cannot_start_fails_plainly(runner, qtbot, monkeypatch):
    def refuse(*_args):
        raise StudioError("worker.no-start", "No.")

    monkeypatch.setattr(runner, "start", refuse)
    ended = run(RunThread(runner, "run", {}), qtbot)
    assert ended[0]["error"]["code"] == "worker.no-start"
    assert runner.closed.is_set()


def test_lines_without_an_end_are_a_failure(runner, qtbot, monkeypatch):
    monkeypatch.setattr(runner, "lines", lambda: iter([{"event": "log", "message": "x"}]))
    ended = run(RunThread(runner, "run", {}), qtbot)
    assert ended[0]["outcome"] == "failed"
    assert ended[0]["error"]["code"] == "worker.crashed"


def test_session_states(runner, qtbot, tmp_path):
    runner.pace = 0.01
    session = RunSession(lambda: runner)
    states = []
    session.state_changed.connect(states.append)
    session.start("run", {"folder": str(tmp_path)}, tmp_path)
    qtbot.waitUntil(lambda: session.state == "running")
    with pytest.raises(RuntimeError):
        session.start("run", {}, tmp_path)
    session.send("pause")
    session.send("resume")
    session.send("stop")
    with qtbot.waitSignal(session.ended, timeout=10000) as signal:
        pass
    assert signal.args[0]["outcome"] == "stopped"
    assert states == ["starting", "running", "paused", "running", "stopping", "finished"]
    assert not session.active


def test_session_closes_while_running(runner, qtbot, tmp_path):
    runner.pace = 0.02
    session = RunSession(lambda: runner)
    session.start("run", {"folder": str(tmp_path)}, tmp_path)
    qtbot.waitUntil(lambda: session.state == "running")
    assert session.close()
    qtbot.waitUntil(lambda: not session.active)
    assert runner.closed.is_set()


def test_spare_runner_is_used_and_closed(qtbot, tmp_path):
    made = []

    def make():
        made.append(fake.FakeRunner(pace=0.0))
        return made[-1]

    session = RunSession(make)
    session.prepare()
    session.prepare()
    assert len(made) == 1
    with qtbot.waitSignal(session.ended, timeout=10000):
        session.start("run", {"folder": str(tmp_path)}, tmp_path)
    assert len(made) == 1
    session.prepare()
    session.close()
    assert made[1].closed.is_set()

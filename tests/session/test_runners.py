"""Runners: lines arrive, whatever happens to the worker; nothing is left behind."""

from __future__ import annotations

import os
import sys
import threading
import time

import psutil
import pytest

from tlstudio.core.errors import StudioError
from tlstudio.core.events import PROTOCOL_VERSION
from tlstudio.session.runners import InlineRunner, WorkerRunner, explain_exit, make

_HELLO = f'print(\'{{"event": "hello", "protocol": {PROTOCOL_VERSION}}}\', flush=True)\n'
_LOOP = """
import json, os, signal, sys, time
def say(**line): print(json.dumps(line), flush=True)
for text in sys.stdin:
    line = json.loads(text)
    if "control" in line:
        if line["control"] == "quit": break
        say(event="heard", id=number, word=line["control"])
        if line["control"] == "cancel": say(event="finished", id=number, outcome="cancelled", seconds=0, error=None)
        continue
    number, job = line["id"], line["job"]
    if job == "echo":
        print("a chatty library", flush=True)
        say(event="progress", id=number, stage="x", done=1, total=2)
        say(event="reply", id=number, data=line["args"])
    elif job == "warm": say(event="reply", id=number, data={})
    elif job == "run": say(event="run-started", id=number)
    elif job == "exit": sys.stderr.write("some last words\\n"); sys.exit(3)
    elif job == "kill": os.kill(os.getpid(), signal.SIGKILL)
    elif job == "term": os.kill(os.getpid(), signal.SIGTERM)
    elif job == "memory": sys.stderr.write("MemoryError\\n"); sys.exit(1)
"""


def program(code: str = _HELLO + _LOOP) -> list[str]:
    return [sys.executable, "-u", "-c", code]


@pytest.fixture
def runner():
    result = WorkerRunner(program())
    yield result
    result.close()
    assert not [child for child in psutil.Process().children() if child.status() == psutil.STATUS_ZOMBIE]


def collect(runner, job, **args):
    runner.start(job, args)
    return list(runner.lines())


def test_lines_of_several_jobs_from_one_process(runner):
    first = collect(runner, "echo", text="héllo 中文")
    pid = runner.pid
    assert [line["event"] for line in first] == ["progress", "reply"]
    assert first[-1]["data"] == {"text": "héllo 中文"}
    assert collect(runner, "echo", n=2)[-1]["data"] == {"n": 2}
    assert runner.pid == pid


def test_warm_up_reply_is_not_taken_for_the_jobs(runner):
    runner.start_worker()
    pid = runner.pid
    assert collect(runner, "echo", n=1)[-1]["data"] == {"n": 1}
    assert runner.pid == pid


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize(
    ("job", "code"),
    [
        ("exit", "worker.crashed"),
        ("kill", "worker.out-of-memory"),
        ("term", "worker.killed"),
        ("memory", "worker.out-of-memory"),
    ],
)
def test_dead_worker_gives_a_plain_error_and_the_next_job_a_new_worker(runner, job, code):
    line = collect(runner, job)[-1]
    assert line["event"] == "error"
    assert line["error"]["code"] == code
    assert line["error"]["remedy"]
    assert collect(runner, "echo", n=1)[-1]["data"] == {"n": 1}


def test_last_words_of_a_crashed_worker_are_kept(runner):
    line = collect(runner, "exit")[-1]
    assert "some last words" in line["error"]["params"]["detail"]
    assert line["error"]["params"]["exit"] == 3


def test_a_run_that_dies_ends_with_finished():
    runner = WorkerRunner(program(_HELLO + "import sys; sys.stdin.readline(); sys.exit(1)"))
    line = collect(runner, "run")[-1]
    runner.close()
    assert (line["event"], line["outcome"]) == ("finished", "failed")


def test_control_words_reach_the_job_from_another_thread(runner):
    runner.start("run", {})
    timer = threading.Timer(0.2, runner.send, ["cancel"])
    timer.start()
    lines = list(runner.lines())
    timer.join()
    assert lines[-1]["outcome"] == "cancelled"


def test_kill_in_the_middle_is_a_cancel(runner):
    runner.start("run", {})
    timer = threading.Timer(0.2, runner.kill)
    timer.start()
    assert list(runner.lines())[-1]["outcome"] == "cancelled"
    timer.join()


def test_close_from_another_thread_ends_the_lines(runner):
    runner.start("run", {})
    timer = threading.Timer(0.2, runner.close)
    timer.start()
    assert list(runner.lines())[-1]["outcome"] == "cancelled"
    timer.join()


def test_a_worker_that_does_not_quit_is_ended(monkeypatch):
    monkeypatch.setattr("tlstudio.session.runners._GRACE", 0.3)
    stubborn = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('{}', flush=True); time.sleep(60)"
    )
    runner = WorkerRunner(program(stubborn))
    runner.start("run", {})
    pid = runner.pid
    time.sleep(0.3)
    begin = time.monotonic()
    runner.close()
    runner.close()
    assert time.monotonic() - begin < 5
    assert not psutil.pid_exists(pid)


def test_another_protocol_is_refused():
    runner = WorkerRunner(program('print(\'{"event": "hello", "protocol": 99}\', flush=True); input()'))
    line = collect(runner, "echo")[-1]
    runner.close()
    assert line["error"]["code"] == "worker.protocol"


def test_a_program_that_is_not_there():
    runner = WorkerRunner(["/no/such/program"])
    with pytest.raises(StudioError) as error:
        runner.start("echo", {})
    assert error.value.code == "worker.no-start"


def test_much_noise_on_stderr_does_not_block(runner):
    code = _HELLO + "import sys; sys.stdin.readline(); sys.stderr.write('x' * 70 + '\\n' * 1)\n"
    code += "for _ in range(20000): sys.stderr.write('noise noise noise noise\\n')\nsys.exit(4)"
    noisy = WorkerRunner(program(code))
    line = collect(noisy, "echo")[-1]
    noisy.close()
    assert line["error"]["params"]["exit"] == 4
    assert len(line["error"]["params"]["detail"]) <= 2000


def test_windows_codes():
    assert explain_exit(0xC0000017).code == "worker.out-of-memory"
    assert explain_exit(0xC0000005).code == "worker.crashed"
    assert "?" in explain_exit(None).message


def test_inline_runner_speaks_the_same_lines():
    runner = make("inline")
    assert isinstance(runner, InlineRunner)
    lines = collect(runner, "no-such-job")
    assert lines[-1]["error"]["code"] == "worker.unknown-job"
    assert lines[-1]["id"] == 1


def test_inline_runner_can_be_cancelled(monkeypatch):
    from tlstudio import worker

    def endless(_args, _emit, control):
        while True:
            control.check()
            time.sleep(0.01)

    monkeypatch.setitem(worker.JOBS, "endless", endless)
    runner = InlineRunner()
    runner.start("endless", {})
    timer = threading.Timer(0.1, runner.send, ["cancel"])
    timer.start()
    assert list(runner.lines())[-1]["event"] == "cancelled"
    timer.join()


def test_real_worker_answers():
    runner = WorkerRunner()
    line = collect(runner, "no-such-job")[-1]
    runner.close()
    assert line["error"]["code"] == "worker.unknown-job"

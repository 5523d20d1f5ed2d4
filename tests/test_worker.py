"""The worker's protocol, over a real process and its pipes."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from tests import tiny
from tlstudio import __version__, worker
from tlstudio.core.control import Control
from tlstudio.core.errors import Cancelled, StudioError
from tlstudio.core.events import PROTOCOL_VERSION

_PATIENCE = 90  # seconds: the machine may be busy, and torch takes its time to import


class Process:
    """A worker with a reader, so that a test can wait for a line with a limit."""

    def __init__(self, code: str | None = None) -> None:
        command = ["-c", code] if code else ["-m", "tlstudio.worker"]
        self.process = subprocess.Popen(
            [sys.executable, *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=os.environ.copy(),
        )  # fmt: skip
        self.raw: queue.Queue[bytes] = queue.Queue()
        self.errors: list[bytes] = []
        self.threads = [threading.Thread(target=self._read), threading.Thread(target=self._drain)]
        for thread in self.threads:
            thread.start()

    def _read(self) -> None:
        for line in self.process.stdout:
            self.raw.put(line)
        self.raw.put(b"")

    def _drain(self) -> None:
        self.errors.extend(self.process.stderr)

    def send(self, line: Any) -> None:
        data = line if isinstance(line, bytes) else json.dumps(line).encode()
        self.process.stdin.write(data + b"\n")
        self.process.stdin.flush()

    def line(self) -> dict[str, Any] | None:
        """The next line; None at the end. Every line must be an object of the protocol."""
        data = self.raw.get(timeout=_PATIENCE)
        return json.loads(data) if data else None

    def until(self, wanted) -> list[dict[str, Any]]:
        found = []
        while (line := self.line()) is not None:
            found.append(line)
            if wanted(line):
                return found
        raise AssertionError(f"the worker ended after {found[-3:]}: {b''.join(self.errors)[-2000:]!r}")

    def terminal(self, number: int) -> list[dict[str, Any]]:
        return self.until(lambda line: line.get("id") == number and line["event"] in
                          ("finished", "reply", "error", "cancelled"))  # fmt: skip

    def end(self) -> int:
        """Closes the input and waits."""
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        code = self.process.wait(_PATIENCE)
        for thread in self.threads:
            thread.join()
        self.process.stdout.close()
        self.process.stderr.close()
        return code


@pytest.fixture
def start():
    started: list[Process] = []

    def make(code: str | None = None) -> Process:
        started.append(Process(code))
        return started[-1]

    yield make
    for item in started:
        if item.process.poll() is None:
            item.process.kill()
        item.end()


def run_job(number, model, data, folder, **changes):
    recipe = tiny.recipe(model, data, **changes).to_dict()
    return {"job": "run", "id": number, "args": {"recipe": recipe, "folder": str(folder)}}


def endless(number, model, data, folder):
    """A run that trains until somebody ends it."""
    training = {"epochs": 1000, "batch_size": 2, "threads": 1, "patience": 0, "precision": "fp32"}
    return run_job(number, model, data, folder, strategy={"name": "full-fine-tuning"}, training=training)


def is_training(line):
    return line["event"] == "metric" and line["split"] == "train"


def test_hello_ping_order_garbage_and_unknown_jobs(start, tickets):
    process = start()
    hello = process.line()
    assert hello == {"event": "hello", "protocol": PROTOCOL_VERSION, "version": __version__, "pid": process.process.pid}
    process.send({"control": "ping"})
    assert process.line() == {"event": "pong"}
    for garbage in (b"{half", b"5", b'"text"', b"[1, 2]", b"null", b"\xff\xfe\x00", b"", b"[" * 100_000, b"{}",
                    b'{"control": "dance"}', b'{"control": {"a": 1}}'):  # fmt: skip
        process.send(garbage)
    process.send({"job": "catalogue", "id": 1, "args": {}})
    process.send({"job": "dance", "id": 2})
    process.send({"job": "inspect-data", "id": "three", "args": {"data": {"path": str(tickets)}}})
    process.send({"job": "inspect-data", "id": 4, "args": {"data": {"path": str(tickets) + ".gone"}}})
    process.send({"job": "inspect-data", "id": 5, "args": {"data": {"split": {"test": 7}}}})
    process.send({"job": "inspect-model", "id": 6})
    lines = process.terminal(6)
    ends = {line["id"]: line for line in lines if line["event"] != "progress"}
    assert list(ends) == [1, 2, "three", 4, 5, 6]
    assert ends[1]["event"] == "reply"
    assert ends[1]["data"][0]["name"]
    assert ends[2]["error"]["code"] == "worker.unknown-job"
    assert ends["three"]["data"]["columns"] == ["text", "label"]
    assert ends[4]["error"]["code"] == "files.missing"
    assert ends[5]["error"]["where"] == "split.test"
    assert ends[6]["event"] == "error"
    assert len([line for line in lines if line["event"] in ("reply", "error")]) == 6
    assert process.end() == 0
    assert process.raw.get(timeout=1) == b""


def test_pause_resume_ping_and_cancel_while_a_run_trains(start, tiny_model, tickets, tmp_path):
    process = start()
    process.send({"job": "warm", "id": 1, "args": {}})
    process.send(endless(2, tiny_model, tickets, tmp_path / "run"))
    lines = process.until(is_training)
    assert lines[1] == {"event": "reply", "id": 1, "data": {}}
    process.send({"control": "pause"})
    time.sleep(1.0)
    while not process.raw.empty():
        process.line()
    time.sleep(0.7)
    assert process.raw.empty(), "a paused run says nothing"
    process.send({"control": "ping"})
    assert process.line() == {"event": "pong"}, "and the worker still listens"
    process.send({"control": "resume"})
    process.until(is_training)
    begin = time.monotonic()
    process.send({"control": "cancel"})
    last = process.terminal(2)[-1]
    assert time.monotonic() - begin < 10
    assert (last["event"], last["outcome"], last["error"]) == ("finished", "cancelled", None)
    assert not (tmp_path / "run/checkpoints").exists()
    assert not (tmp_path / "run/run.lock").exists()
    events = [json.loads(line) for line in (tmp_path / "run/events.jsonl").read_text().splitlines()]
    assert [event for event in events if event["event"] == "finished"] == [
        {key: value for key, value in last.items() if key != "id"}
    ]

    # the same worker goes on: a stop keeps the best, then another job
    process.send(endless(3, tiny_model, tickets, tmp_path / "stopped"))
    process.until(lambda line: line["event"] == "checkpoint" and line["id"] == 3)
    process.send({"control": "stop"})
    assert process.terminal(3)[-1]["outcome"] == "stopped"
    target = {"target": str(tmp_path / "stopped"), "rows": [{"text": "please help"}, {"text": "退款"}]}
    process.send({"job": "predict", "id": 4, "args": target})
    [reply] = process.terminal(4)
    assert [{"text": item["text"]} for item in reply["data"]] == target["rows"]
    process.send({"control": "quit"})
    assert process.process.wait(_PATIENCE) == 0


def test_the_end_of_the_input_cancels_what_runs_and_what_waits(start, tiny_model, tickets, tmp_path):
    process = start()
    process.send(endless(1, tiny_model, tickets, tmp_path / "one"))
    process.send(endless(2, tiny_model, tickets, tmp_path / "two"))
    process.until(is_training)
    process.process.stdin.close()
    first = process.terminal(1)[-1]
    second = process.terminal(2)[-1]
    assert first["outcome"] == second["outcome"] == "cancelled"
    assert process.line() is None
    assert process.process.wait(_PATIENCE) == 0


def test_what_libraries_print_never_enters_the_protocol(start):
    noisy = (
        "import os, sys, subprocess\n"
        "from tlstudio import worker\n"
        "def shout(args, emit, control):\n"
        "    print('from python'); sys.stdout.flush(); os.write(1, b'from C\\n')\n"
        "    subprocess.run([sys.executable, '-c', 'print(\"from a child\")'], check=True)\n"
        "    sys.__stdout__.write('half a line'); sys.__stdout__.flush()\n"
        "    return args\n"
        "worker.JOBS['shout'] = shout\n"
        "sys.exit(worker.main())\n"
    )
    process = start(noisy)
    process.send({"job": "shout", "id": 1, "args": {"word": "été 退款 \u2028"}})
    assert process.line()["event"] == "hello"
    assert process.line() == {"event": "reply", "id": 1, "data": {"word": "été 退款 \u2028"}}
    assert process.end() == 0
    said = b"".join(process.errors).decode()
    for words in ("from python", "from C", "from a child", "half a line"):
        assert words in said


# --- one job, in this process


def done(monkeypatch, job, name="thing"):
    """The lines of one job."""
    lines: list[dict[str, Any]] = []
    monkeypatch.setitem(worker.JOBS, name, job)
    worker.work({"job": name, "id": 9, "args": None}, lines.append, Control())
    return lines


def raising(problem):
    def job(_args, _emit, _control):
        raise problem

    return job


@pytest.mark.parametrize(
    ("problem", "code"),
    [
        (StudioError("a.b", "sentence"), "a.b"),
        (PermissionError(13, "denied", "/root/x"), "files.no-permission"),
        (ValueError("odd"), "run.unexpected"),
        (MemoryError(), "run.no-memory"),
    ],
)
def test_every_problem_of_a_job_is_one_error_line(monkeypatch, problem, code):
    [line] = done(monkeypatch, raising(problem))
    assert (line["event"], line["id"], line["error"]["code"]) == ("error", 9, code)
    [line] = done(monkeypatch, raising(problem), "run")
    assert (line["event"], line["outcome"], line["error"]["code"]) == ("finished", "failed", code)
    json.dumps(line)


def test_a_cancelled_job_says_so(monkeypatch):
    assert done(monkeypatch, raising(Cancelled())) == [{"event": "cancelled", "id": 9}]


def test_a_run_with_a_wrong_recipe_ends_like_a_run(tmp_path):
    lines: list[dict[str, Any]] = []
    args = {"recipe": {"training": {"epochs": 0}}, "folder": str(tmp_path / "run")}
    worker.work({"job": "run", "id": 1, "args": args}, lines.append, Control())
    [line] = lines
    assert (line["event"], line["outcome"], line["error"]["where"]) == ("finished", "failed", "training.epochs")
    assert not Path(args["folder"]).exists()


def test_an_answer_that_is_no_json_is_an_error(monkeypatch):
    sent: list[str] = []

    class Pipe:
        def write(self, text):
            sent.append(text)

        def flush(self):
            pass

    monkeypatch.setitem(worker.JOBS, "thing", lambda *_: {"path": Path("x")})

    def requests():
        yield json.dumps({"job": "thing", "id": 1})
        while len(sent) < 2:  # the end of the input would cancel the job
            time.sleep(0.01)

    server = worker.Worker(requests(), Pipe(), worker.work)
    server.serve()
    hello, answer = map(json.loads, sent)
    assert hello["event"] == "hello"
    assert (answer["event"], answer["error"]["code"]) == ("error", "run.unexpected")

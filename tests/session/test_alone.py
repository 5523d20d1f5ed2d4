"""A run whose window was killed: it goes on, is found again, hears, and comes to its end. Real processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from tests import tiny
from tlstudio.session.attached import AttachedRunner, going_on

_WINDOW = """
import json, sys
from tlstudio.session.runners import WorkerRunner
runner = WorkerRunner()
runner.start("run", json.loads(sys.argv[1]))
for line in runner.lines():
    if line["event"] == "metric":
        print("training", flush=True)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_the_run_of_a_killed_window(tiny_model, tickets, tmp_path):
    folder = tmp_path / "runs" / "20260101-run"
    folder.mkdir(parents=True)
    training = {"epochs": 1000, "batch_size": 8, "threads": 1, "patience": 0, "precision": "fp32"}
    recipe = tiny.recipe(tiny_model, tickets, strategy={"name": "full-fine-tuning"}, training=training)
    args = {"recipe": recipe.to_dict(), "folder": str(folder), "alone": "go-on"}
    window = subprocess.Popen([sys.executable, "-c", _WINDOW, json.dumps(args)], stdout=subprocess.PIPE, text=True)
    try:
        assert window.stdout.readline() == "training\n"
    finally:
        window.send_signal(signal.SIGKILL)
        window.wait()
        window.stdout.close()
    [(found, owner)] = going_on(folder.parent)
    assert found == folder
    deadline = time.monotonic() + 10
    while not owner.orphan and time.monotonic() < deadline:
        time.sleep(0.05)
    assert owner.orphan
    size = (folder / "events.jsonl").stat().st_size
    while (folder / "events.jsonl").stat().st_size == size and time.monotonic() < deadline + 20:
        time.sleep(0.05)
    assert (folder / "events.jsonl").stat().st_size > size, "it goes on"
    runner = AttachedRunner()
    runner.start("attach", {"folder": str(folder)})
    asked, last = 0.0, {}
    for line in runner.lines():
        last = line
        if line["event"] == "metric" and line["split"] == "validation" and not asked:
            asked = time.monotonic()
            runner.send("stop")
    assert last["outcome"] == "stopped"
    assert (folder / "model" / "model.safetensors").is_file()
    end = time.monotonic() + 20
    while time.monotonic() < end:
        try:
            os.kill(owner.pid, 0)
        except ProcessLookupError:
            break
        time.sleep(0.1)
    else:
        pytest.fail("the worker stays though it has nothing to do")
    assert not (folder / "run.lock").exists()

"""Ctrl-C in a real process: once keeps the best, twice cancels."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from typing import Any

import pytest
import yaml

if sys.platform == "win32":
    pytest.skip("Windows has no SIGINT for a child process", allow_module_level=True)


def start(recipe_file, base) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tlstudio", "run", str(recipe_file), "--runs", str(base), "--events"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def until(process: subprocess.Popen[str], kind: str, **fields: Any) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        event = json.loads(line)
        if event["event"] == kind and all(event.get(name) == value for name, value in fields.items()):
            return
    raise AssertionError(f"the process ended before {kind}: {process.stderr and process.stderr.read()}")


def rest(process: subprocess.Popen[str]) -> tuple[list[dict[str, Any]], str]:
    out, err = process.communicate(timeout=60)
    return [json.loads(line) for line in out.splitlines()], err


@pytest.fixture
def pair(recipe_file, tmp_path):
    """Two endless runs at once, since most of the time goes into their start."""
    text = recipe_file.read_text().replace("epochs: 2", "epochs: 1000").replace("linear-probe", "full-fine-tuning")
    recipe_file.write_text(text + "\n")
    assert yaml.safe_load(text)["training"]["epochs"] == 1000
    processes = [start(recipe_file, tmp_path / name) for name in ("once", "twice")]
    yield processes
    for process in processes:
        process.kill()
        process.wait()


def test_once_and_twice(pair, tmp_path):
    once, twice = pair
    until(once, "metric", split="validation")
    once.send_signal(signal.SIGINT)
    events, said = rest(once)
    assert once.returncode == 0, said
    assert "Press Ctrl-C again to cancel" in " ".join(said.split())
    assert (events[-1]["event"], events[-1]["outcome"]) == ("finished", "stopped")
    assert sum(event["event"] == "finished" for event in events) == 1
    (folder,) = (path for path in (tmp_path / "once").iterdir() if path.is_dir())
    assert (folder / "model" / "model.safetensors").is_file()
    assert json.loads((folder / "results.json").read_text())["test"]["rows"] == 12

    until(twice, "metric", split="train")
    twice.send_signal(signal.SIGSTOP)  # both signals arrive before it can work on
    twice.send_signal(signal.SIGINT)
    twice.send_signal(signal.SIGCONT)
    time.sleep(0.05)
    twice.send_signal(signal.SIGINT)
    events, said = rest(twice)
    assert "Traceback" not in said
    assert twice.returncode == 130, said
    assert events[-1]["outcome"] == "cancelled"
    (folder,) = (path for path in (tmp_path / "twice").iterdir() if path.is_dir())
    assert json.loads((folder / "results.json").read_text())["outcome"] == "cancelled"
    assert not (folder / "checkpoints").exists()
    assert not (folder / "run.lock").exists()

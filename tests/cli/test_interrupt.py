"""Ctrl-C: once keeps the best, twice cancels. Real signals; the second test has a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

if sys.platform == "win32":
    pytest.skip("Windows has no SIGINT for one process", allow_module_level=True)


@pytest.fixture
def endless(recipe_file: Path) -> Path:
    """A run that would not end by itself within a test."""
    recipe = yaml.safe_load(recipe_file.read_text())
    recipe["strategy"] = {"name": "full-fine-tuning"}
    recipe["training"] |= {"epochs": 1000, "patience": 0}
    recipe_file.write_text(yaml.safe_dump(recipe))
    return recipe_file


def wait_for(met: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 60
    while not met() and time.monotonic() < deadline:
        time.sleep(0.02)
    return met()


def run_folder(base: Path) -> Path:
    (folder,) = (path for path in base.iterdir() if path.is_dir())
    return folder


def says(path: Path, *words: str) -> Callable[[], bool]:
    """Whether a line of the file has all words."""
    return lambda: path.is_file() and any(all(w in line for w in words) for line in path.read_text().splitlines())


def test_once_keeps_the_best(tlstudio, endless, tmp_path):
    base = tmp_path / "runs"

    def press() -> None:
        wait_for(lambda: base.is_dir() and any(base.iterdir()))
        if wait_for(says(run_folder(base) / "events.jsonl", '"metric"', '"validation"')):
            os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=press)
    thread.start()
    before = signal.getsignal(signal.SIGINT)
    said = tlstudio("run", endless, "--runs", base, "--events")
    thread.join()
    assert said.code == 0
    assert signal.getsignal(signal.SIGINT) is before
    assert "Press Ctrl-C again to cancel" in said.error
    assert [line["outcome"] for line in said.lines if line["event"] == "finished"] == ["stopped"]
    folder = run_folder(base)
    assert (folder / "model" / "model.safetensors").is_file()
    results = json.loads((folder / "results.json").read_text())
    assert (results["outcome"], results["test"]["rows"]) == ("stopped", 12)


def test_twice_cancels(endless, tmp_path):
    base, errors = tmp_path / "runs", tmp_path / "errors.txt"
    command = [sys.executable, "-m", "tlstudio", "run", str(endless), "--runs", str(base)]
    with open(errors, "w") as stream:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=stream)
    try:
        assert wait_for(lambda: base.is_dir() and any(base.iterdir()))
        folder = run_folder(base)
        assert wait_for(says(folder / "events.jsonl", '"metric"'))
        process.send_signal(signal.SIGINT)
        assert wait_for(says(errors, "Press Ctrl-C again"))
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
    finally:
        process.kill()
        process.wait()
    said = " ".join(errors.read_text().split())
    assert "Cancelled." in said
    assert "Traceback" not in said
    results = json.loads((folder / "results.json").read_text())
    assert results["outcome"] == "cancelled"
    last = json.loads((folder / "events.jsonl").read_text().splitlines()[-1])
    assert (last["event"], last["outcome"]) == ("finished", "cancelled")
    assert not (folder / "run.lock").exists()  # its checkpoints stay: it may be resumed


@pytest.mark.slow
def test_a_wish_to_end_leaves_a_run_that_can_be_resumed(endless, tmp_path):
    base = tmp_path / "runs"
    command = [sys.executable, "-m", "tlstudio", "run", str(endless), "--runs", str(base), "--set",
               "training.checkpoint_seconds=0"]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        assert wait_for(lambda: base.is_dir() and any(base.iterdir()))
        folder = run_folder(base)
        assert wait_for(says(folder / "events.jsonl", '"metric"', '"validation"'))
        process.terminate()
        assert process.wait(60) == 143
    finally:
        process.kill()
        process.wait()
    last = json.loads((folder / "events.jsonl").read_text().splitlines()[-1])
    assert (last["event"], last["outcome"]) == ("finished", "interrupted")
    assert list((folder / "checkpoints").iterdir())
    assert not (folder / "run.lock").exists()

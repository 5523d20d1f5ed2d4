"""Fresh processes: their end, their last words, and that a cancel kills them."""

from __future__ import annotations

import sys
import threading
import time

import pytest

from tlstudio.core import processes
from tlstudio.core.control import Control
from tlstudio.core.errors import Cancelled


def test_frozen_program_uses_its_own_switch(monkeypatch):
    assert processes.module_command("a.b", "c") == [sys.executable, "-m", "a.b", "c"]
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert processes.module_command("a.b", "c") == [sys.executable, "--module", "a.b", "c"]


def test_exit_code_and_last_words(tmp_path):
    good = processes.run_module("timeit", ["-n1", "-r1", "pass"], Control())
    assert good.code == 0
    bad = processes.run_module("json.tool", [str(tmp_path / "absent.json")], Control())
    assert bad.code != 0
    assert "absent.json" in bad.reason
    assert processes.Ended(-11, "").reason == "exit code -11"


def test_cancel_kills_the_process(monkeypatch):
    started = []
    original = processes.subprocess.Popen

    def popen(*args, **kwargs):
        started.append(original(*args, **kwargs))
        return started[-1]

    monkeypatch.setattr(processes.subprocess, "Popen", popen)
    control = Control()
    timer = threading.Timer(0.3, control.cancel)
    timer.start()
    begin = time.monotonic()
    with pytest.raises(Cancelled):
        processes.run_module("timeit", ["-n1", "-r1", "import time; time.sleep(30)"], control)
    timer.join()
    assert time.monotonic() - begin < 5
    assert started[0].poll() is not None

"""Without the guard the interpreter of Python 3.11 aborts after some ten thousand calls into Qt."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

_CALLS = """
import {module}
from PySide6.QtCore import QObject
thing = QObject()
for _ in range(200_000):
    thing.blockSignals(True); thing.property("none"); thing.setObjectName("x")
print("alive")
"""


def run(module: str) -> str:
    program = [sys.executable, "-c", _CALLS.format(module=module)]
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(program, capture_output=True, text=True, timeout=120, env=environment, check=False)
    return done.stdout.strip()


def test_many_calls_leave_the_constants_alive():
    assert run("tlstudio.gui") == "alive"


@pytest.mark.skipif(sys.version_info < (3, 12), reason="3.11 needs the guard with this PySide6")
def test_newer_pythons_need_no_guard():
    assert run("sys") == "alive"

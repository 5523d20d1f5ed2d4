"""Code in a fresh interpreter, to see what it imports."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("torch", "transformers", "datasets", "accelerate", "sklearn", "scipy", "onnx", "onnxruntime", "pandas",
         "PySide6")  # fmt: skip


def run_fresh(code: str) -> str:
    """What ``code`` prints; it may use the tuple HEAVY.

    Raises:
        AssertionError: it failed.
    """
    ended = subprocess.run(
        [sys.executable, "-c", f"HEAVY = {HEAVY!r}\n{code}"], capture_output=True, encoding="utf-8", check=False
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.strip()

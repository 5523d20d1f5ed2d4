"""The bench: what it takes and measures."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

_CHILD = """
import sys
from types import SimpleNamespace
from tlstudio.pipeline import benching
benching.Predictor = lambda folder, threads: SimpleNamespace(scorer=SimpleNamespace(outputs=lambda rows: rows))
benching._examples = lambda predictor, rows: rows
sys.exit(benching.main(["folder", "1", sys.argv[1]]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems count memory from the start of a program on")
def test_the_memory_of_the_parent_does_not_count(tmp_path):
    large = 1 << 29  # more than the imports of the child take
    held = np.ones(large, dtype=np.uint8)
    ended = subprocess.run([sys.executable, "-c", _CHILD, str(tmp_path / "memory.json")], check=False)
    assert ended.returncode == 0
    assert 1 << 20 < int((tmp_path / "memory.json").read_text()) < held.nbytes

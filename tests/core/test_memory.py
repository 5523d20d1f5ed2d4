"""Memory: of the machine, of a control group, of the process."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from tlstudio.core import memory

_BOUND = """
import sys
from pathlib import Path
from tlstudio.core import memory
memory._ROOT, memory._OWN = Path(sys.argv[1]), Path(sys.argv[1]) / "own"
limit = memory.stay_within_group()
assert limit, limit
kept = bytearray(20 << 20)
try:
    bytearray(200 << 20)
except MemoryError:
    print("refused", memory.available() < 100 << 20)
"""


def version2(root, limit, used, cache=0):
    """The files of a group inside another one without a limit."""
    (root / "own").write_text("0::/outer/inner\n")
    inner = root / "outer/inner"
    inner.mkdir(parents=True)
    (root / "outer/memory.max").write_text("max\n")
    (inner / "memory.max").write_text(f"{limit}\n")
    (inner / "memory.current").write_text(f"{used}\n")
    (inner / "memory.stat").write_text(f"anon 5\ninactive_file {cache}\n")


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "_ROOT", tmp_path)
    monkeypatch.setattr(memory, "_OWN", tmp_path / "own")
    return tmp_path


def test_a_group_of_version_2(root):
    version2(root, 500_000_000, 400_000_000, cache=50_000_000)
    assert memory.group_limit() == 500_000_000
    assert memory.available() == 150_000_000
    assert memory.swap() == 0


def test_a_group_of_version_1(root):
    (root / "own").write_text("5:cpu:/x\n4:memory:/box\n0::/\n")
    folder = root / "memory/box"
    folder.mkdir(parents=True)
    (folder / "memory.limit_in_bytes").write_text("300000000")
    (folder / "memory.usage_in_bytes").write_text("100000000")
    (root / "memory/memory.limit_in_bytes").write_text(str(2**63 - 4096))
    (root / "memory/memory.usage_in_bytes").write_text("100000000")
    assert memory.group_limit() == 300_000_000
    assert memory.available() == 200_000_000


def test_without_a_group_the_machine_counts(root):
    assert memory.group_limit() is None
    assert memory.stay_within_group() is None
    assert memory.available() > 1 << 20


def test_an_allocation_is_seen_though_it_is_freed_again():
    with memory.peak() as found:
        before = found[0]
        block = bytearray(b"x") * (60 << 20)
        time.sleep(0.1)  # as while a library computes with it
        del block
    assert found[0] - before > 30 << 20


@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_DATA counts private memory on Linux only")
def test_the_allocator_fails_before_the_group_would(tmp_path):
    version2(tmp_path, 200 << 20, 100 << 20)
    said = subprocess.run([sys.executable, "-c", _BOUND, str(tmp_path)], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "refused True"


_NARROW = """
import resource, sys
import psutil
from tlstudio.core import memory
resource.setrlimit(resource.RLIMIT_AS, (psutil.Process().memory_info().vms + int(sys.argv[1]), resource.RLIM_INFINITY))
try:
    memory.ready_for_limits()
except MemoryError:
    print("no room")
else:
    print("scipy.linalg" in sys.modules)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_AS")
@pytest.mark.parametrize(("left", "said"), [(100 << 20, "no room"), (900 << 20, "True")])
def test_what_would_never_end_without_memory_is_loaded_while_there_is_some(left, said):
    call = [sys.executable, "-c", _NARROW, str(left)]
    assert subprocess.run(call, capture_output=True, text=True, check=True, timeout=60).stdout.strip() == said


def test_without_limits_nothing_is_loaded(monkeypatch):
    monkeypatch.setattr(memory, "_left_by_limits", list)
    monkeypatch.setattr(memory, "_load_blas", lambda: pytest.fail("it was loaded"))
    memory.ready_for_limits()

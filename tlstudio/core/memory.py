"""How much memory there is for this process: of the machine, of its control group (containers), of its own limits."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil

_SAMPLE = 0.005  # seconds between two looks at the memory in use
_BLAS = 300 << 20  # bytes that SciPy's linear algebra may want of the address space, with room to spare
_NO_LIMIT = 1 << 60  # groups without a limit state an enormous one
_ROOT = Path("/sys/fs/cgroup")
_OWN = Path("/proc/self/cgroup")


def in_use() -> int:
    """Resident bytes of this process."""
    return int(psutil.Process().memory_info().rss)


def available() -> int:
    """Bytes that this process can still take without the system ending it; swap does not count."""
    return max(0, min([int(psutil.virtual_memory().available), *_left_in_group(), *_left_by_limits()]))


def swap() -> int:
    """Free bytes of swap: with them a process is slow, but goes on; a control group may allow none."""
    return 0 if group_limit() is not None else int(psutil.swap_memory().free)


def group_limit() -> int | None:
    """The tightest limit in bytes of the control groups that this process is in; None without one."""
    limits = [limit for limit, _used in _groups()]
    return min(limits) if limits else None


def stay_within_group() -> int | None:
    """Makes the allocator fail where the control group would be exceeded, since the kernel would end the process.

    A failed allocation can be answered with smaller batches; being ended cannot. The limit is on private memory,
    touched or not; libraries have about 1 GB of it that they never touch, so this is called when they are loaded, and
    what comes on top of the present amount is limited. Returns the limit that was set.
    """
    if sys.platform != "linux" or (left := _left_in_group()) == []:
        return None
    import resource

    _load_blas()
    with contextlib.suppress(ValueError, OSError):
        _soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
        limit = max(min(left), 0) + int(psutil.Process().memory_info().data)
        if hard == resource.RLIM_INFINITY or limit < hard:
            resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))
            return limit
    return None


def ready_for_limits() -> None:
    """Under limits of the shell (``ulimit``): loads what would never end where it gets no memory.

    OpenBLAS asks for its buffers again and again (issue 5289 of its project), and holds Python's lock all the while:
    neither a cancel nor a signal would be heard.

    Raises:
        MemoryError: there is no room even for that.
    """
    left = _left_by_limits()
    if left and min(left) < _BLAS:
        raise MemoryError
    if left:
        _load_blas()


def _load_blas() -> None:
    """Those of NumPy and of SciPy, with their buffers, which a first call takes and further ones use again."""
    import numpy as np
    import scipy.linalg

    matrix = np.eye(64)
    scipy.linalg.cholesky(matrix @ matrix)


@contextlib.contextmanager
def peak() -> Iterator[list[int]]:
    """Watches the resident bytes of this process; the list holds their greatest value at the end.

    Activations are freed before anybody could look at them afterwards, so a thread looks all the time.
    """
    found, end, process = [in_use()], threading.Event(), psutil.Process()

    def look() -> None:
        while not end.wait(_SAMPLE):
            found[0] = max(found[0], process.memory_info().rss)

    thread = threading.Thread(target=look, name="memory", daemon=True)
    thread.start()
    try:
        yield found
    finally:
        end.set()
        thread.join()
        found[0] = max(found[0], in_use())


# --- inside


def _left_in_group() -> list[int]:
    return [limit - used for limit, used in _groups()]


def _groups() -> list[tuple[int, int]]:
    """(limit, bytes in use) of each control group around this process that has a limit, of version 2 or 1."""
    found = []
    for folder, limit_name, used_name, cache_name in _places():
        limit, used = _number(folder / limit_name), _number(folder / used_name)
        if limit is not None and used is not None and limit < _NO_LIMIT:
            # what is only a cache of files is given back when memory is short
            found.append((limit, max(used - _stat(folder / "memory.stat", cache_name), 0)))
    return found


def _places() -> Iterator[tuple[Path, str, str, str]]:
    try:
        lines = _OWN.read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        _, kinds, own = line.split(":", 2)
        if kinds == "":
            names = ("memory.max", "memory.current", "inactive_file")
            root = _ROOT
        elif "memory" in kinds.split(","):
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
            root = _ROOT / "memory"
        else:
            continue
        place = root / own.lstrip("/")
        for folder in (place, *place.parents):  # each of them may have a limit
            if folder.is_relative_to(root):
                yield folder, *names


def _number(path: Path) -> int | None:
    with contextlib.suppress(OSError, ValueError):
        return int(path.read_text(encoding="utf-8"))  # "max" is no number
    return None


def _stat(path: Path, name: str) -> int:
    with contextlib.suppress(OSError, ValueError):
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.split()[0] == name:
                return int(line.split()[1])
    return 0


def _left_by_limits() -> list[int]:
    """What ``ulimit`` leaves."""
    if sys.platform == "win32":
        return []
    import resource

    info, found = psutil.Process().memory_info(), []
    for name, used in (("RLIMIT_AS", info.vms), ("RLIMIT_DATA", getattr(info, "data", 0))):
        soft = resource.getrlimit(getattr(resource, name))[0] if hasattr(resource, name) else resource.RLIM_INFINITY
        if soft != resource.RLIM_INFINITY:
            found.append(soft - used)
    return found

"""What a confined process tries in vain; run as a module by test_confined.py."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

from tlstudio.core.confined import confine


def _tried(act) -> bool:
    try:
        act()
    except (OSError, RuntimeError):
        return False
    return True


def _connect() -> None:
    with socket.socket() as line:
        line.settimeout(0.2)
        line.connect(("127.0.0.1", 9))


def everything(inside: Path, outside: Path) -> dict[str, bool]:
    return {
        "write inside": _tried(lambda: (inside / "x").write_text("x")),
        "read outside": _tried(Path(__file__).read_text),
        "write outside": _tried(lambda: (outside / "x").write_text("x")),
        "append": _tried(lambda: open(outside / "x", "a")),
        "low level": _tried(lambda: os.open(outside / "x", os.O_CREAT | os.O_WRONLY)),
        "folder": _tried((outside / "y").mkdir),
        "rename": _tried(lambda: (inside / "x").rename(outside / "x")),
        "remove": _tried(lambda: shutil.rmtree(str(outside))),
        "link": _tried(lambda: (inside / "l").symlink_to(outside)),
        "connect": _tried(_connect),
        "name": _tried(lambda: socket.getaddrinfo("hub.example.org", 443)),
        "program": _tried(lambda: subprocess.run(["true"], check=True)),
        "shell": _tried(lambda: os.system("true")),
        "fork": hasattr(os, "fork") and _tried(lambda: os.fork() or os._exit(0)),
    }


def main() -> int:
    inside, what = Path(sys.argv[1]), sys.argv[2]
    confine(200 << 20, 30, inside, 2 << 20)
    if what == "loop":
        while True:
            pass
    try:
        if what == "memory":
            bytes(2 << 30)
        elif what == "file":
            (inside / "large").write_bytes(bytes(8 << 20))
    except (MemoryError, OSError):
        return 3
    found = sorted(os.environ) if what == "environment" else everything(inside, Path(what))
    (inside / "found.json").write_text(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())

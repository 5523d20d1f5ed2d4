"""Where things lie: the user's folders (platformdirs) and the resources that ship with the program."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import platformdirs

from tlstudio.core.errors import StudioError

APP = "tlstudio"


def _base(kind: str) -> Path:
    """``TLSTUDIO_HOME`` puts everything under one folder: for tests, USB sticks and shared machines."""
    if home := os.environ.get("TLSTUDIO_HOME"):
        return Path(home) / kind
    folder = {
        "config": platformdirs.user_config_path,
        "data": platformdirs.user_data_path,
        "cache": platformdirs.user_cache_path,
    }[kind]
    return folder(APP, appauthor=False)


def config_folder() -> Path:
    """Settings."""
    return _base("config")


def runs_folder() -> Path:
    """Run folders, unless the settings or the command line name another place."""
    return _base("data") / "runs"


def data_folder() -> Path:
    """What the program keeps beside runs, such as the list of its requests to the network."""
    return _base("data")


def searches_folder() -> Path:
    """Searches for better recipes, unless the command line names another place."""
    return _base("data") / "searches"


def cache_folder(part: str) -> Path:
    """A cache that may be deleted at any time; ``part`` is datasets, features or tokens."""
    return _base("cache") / part


def resource(name: str) -> Path:
    """A file or folder of ``resources/``: in an editable install, a wheel or a frozen program.

    Raises:
        StudioError: the installation is incomplete.
    """
    package = Path(__file__).resolve().parents[1]
    frozen = Path(getattr(sys, "_MEIPASS", package)) / "resources"
    for folder in (package / "resources", package.parent / "resources", frozen):
        if (folder / name).exists():
            return folder / name
    raise StudioError(
        "files.resource-missing",
        "The program's own file {name} is missing.",
        "Install TLStudio again.",
        where=name,
        name=name,
    )

"""Where things lie: the user's folders (platformdirs) and the resources that ship with the program."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import platformdirs

from tlstudio.core.errors import StudioError

APP = "tlstudio"
_OURS = "TLSTUDIO_MODELS"  # the place of the models that we have put into the environment for our libraries
PLACES = "places.json"  # in the folder of the settings: what the user has moved to another folder or disk
JOURNAL = "moving.json"  # beside it, while something is being moved
_COMPUTED = ("features", "tokens", "pixels", "sounds", "prompts", "reptile", "examinations", "previews", "gguf")
_known: tuple[Path, int, dict[str, Path]] | None = None  # file, its time of change, what it says


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
    return moved("studies") or _base("data") / "searches"


def cache_folder(part: str) -> Path:
    """A cache that may be deleted at any time; ``part`` is datasets, features or tokens."""
    return (moved(place_of(part)) or _base("cache")) / part


def place_of(part: str) -> str:
    """To which place of the storage a cache belongs: ``features`` is computed, ``datasets`` read, ``logs`` told."""
    return "features" if part in _COMPUTED else "logs" if part == "logs" else "datasets"


def moved(place: str) -> Path | None:
    """Where the user has moved a place to; None where it is as usual. A damaged file counts as none."""
    global _known  # noqa: PLW0603 - one small file, asked for at every cached thing
    file = config_folder() / PLACES
    try:
        stamp = file.stat().st_mtime_ns
    except OSError:
        return None
    if _known is None or _known[:2] != (file, stamp):
        _known = (file, stamp, _read(file))
    return _known[2].get(place)


def moved_places(file: Path) -> dict[str, str]:
    """What the file of moved places says, as text."""
    return {name: str(path) for name, path in _read(file).items()}


def use_moved_models() -> None:
    """Lets the hub's libraries find models where the user has moved them, whether they are imported already or not.

    What the user has set in the environment goes before.
    """
    folder = moved("models")
    if folder is None or models_fixed_by():
        return
    os.environ["HF_HUB_CACHE"] = os.environ[_OURS] = str(folder)
    if (constants := sys.modules.get("huggingface_hub.constants")) is not None:
        constants.HF_HUB_CACHE = str(folder)  # type: ignore[attr-defined]


def models_fixed_by() -> str:
    """The variable with which the user has said where the hub's models lie; empty where there is none."""
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME"):
        if os.environ.get(name) and not (name == "HF_HUB_CACHE" and os.environ[name] == os.environ.get(_OURS)):
            return name
    return ""


def _read(file: Path) -> dict[str, Path]:
    try:
        data: Any = json.loads(file.read_text(encoding="utf-8"))
        found = {str(name): Path(str(path)) for name, path in data["places"].items() if path}
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return {}
    return {name: path for name, path in found.items() if path.is_absolute()}


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

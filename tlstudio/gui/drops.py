"""What was dropped on the window: a project, a model folder, or labelled files."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from tlstudio.core.errors import StudioError
from tlstudio.session.project import SUFFIX

_SPLITS = {
    "validation": re.compile(r"(?:^|[\W_])(?:val|valid|validation|dev)(?:[\W_]|$)", re.IGNORECASE),
    "test": re.compile(r"(?:^|[\W_])test(?:[\W_]|$)", re.IGNORECASE),
}


@dataclass(frozen=True)
class Drop:
    """Exactly one of the fields is given. ``data`` maps splits to files, the training file first."""

    project: Path | None = None
    model: Path | None = None
    data: dict[str, Path] = field(default_factory=dict)
    problem: StudioError | None = None


def sort_out(paths: list[Path]) -> Drop:
    """Recognises files and folders; of several labelled files, names tell validation and test."""
    first = paths[0]
    if first.suffix.lower() in (SUFFIX, ".yaml", ".yml"):
        return Drop(project=first)
    if first.is_dir():
        if (first / "config.json").is_file():
            return Drop(model=first)
        return Drop(problem=_unknown_folder(first))
    files = [path for path in paths if path.is_file()]
    if len(files) == 1:
        return Drop(data={"train": files[0]})
    data: dict[str, Path] = {}
    for path in files:
        split = next((name for name, pattern in _SPLITS.items() if pattern.search(path.stem)), "train")
        data.setdefault(split, path)
    if "train" not in data and files:
        data = {"train": files[0]}
    return Drop(data={split: data[split] for split in ("train", "validation", "test") if split in data})


def _unknown_folder(path: Path) -> StudioError:
    return StudioError(
        "drop.unknown-folder",
        "{path} is not the folder of a model: it has no config.json.",
        "Drop a model folder, a labelled file or a project.",
        where=str(path),
        path=path.name,
    )

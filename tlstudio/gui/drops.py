"""What was dropped on the window: a project, a model folder, or labelled data in files and folders.

Only names are looked at here; what the content is, the reader finds out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tlstudio.core.errors import StudioError
from tlstudio.session.project import SUFFIX

SPLITS = ("train", "validation", "test")
_WORDS = {
    "train": re.compile(r"(?:^|[\W_])(?:train|training)(?:[\W_]|$)", re.IGNORECASE),
    "validation": re.compile(r"(?:^|[\W_])(?:val|valid|validation|dev|eval)(?:[\W_]|$)", re.IGNORECASE),
    "test": re.compile(r"(?:^|[\W_])(?:test|testing)(?:[\W_]|$)", re.IGNORECASE),
}
_ASIDE = {".md", ".rst", ".pdf", ".html", ".py", ".ipynb", ".license"}  # what lies beside data in a folder

_FORMATS = (".parquet", ".arrow", ".feather", ".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".xlsx")  # the best first
_TABLES = set(_FORMATS)  # a folder with nothing else holds the parts of one table

Places = dict[str, tuple[Path, ...]]


@dataclass(frozen=True)
class Drop:
    """Exactly one of the fields is given. ``data`` maps splits to places, the training rows first."""

    project: Path | None = None
    model: Path | None = None
    data: Places = field(default_factory=dict)
    problem: StudioError | None = None


def sort_out(paths: list[Path]) -> Drop:
    """Recognises files and folders; names tell validation and test, and files of one split are read as one."""
    first = paths[0]
    if first.suffix.lower() in (SUFFIX, ".yaml", ".yml") and not first.is_dir():
        return Drop(project=first)
    if first.is_dir() and (first / "config.json").is_file():
        return Drop(model=first)
    present = [path for path in paths if path.exists()]
    if not present:
        return Drop(problem=_gone(first))
    if len(present) == 1 and first.is_dir():
        return data_folder(first)
    return Drop(data=_several(present))


def _several(paths: list[Path]) -> Places:
    """Files and folders that were chosen together; what names no split is for training."""
    if len(paths) == 1:
        return {"train": (paths[0],)}
    found = _by_split(paths, otherwise="train")
    return found if "train" in found else {"train": tuple(paths)}


def data_folder(folder: Path) -> Drop:
    """A folder of data: as a whole, or divided where its folders or files are called like splits."""
    entries = sorted(path for path in folder.iterdir() if not path.name.startswith((".", "__MACOSX")))
    folders = [path for path in entries if path.is_dir()]
    files = [path for path in entries if path.is_file() and path.suffix.lower() not in _ASIDE]
    if not folders and not files:
        return Drop(problem=_empty(folder))
    if len(folders) == 1 and not files and (inner := _divided_files(_files(folders[0]))):
        return Drop(data=inner)  # as in repositories of the hub: everything lies in data/
    if folders:
        return Drop(data=_divided_folders(folders) or {"train": (folder,)})
    if all(path.suffix.lower() in _TABLES for path in files):
        return Drop(data=_divided_files(files) or {"train": tuple(_one_format(files))})
    return Drop(data=_divided_files(files) or {"train": (folder,)})


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_file() and path.suffix.lower() not in _ASIDE)


def _divided_folders(folders: list[Path]) -> Places:
    """``train``, ``val``, ``test`` and nothing else; else a folder called "train" may well be a class of pictures."""
    found: Places = {_exact(path.name): (path,) for path in folders}
    good = "train" in found and len(found) > 1 and "" not in found and len(found) == len(folders)
    return _ordered(found) if good else {}


def _divided_files(files: list[Path]) -> Places:
    found = _by_split(_one_format(files))
    return found if "train" in found and len(found) > 1 else {}


def _one_format(files: list[Path]) -> list[Path]:
    """Of the same data in several formats, one: that with most splits, else the one that is read best."""
    groups: dict[str, list[Path]] = {}
    for path in files:
        groups.setdefault(path.name.partition(".")[2].lower(), []).append(path)

    def rank(ending: str) -> tuple[int, int]:
        last = f".{ending.rsplit('.', 1)[-1]}"
        return len(_by_split(groups[ending])), -(_FORMATS.index(last) if last in _FORMATS else len(_FORMATS))

    return groups[max(groups, key=rank)] if groups else []


def _by_split(paths: Iterable[Path], otherwise: str = "") -> Places:
    found: Places = {}
    for path in paths:
        split = next((name for name, pattern in _WORDS.items() if pattern.search(_stem(path))), otherwise)
        if split:
            found[split] = (*found.get(split, ()), path)
    return _ordered(found)


def _ordered(found: Places) -> Places:
    return {split: found[split] for split in SPLITS if split in found}


def _exact(name: str) -> str:
    """The split that a folder is called like; empty for any other name."""
    return next((split for split, pattern in _WORDS.items() if (m := pattern.match(name)) and m.group() == name), "")


def _stem(path: Path) -> str:
    """The name without its endings: ``train.csv.gz`` → ``train``."""
    return path.name.split(".")[0] or path.name


def _gone(path: Path) -> StudioError:
    return StudioError(
        "files.missing", "{path} does not exist.", "Check the path, or choose the file again.",
        where=str(path), path=str(path),
    )  # fmt: skip


def _empty(path: Path) -> StudioError:
    return StudioError(
        "drop.empty-folder",
        "{path} is neither the folder of a model nor one with data: it holds nothing to read.",
        "Drop a model folder, labelled data or a project.",
        where=str(path),
        path=path.name,
    )

"""Which files of a dataset on the hub belong to which configuration and split.

The rules are those of Hugging Face's ``datasets`` (huggingface.co/docs/hub/datasets-data-files-configuration), as far
as data files go: what the card says, else the names of folders and files. Nothing is ever run.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

SUFFIXES = {".parquet": "parquet", ".jsonl": "json", ".ndjson": "json", ".json": "json", ".csv": "csv", ".tsv": "csv"}
DEFAULT = "default"
_PREFERRED = ("parquet", "json", "csv")  # where the same data are there in several formats
_NO_DATA = {"config.json", "dataset_info.json", "dataset_infos.json", "dataset_dict.json", "package.json", "state.json"}
_MEDIA = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".wav", ".mp3", ".flac", ".ogg", ".mp4")
_KEYWORDS = {
    "train": ("train", "training"),
    "validation": ("validation", "valid", "dev", "val"),
    "test": ("test", "testing", "eval", "evaluation"),
}
_SHARD = re.compile(r"data/([^/]+)-\d{5}-of-\d{5}[^/]*\.[^/]+")  # what push_to_hub writes
_STARS = 8
_CONVERTED = re.compile(r"([^/]+)/(partial-)?([^/]+)/\d{4,}\.parquet")  # the branch refs/convert/parquet


@dataclass(frozen=True)
class File:
    """A file of a repository: SHA-256 where the hub stores it as a large file, else git's SHA-1 of it."""

    path: str
    size: int
    sha256: str = ""
    sha1: str = ""


@dataclass(frozen=True)
class Split:
    """``rows`` as the card says, or None; ``partial`` where the hub has converted only the beginning."""

    name: str
    files: tuple[File, ...]
    rows: int | None = None
    partial: bool = False


@dataclass(frozen=True)
class Configuration:
    """A version of a dataset, such as one of its languages. ``default``: taken where nothing else is asked for."""

    name: str
    splits: tuple[Split, ...]
    default: bool = False

    @property
    def files(self) -> tuple[File, ...]:
        """The files of all splits, each once."""
        return tuple({file.path: file for split in self.splits for file in split.files}.values())

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)


def configurations(files: Iterable[File], card: dict[str, Any]) -> list[Configuration]:
    """The configurations with at least one file that can be read; empty where there is none.

    Args:
        files: of the repository; what is no data file, or has no safe path, is left out.
        card: the metadata at the top of README.md.
    """
    files = list(files)
    media = any(file.path.lower().endswith(_MEDIA) for file in files)
    usable = [file for file in files if _usable(file.path, media)]
    entries = _entries(card)
    found = _of_card(usable, entries) or _converted(usable)
    if not found and not entries:
        found = {DEFAULT: _by_name(usable)}
    rows, default = _rows(card), _default(card, list(found))
    return [
        Configuration(
            name,
            tuple(
                Split(split, tuple(members), rows.get((name, split)), _is_partial(members))
                for split, members in sorted(splits.items(), key=lambda item: _order(item[0]))
            ),
            name == default,
        )
        for name, splits in found.items() if splits
    ]  # fmt: skip


def is_safe(path: str) -> bool:
    """Whether a path of a repository stays inside the folder that it is written to, on every system."""
    parts = path.split("/")
    return bool(path) and not any(part in ("", ".", "..") or re.search(r'[\\:*?"<>|\x00-\x1f]', part) for part in parts)


def suffix(path: str) -> str:
    """The ending, lower case, with its dot; empty if there is none."""
    last = path.rsplit("/", 1)[-1]
    return "." + last.rsplit(".", 1)[-1].lower() if "." in last else ""


def _usable(path: str, media: bool) -> bool:
    parts = path.split("/")
    if not is_safe(path) or suffix(path) not in SUFFIXES or parts[-1] in _NO_DATA:
        return False
    if media and parts[-1] in ("metadata.csv", "metadata.jsonl"):
        return False  # it tells about images or sounds that are files of their own
    return not any(part.startswith((".", "__")) for part in parts)


Splits = dict[str, list[File]]


def _entries(card: dict[str, Any]) -> list[dict[str, Any]]:
    stated = card.get("configs")
    return [entry for entry in stated if isinstance(entry, dict)] if isinstance(stated, list) else []


def _of_card(files: list[File], entries: list[dict[str, Any]]) -> dict[str, Splits]:
    found: dict[str, Splits] = {}
    for entry in entries:
        folder = str(entry.get("data_dir") or "").strip("/.")
        inside = [file for file in files if not folder or file.path.startswith(f"{folder}/")]
        patterns = _patterns(entry.get("data_files"))
        splits = {split: _matching(inside, folder, wanted) for split, wanted in patterns.items()}
        found[str(entry.get("config_name") or DEFAULT)] = (
            {split: members for split, members in splits.items() if members} if patterns else _by_name(inside)
        )
    return {name: splits for name, splits in found.items() if splits}


def _patterns(stated: Any) -> dict[str, list[str]]:
    """``data_files`` of a card in its many spellings, as split → patterns."""
    if isinstance(stated, str):
        return {"train": [stated]}
    if isinstance(stated, dict):
        return {str(split): _texts(paths) for split, paths in stated.items()}
    if not isinstance(stated, list):
        return {}
    if not any(isinstance(item, dict) for item in stated):
        return {"train": _texts(stated)}
    return {
        str(item["split"]): _texts(item.get("path")) for item in stated if isinstance(item, dict) and "split" in item
    }


def _texts(value: Any) -> list[str]:
    return [str(item) for item in (value if isinstance(value, list) else [value]) if item]


def _matching(files: list[File], folder: str, patterns: list[str]) -> list[File]:
    """In the order of the patterns, as the card's author wants the parts to follow each other."""
    found: dict[str, File] = {}
    for pattern in patterns:
        known = _regex(pattern.removeprefix("./"))
        inner = len(folder) + 1 if folder else 0
        found |= {file.path: file for file in sorted(files, key=lambda file: file.path)
                  if known.fullmatch(file.path[inner:]) or known.fullmatch(file.path)}  # fmt: skip
    return list(found.values())


def _regex(pattern: str) -> re.Pattern[str]:
    """A glob as a regular expression: ``**`` crosses folders, ``*`` and ``?`` do not.

    One that is no sound pattern, or has so many stars that matching would take for ever, matches nothing.
    """
    out = ""
    for part in re.findall(r"\*\*/?|\*|\?|\[[^\]]+\]|[^*?\[]+|\[", pattern):
        if part.startswith("**"):
            out += "(?:.*/)?" if part.endswith("/") else ".*"
        elif part.startswith("[") and len(part) > 2:
            inner = part[1:-1].replace("\\", "\\\\")
            out += f"[^{inner[1:]}]" if inner[0] == "!" and len(inner) > 1 else f"[{inner}]"
        else:
            out += {"*": "[^/]*", "?": "[^/]"}.get(part, re.escape(part))
    try:
        return re.compile(out if pattern.count("*") <= _STARS else "(?!)")
    except re.error:
        return re.compile("(?!)")


def _converted(files: list[File]) -> dict[str, Splits]:
    """``configuration/split/0000.parquet``, if all files are called so."""
    found: dict[str, Splits] = {}
    for file in sorted(files, key=lambda file: file.path):
        if not (match := _CONVERTED.fullmatch(file.path)):
            return {}
        name = DEFAULT if match[1] == "data" else match[1]
        found.setdefault(name, {}).setdefault(match[3], []).append(file)
    return found


def _by_name(files: list[File]) -> Splits:
    """By the names that ``push_to_hub`` gives, else by words such as *train* in folders, then in files; else train."""
    kinds = Counter(SUFFIXES[suffix(file.path)] for file in files)
    if not kinds:
        return {}
    kind = max(_PREFERRED, key=lambda kind: kinds[kind])
    files = [file for file in sorted(files, key=lambda file: file.path) if SUFFIXES[suffix(file.path)] == kind]
    for rule in (_of_shard, _of_folder, _of_file):
        found: Splits = {}
        for file in files:
            if split := rule(file.path):
                found.setdefault(split, []).append(file)
        if found:
            return found
    return {"train": files}


def _of_shard(path: str) -> str:
    match = _SHARD.fullmatch(path)
    return match[1] if match else ""


def _of_folder(path: str) -> str:
    return next((split for part in path.split("/")[:-1] if (split := _keyword(part))), "")


def _of_file(path: str) -> str:
    return _keyword(path.rsplit("/", maxsplit=1)[-1])


def _keyword(name: str) -> str:
    """The split that a name speaks of: a keyword between other signs than letters."""
    words = re.split(r"[-._ 0-9]+", name.lower())
    return next((split for split, known in _KEYWORDS.items() if any(word in known for word in words)), "")


def _order(split: str) -> tuple[int, str]:
    known = list(_KEYWORDS)
    return (known.index(split) if split in known else len(known), split)


def _is_partial(files: list[File]) -> bool:
    matches = [_CONVERTED.fullmatch(file.path) for file in files]
    return any(match is not None and match[2] is not None for match in matches)


def _rows(card: dict[str, Any]) -> dict[tuple[str, str], int]:
    """(configuration, split) → rows, from ``dataset_info`` of the card."""
    stated = card.get("dataset_info")
    found = {}
    for entry in stated if isinstance(stated, list) else [stated]:
        if not isinstance(entry, dict) or not isinstance(entry.get("splits"), list):
            continue
        for split in entry["splits"]:
            if isinstance(split, dict) and isinstance(rows := split.get("num_examples"), int):
                found[str(entry.get("config_name") or DEFAULT), str(split.get("name"))] = rows
    return found


def _default(card: dict[str, Any], names: list[str]) -> str | None:
    """The configuration that the card marks, or is called default, or is the only one."""
    marked = [str(entry.get("config_name")) for entry in _entries(card) if entry.get("default") is True]
    only = names if len(names) == 1 else []
    return next((name for name in [*marked, DEFAULT, *only] if name in names), None)

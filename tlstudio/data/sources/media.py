"""Folders of files that are images or recordings: a sub-folder a class, or a metadata file that tells about each.

Sub-folders called train, validation and test become a column ``split``. A metadata file (metadata.csv, metadata.jsonl
or labels.csv, beside the files or in the split folders) has one column that names the file; its other columns are
kept. Nothing is dropped in silence: a broken file, and one that the metadata does not name, stay as rows whose column
``problem`` says so, for the doctor to report and to leave out.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlstudio.core.errors import StudioError
from tlstudio.data.scan import Scan, scan
from tlstudio.data.sources import delimited, jsonl
from tlstudio.data.sources.flatten import sound

if TYPE_CHECKING:
    import pyarrow as pa

_METADATA = ("metadata.csv", "metadata.jsonl", "labels.csv")
_FILE_COLUMNS = ("file_name", "filename", "file", "image", "image_path", "img", "audio", "audio_path", "path")
SPLITS = {"train": "train", "training": "train", "validation": "validation", "valid": "validation",
           "val": "validation", "dev": "validation", "test": "test", "testing": "test"}  # fmt: skip
_OURS = ("file", "problem")
_ROWS, _BYTES, _THREADS = 500, 4 << 20, 4  # a batch of either many or large files takes a fraction of a second

Row = dict[str, Any]


@dataclass(frozen=True)
class Kind:
    """What the files are.

    Attributes:
        column: for the paths, also the role.
        suffixes: lower case; what a file really is tells ``problem``.
        problem: what is wrong with the file at a path; empty where it is fine.
        none: the error for a folder without such files.
    """

    column: str
    suffixes: tuple[str, ...]
    problem: Callable[[str], str]
    none: Callable[[Scan], StudioError]


def recognises(found: Scan, kind: Kind) -> bool:
    """Whether a place is a folder with at least half of its files of the kind."""
    return found.kind == "folder" and 0 < len(files_of(found, kind)) * 2 >= len(found.names)


def batches(found: Scan, kind: Kind, by_folder: bool) -> Iterator[pa.RecordBatch]:
    """Columns named like the kind, ``label``, ``split``, those of the metadata, ``file`` and ``problem``.

    Args:
        by_folder: whether the name of a sub-folder is the class.

    Raises:
        StudioError: there are no such files, nothing tells their classes, or the metadata is wrong.
    """
    import pyarrow as pa

    layout = _layout(found, kind, by_folder)
    described = [_Metadata(found, kind, name) for name in layout.metadata]
    kinds = {name: value for metadata in described for name, value in metadata.kinds.items()}
    if "label" in kinds:
        layout = replace(layout, label={})
    if "split" in kinds:
        layout = replace(layout, split={})
    text = pa.string()
    folders = {name: text for name in ("label", "split") if getattr(layout, name)}
    schema = pa.schema([*{kind.column: text, **folders, **kinds, "file": text, "problem": text}.items()])
    rows = _described(layout, described) if described else ({"file": name} for name in layout.files)
    for batch in looked(found.path, kind.column, kind.problem, (_completed(row, layout, schema) for row in rows)):
        yield pa.RecordBatch.from_pylist(batch, schema)


def files_of(found: Scan, kind: Kind) -> tuple[str, ...]:
    return tuple(name for name in found.names if name.lower().endswith(kind.suffixes))


@dataclass(frozen=True)
class _Layout:
    """How a folder is arranged: class and split of each file, by its name; the metadata files."""

    files: tuple[str, ...]
    label: dict[str, str] = field(default_factory=dict)
    split: dict[str, str] = field(default_factory=dict)
    metadata: tuple[str, ...] = ()


def _layout(found: Scan, kind: Kind, by_folder: bool) -> _Layout:
    files = files_of(found, kind)
    if not files:
        raise kind.none(found)
    base = _common_folder(files)
    below = {name: name[len(base) + 1 if base else 0 :].split("/") for name in files}
    first = {parts[0] for parts in below.values()}
    divided = len(first) > 1 and {name.lower() for name in first} <= set(SPLITS)
    splits = {name: SPLITS[parts[0].lower()] for name, parts in below.items()} if divided else {}
    depth = 1 if divided else 0
    labels = {name: sound(parts[depth]) if len(parts) > depth + 1 else "" for name, parts in below.items()}
    metadata = _metadata_files(found, base, [posixpath.join(base, name) for name in first] if divided else [])
    if not by_folder or (metadata and len(set(labels.values())) == 1):
        labels = {}
    elif not any(labels.values()):
        raise StudioError(
            "data.no-class-folders", "The files of {path} lie in one folder, and nothing tells their classes.",
            "Put them into a sub-folder a class, add a metadata.csv with the columns file_name and label, or set "
            "data.labels to none.", where="data.labels", path=found.name,
        )  # fmt: skip
    return _Layout(files, labels, splits, metadata)


def _common_folder(files: tuple[str, ...]) -> str:
    """The deepest folder that holds all files in its sub-folders: an archive often wraps everything into one."""
    folders = {posixpath.dirname(name) for name in files}
    common = posixpath.commonpath(folders) if "" not in folders else ""
    return posixpath.dirname(common) if folders == {common} else common


def _metadata_files(found: Scan, base: str, splits: list[str]) -> tuple[str, ...]:
    names = set(found.names)

    def first(folder: str) -> list[str]:
        places = [posixpath.join(folder, name) for name in _METADATA]
        return [place for place in places if place in names and _tells(found, place)][:1]

    parts = base.split("/") if base else []
    parents = ["/".join(parts[:depth]) for depth in range(len(parts) + 1)]
    single = next((file for folder in reversed(parents) for file in first(folder)), None)
    return (single,) if single else tuple(file for folder in sorted(splits) for file in first(folder))


def _tells(found: Scan, name: str) -> bool:
    """A labels.csv without a column of file names is taken for a list of class names, and left alone."""
    if posixpath.basename(name) != "labels.csv":
        return True
    table = scan(found.path / name)
    columns, _ = delimited.header(table.path, delimited.PLUGIN.settle(table, delimited.Options()))
    return _file_column(columns) is not None


def _file_column(columns: Iterable[str]) -> str | None:
    known = {name.strip().lower(): name for name in columns}
    return next((known[name] for name in _FILE_COLUMNS if name in known), None)


class _Metadata:
    """One metadata file: its columns but for the file name, and its rows with ``file`` relative to the root."""

    def __init__(self, found: Scan, kind: Kind, name: str) -> None:
        self._root, self._path, self._folder = found.path, found.path / name, posixpath.dirname(name)
        self._known, self._short = set(found.names), _short_names(files_of(found, kind))
        source: Any = jsonl.PLUGIN if name.endswith(".jsonl") else delimited.PLUGIN
        table = scan(self._path)
        config = source.settle(table, source.Config())
        self._batches = source.batches(table, config)
        self._first = list(islice(self._batches, 1))
        fields = [field for batch in self._first for field in batch.schema]
        self._column = self._found_column([field.name for field in fields])
        kept = [field for field in fields if field.name != self._column]
        ours = (kind.column, *_OURS)
        self._renamed = {field.name: f"metadata_{field.name}" if field.name in ours else field.name for field in kept}
        self.kinds = {self._renamed[field.name]: field.type for field in kept}

    def rows(self) -> Iterator[Row]:
        """Raises a StudioError for a row that names no file of the folder."""
        every = (row for batch in chain(self._first, self._batches) for row in batch.to_pylist())
        for number, row in enumerate(every, 1):
            values = {new: row[old] for old, new in self._renamed.items()}
            yield {"file": self._find(row[self._column], number), **values}

    def _find(self, value: Any, number: int) -> str:
        name = str(value).strip().replace("\\", "/")
        if name.startswith(self._root.as_posix() + "/"):
            name = name[len(self._root.as_posix()) + 1 :]
        else:
            name = posixpath.normpath(posixpath.join(self._folder, name))
        fitting = [name] if name in self._known else self._short.get(posixpath.basename(name), [])
        if len(fitting) == 1:
            return fitting[0]
        raise StudioError(
            "data.no-such-file", "Row {row} of {path} names the file {name}; the folder has {count} files of that "
            "name.", "Add the file, or correct or remove the row.", where=str(self._path), path=str(self._path),
            row=number, name=str(value)[:200], count=len(fitting),
        )  # fmt: skip

    def _found_column(self, columns: list[str]) -> str:
        if (column := _file_column(columns)) is not None:
            return column
        raise StudioError(
            "data.no-file-column", "{path} has no column that names the files; it has: {columns}.",
            "Call the column with the file names file_name.", where=str(self._path), path=str(self._path),
            columns=", ".join(columns),
        )  # fmt: skip


def _short_names(files: Iterable[str]) -> dict[str, list[str]]:
    """Files by what many lists call them: without their folder, and without their ending."""
    short: dict[str, list[str]] = {}
    for name in files:
        last = posixpath.basename(name)
        for alias in {last, posixpath.splitext(last)[0]}:
            short.setdefault(alias, []).append(name)
    return short


def _described(layout: _Layout, files: list[_Metadata]) -> Iterator[Row]:
    named = set()
    for metadata in files:
        for row in metadata.rows():
            named.add(row["file"])
            yield row
    for name in layout.files:
        if name not in named:
            yield {"file": name, "problem": "the metadata does not name it"}


def _completed(row: Row, layout: _Layout, schema: pa.Schema) -> Row:
    """The row with class and split of the folder, and with empty values where the metadata has none."""
    name = row["file"]
    folders = {key: names[name] for key, names in (("label", layout.label), ("split", layout.split)) if name in names}
    given = {**folders, **row}
    return {column.name: given.get(column.name, "" if str(column.type) == "string" else []) for column in schema}


def looked(root: Path, column: str, problem: Callable[[str], str], rows: Iterable[Row]) -> Iterator[list[Row]]:
    """The rows with the path of the file and its problem, in batches; files are decoded in a few threads.

    Args:
        column: for the path.
        problem: what is wrong with the file at a path.
        rows: each with ``file``, relative to ``root``, and ``problem``, which is kept where it is not empty.
    """
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(min(_THREADS, os.cpu_count() or 1), "ThreadPoolExecutor-files") as pool:
        for batch in _chunks(root, rows):
            yield list(pool.map(lambda row: _examined(root, column, problem, row), batch))


def _chunks(root: Path, rows: Iterable[Row]) -> Iterator[list[Row]]:
    chunk: list[Row] = []
    size = 0
    for row in rows:
        chunk.append(row)
        path = root / row["file"]
        size += path.stat().st_size if path.is_file() else 0
        if len(chunk) >= _ROWS or size >= _BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _examined(root: Path, column: str, look: Callable[[str], str], row: Row) -> Row:
    path = str((root / row["file"]).absolute())
    problem = row["problem"] if sound(path) == path else "its name is no UTF-8 text; rename it"
    return {**row, column: sound(path), "file": sound(row["file"]), "problem": problem or look(path)}

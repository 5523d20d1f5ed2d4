"""A folder of images: a sub-folder a class, or a metadata file that tells about each image.

Sub-folders called train, validation and test become a column ``split``. A metadata file (metadata.csv, metadata.jsonl
or labels.csv, beside the images or in the split folders) has one column that names the image; its other columns are
kept. Nothing is dropped in silence: a broken image, and an image that the metadata does not name, stay as rows whose
column ``problem`` says so, for the doctor to report and to leave out.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from tlstudio.core.errors import StudioError
from tlstudio.data.images import SUFFIXES, look
from tlstudio.data.scan import Scan, scan
from tlstudio.data.sources import delimited, jsonl

if TYPE_CHECKING:
    import pyarrow as pa

_METADATA = ("metadata.csv", "metadata.jsonl", "labels.csv")
_FILE_COLUMNS = ("file_name", "filename", "file", "image", "image_path", "img", "path")
_SPLITS = {"train": "train", "training": "train", "validation": "validation", "valid": "validation",
           "val": "validation", "dev": "validation", "test": "test", "testing": "test"}  # fmt: skip
_OURS = ("image", "file", "problem")
_ROWS, _BYTES, _THREADS = 500, 4 << 20, 4  # a batch of either many or large images takes a fraction of a second

Row = dict[str, Any]


class Options(BaseModel):
    """Where the classes are."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    labels: Literal["folder", "none"] = Field(
        "folder", title="Classes", description="Folder takes the name of the sub-folder as the class; none takes none."
    )


class ImageFolderSource:
    """Columns ``image`` (absolute path), ``label``, those of the metadata, ``file`` (relative) and ``problem``."""

    NAME = "image-folder"
    TITLE = "Folder of images"
    SUMMARY = "PNG, JPEG, WebP, GIF, BMP and TIFF in a sub-folder a class, or with a metadata file."
    SUFFIXES: tuple[str, ...] = ()
    Config = Options

    def recognises(self, found: Scan) -> bool:
        return found.kind == "folder" and 2 * len(_images(found)) >= len(found.names)

    def settle(self, _found: Scan, config: Options) -> Options:
        return config

    def batches(self, found: Scan, config: Options) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        layout = _layout(found, config)
        described = [_Metadata(found, name) for name in layout.metadata]
        kinds = {name: kind for metadata in described for name, kind in metadata.kinds.items()}
        if "label" in kinds:
            layout = replace(layout, label={})
        if "split" in kinds:
            layout = replace(layout, split={})
        text = pa.string()
        folders = {name: text for name in ("label", "split") if getattr(layout, name)}
        schema = pa.schema([*{"image": text, **folders, **kinds, "file": text, "problem": text}.items()])
        rows = _described(layout, described) if described else ({"file": name} for name in layout.images)
        for batch in _looked(found.path, (_completed(row, layout, schema) for row in rows)):
            yield pa.RecordBatch.from_pylist(batch, schema)


PLUGIN = ImageFolderSource()


@dataclass(frozen=True)
class _Layout:
    """How a folder is arranged: class and split of each image, by its name; the metadata files."""

    images: tuple[str, ...]
    label: dict[str, str] = field(default_factory=dict)
    split: dict[str, str] = field(default_factory=dict)
    metadata: tuple[str, ...] = ()


def _images(found: Scan) -> tuple[str, ...]:
    return tuple(name for name in found.names if name.lower().endswith(SUFFIXES))


def _layout(found: Scan, config: Options) -> _Layout:
    images = _images(found)
    if not images:
        raise StudioError(
            "data.no-images", "{path} holds no images.", "TLStudio reads PNG, JPEG, WebP, GIF, BMP and TIFF.",
            where="data.path", path=found.name,
        )  # fmt: skip
    base = _common_folder(images)
    below = {name: name[len(base) + 1 if base else 0 :].split("/") for name in images}
    first = {parts[0] for parts in below.values()}
    divided = len(first) > 1 and {name.lower() for name in first} <= set(_SPLITS)
    splits = {name: _SPLITS[parts[0].lower()] for name, parts in below.items()} if divided else {}
    depth = 1 if divided else 0
    labels = {name: _sound(parts[depth]) if len(parts) > depth + 1 else "" for name, parts in below.items()}
    metadata = _metadata_files(found, base, [posixpath.join(base, name) for name in first] if divided else [])
    if config.labels == "none" or (metadata and len(set(labels.values())) == 1):
        labels = {}
    elif not any(labels.values()):
        raise StudioError(
            "data.no-class-folders", "The images of {path} lie in one folder, and nothing tells their classes.",
            "Put them into a sub-folder a class, add a metadata.csv with the columns file_name and label, or set "
            "data.labels to none.", where="data.labels", path=found.name,
        )  # fmt: skip
    return _Layout(images, labels, splits, metadata)


def _common_folder(images: tuple[str, ...]) -> str:
    """The deepest folder that holds all images in its sub-folders: an archive often wraps everything into one."""
    folders = {posixpath.dirname(name) for name in images}
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

    def __init__(self, found: Scan, name: str) -> None:
        self._root, self._path, self._folder = found.path, found.path / name, posixpath.dirname(name)
        self._known, self._short = set(found.names), _short_names(found)
        source: Any = jsonl.PLUGIN if name.endswith(".jsonl") else delimited.PLUGIN
        table = scan(self._path)
        config = source.settle(table, source.Config())
        self._batches = source.batches(table, config)
        self._first = list(islice(self._batches, 1))
        fields = [field for batch in self._first for field in batch.schema]
        self._column = self._found_column([field.name for field in fields])
        kept = [field for field in fields if field.name != self._column]
        self._renamed = {field.name: f"metadata_{field.name}" if field.name in _OURS else field.name for field in kept}
        self.kinds = {self._renamed[field.name]: field.type for field in kept}

    def rows(self) -> Iterator[Row]:
        """Raises a StudioError for a row that names no image of the folder."""
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
            "data.no-such-image", "Row {row} of {path} names the image {name}; the folder has {count} images of that "
            "name.", "Add the image, or correct or remove the row.", where=str(self._path), path=str(self._path),
            row=number, name=str(value)[:200], count=len(fitting),
        )  # fmt: skip

    def _found_column(self, columns: list[str]) -> str:
        if (column := _file_column(columns)) is not None:
            return column
        raise StudioError(
            "data.no-file-column", "{path} has no column that names the image; it has: {columns}.",
            "Call the column with the file names file_name.", where=str(self._path), path=str(self._path),
            columns=", ".join(columns),
        )  # fmt: skip


def _short_names(found: Scan) -> dict[str, list[str]]:
    """Images by what many lists call them: without their folder, and without their ending."""
    short: dict[str, list[str]] = {}
    for name in _images(found):
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
    for name in layout.images:
        if name not in named:
            yield {"file": name, "problem": "the metadata does not name it"}


def _completed(row: Row, layout: _Layout, schema: pa.Schema) -> Row:
    """The row with class and split of the folder, and with empty values where the metadata has none."""
    name = row["file"]
    folders = {key: names[name] for key, names in (("label", layout.label), ("split", layout.split)) if name in names}
    given = {**folders, **row}
    return {column.name: given.get(column.name, "" if str(column.type) == "string" else []) for column in schema}


def _looked(root: Path, rows: Iterable[Row]) -> Iterator[list[Row]]:
    """The rows with the path of the image and its problem, in batches; images are decoded in a few threads."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(min(_THREADS, os.cpu_count() or 1), "ThreadPoolExecutor-images") as pool:
        for batch in _chunks(root, rows):
            yield list(pool.map(lambda row: _examined(root, row), batch))


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


def _examined(root: Path, row: Row) -> Row:
    path = str((root / row["file"]).absolute())
    problem = row["problem"] if _sound(path) == path else "its name is no UTF-8 text; rename it"
    return {**row, "image": _sound(path), "file": _sound(row["file"]), "problem": problem or look(path).problem}


def _sound(name: str) -> str:
    """A file name as text that can be stored: systems allow any bytes in names."""
    return name.encode("utf-8", "replace").decode("utf-8")

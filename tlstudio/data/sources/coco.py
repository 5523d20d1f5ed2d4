"""COCO: one JSON document with the boxes of many images (T.-Y. Lin et al., Microsoft COCO, 2014; format as on
cocodataset.org), with the images in a folder beside it; or a folder with such documents and the images."""

from __future__ import annotations

import contextlib
import json
import os
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from tlstudio.core.errors import StudioError
from tlstudio.core.files import expand
from tlstudio.data import images
from tlstudio.data.rows import number_of
from tlstudio.data.scan import Scan, chosen_encoding, scan
from tlstudio.data.sources.detection import Objects, row_batches
from tlstudio.data.sources.flatten import is_coco, sound
from tlstudio.data.sources.json_file import document
from tlstudio.data.sources.media import SPLITS

if TYPE_CHECKING:
    import pyarrow as pa

_AUTO = "auto"
_FILE_NAME = re.compile(r'"file_name"\s*:\s*("(?:[^"\\]|\\.)*")')
_PROBED = 20  # images that are looked for to find their folder
_DOCUMENTS = 50  # JSON files of a folder that are looked into at most


class Options(BaseModel):
    """Where the images are, and which boxes count."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    images: str = Field(
        _AUTO, title="Images", description="Folder of the images; auto looks beside the file, and in folders near it."
    )
    crowd: Literal["drop", "keep"] = Field(
        "drop", title="Crowds", description="Drop leaves boxes around a crowd (iscrowd) out; they are counted."
    )
    encoding: str = Field(_AUTO, title="Encoding", description="Text encoding, such as utf-8.")


class CocoSource:
    """Columns ``image`` (absolute path), ``boxes`` ("left top right bottom" in pixels), ``box_labels``, ``split`` (of
    several documents), ``file``, and ``left_out``, which counts the boxes that are not there."""

    NAME = "coco"
    TITLE = "COCO boxes"
    SUMMARY = "JSON with the boxes of many images, and the images in a folder beside it."
    SUFFIXES = (".json",)
    Config = Options

    def recognises(self, found: Scan) -> bool:
        if found.kind == "folder":
            return any(name.lower().endswith(images.SUFFIXES) for name in found.names) and bool(_documents(found))
        return is_coco(found)

    def settle(self, found: Scan, config: Options) -> Options:
        if found.kind == "folder":
            return config
        encoding = chosen_encoding(found, config.encoding)
        folder = _given(found, config) or _folder_of(found, encoding)
        return Options(images=str(folder), crowd=config.crowd, encoding=encoding)

    def batches(self, found: Scan, config: Options) -> Iterator[pa.RecordBatch]:
        if found.kind != "folder":
            reader = _Document(found, config.encoding, Path(config.images), config.crowd == "keep")
            yield from row_batches(reader.rows(), ("file", "left_out"))
            return
        documents = _documents(found)
        texts = ("split", "file", "left_out") if len(documents) > 1 else ("file", "left_out")
        yield from row_batches(_of_folder(found, documents, config), texts)


PLUGIN = CocoSource()


def _documents(found: Scan) -> list[str]:
    """The documents with boxes of a folder; of COCO's own, those of instances and not of key points or captions."""
    names = [name for name in found.names if name.lower().endswith(".json")][:_DOCUMENTS]
    with_boxes = [name for name in names if (found.path / name).stat().st_size and is_coco(scan(found.path / name))]
    instances = [name for name in with_boxes if posixpath.basename(name).startswith("instances")]
    return instances or with_boxes


def _of_folder(found: Scan, documents: list[str], config: Options) -> Iterator[dict[str, Any]]:
    for name in documents:
        inner = scan(found.path / name)
        encoding = chosen_encoding(inner, config.encoding)
        folder = _given(found, config) or _folder_of(inner, encoding)
        split = _split(name)
        for row in _Document(inner, encoding, folder, config.crowd == "keep").rows():
            place = Path(row["image"])
            inside = place.is_relative_to(found.path.absolute())
            file = place.relative_to(found.path.absolute()).as_posix() if inside else row["file"]
            yield {**row, "file": sound(file), "split": split}


def _split(name: str) -> str:
    """What the name of a document says, such as instances_val2017.json or valid/_annotations.coco.json; else train."""
    words = re.findall(r"[a-z]+", name.lower())
    return next((SPLITS[word] for word in reversed(words) if word in SPLITS), "train")


# --- the images


def _given(found: Scan, config: Options) -> Path | None:
    if config.images == _AUTO:
        return None
    folder = (found.path if found.kind == "folder" else found.path.parent) / expand(config.images)
    if folder.is_dir():
        return folder.absolute()
    raise StudioError(
        "data.no-image-folder", "There is no folder {folder} with the images.", "Choose the folder of the images.",
        where="data.images", folder=str(folder),
    )  # fmt: skip


def _folder_of(found: Scan, encoding: str) -> Path:
    """The folder beside a document in which its first images are.

    Raises:
        StudioError: there is none.
    """
    names = _first_names(found, encoding)
    parts = [found.path.stem, *re.split(r"[_.]", found.path.stem)]
    here = found.path.parent.absolute()
    places = [base / inner for base in (here, here.parent) for inner in ("", "images", *parts)]
    places += [base / "images" / part for base in (here, here.parent) for part in parts]
    for place in dict.fromkeys(places):
        if any(os.path.isfile(place / _slashed(name)) for name in names if name):  # noqa: PTH113 - it never raises
            return place
    raise StudioError(
        "data.no-coco-images", "No folder beside {path} has the images that it names, such as {name}.",
        "Put the images beside the file, or choose their folder (data.images).", where="data.images",
        path=str(found.path), name=names[0][:200] if names else "",
    )  # fmt: skip


def _first_names(found: Scan, encoding: str) -> list[str]:
    """Files of the first images, from the beginning of the document where they stand there."""
    with contextlib.suppress(ValueError):  # reading the document says what is wrong
        names = [json.loads(match) for match in _FILE_NAME.findall(found.head.decode(encoding, "replace"))]
        if names:
            return names[:_PROBED]
    listed = _listed(document(found, encoding), found, "images")
    return [str(image.get("file_name", "")) for image in listed[:_PROBED]]


def _slashed(name: str) -> str:
    return name.replace("\\", "/")


# --- the document


class _Document:
    """One document; every error says where in it, as ``annotations[2].bbox``."""

    def __init__(self, found: Scan, encoding: str, folder: Path, crowd: bool) -> None:
        self._found, self._folder, self._crowd = found, folder, crowd
        self._content = document(found, encoding)

    def rows(self) -> Iterator[dict[str, Any]]:
        """One row an image, in the order of the document; without boxes it shows only what is nothing.

        Raises:
            StudioError: a part of the document is missing or wrong.
        """
        names = {self._key(item.get("id"), f"categories[{place}].id"): str(item.get("name", ""))
                 for place, item in enumerate(self._list("categories"))}  # fmt: skip
        listed = self._list("images")
        objects: dict[Any, Objects] = {}
        for place, image in enumerate(listed):
            name, key = image.get("file_name"), self._key(image.get("id"), f"images[{place}].id")
            if not isinstance(name, str) or not name:
                raise self._wrong(f"images[{place}].file_name", "a text")
            if key in objects:
                raise self._wrong(f"images[{place}].id", "different from all others")
            objects[key] = Objects(self._size(image.get("width")), self._size(image.get("height")))
        for place, found in enumerate(self._list("annotations")):
            self._add(objects, found, names, f"annotations[{place}]")
        for image in listed:
            path = self._folder / _slashed(image["file_name"])
            yield {"image": sound(str(path)), "file": sound(image["file_name"]), **objects[image["id"]].cells()}

    def _add(self, objects: dict[Any, Objects], found: dict[str, Any], names: dict[Any, str], place: str) -> None:
        image = self._key(found.get("image_id"), f"{place}.image_id")
        if image not in objects:
            raise self._wrong(f"{place}.image_id", "the id of one of the images")
        category = self._key(found.get("category_id"), f"{place}.category_id")
        if not names.get(category):
            raise self._wrong(f"{place}.category_id", "the id of a category with a name")
        box = found.get("bbox")
        if not isinstance(box, list) or len(box) != 4 or any(number_of(str(value)) != value for value in box):
            raise self._wrong(f"{place}.bbox", "four numbers: left, top, width and height")
        if found.get("iscrowd") and not self._crowd:
            objects[image].leave_out("crowd")
            return
        left, top, width, height = map(float, box)
        # a negative size would turn the box around
        objects[image].add(names[category], (left, top, left + max(width, 0), top + max(height, 0)))

    def _key(self, value: Any, place: str) -> Any:
        if isinstance(value, (int, str)) and not isinstance(value, bool):
            return value
        raise self._wrong(place, "a number or a text")

    def _size(self, value: Any) -> float:
        return float(value) if isinstance(value, (int, float)) and value > 0 else 0.0

    def _list(self, name: str) -> list[dict[str, Any]]:
        return _listed(self._content, self._found, name)

    def _wrong(self, place: str, expected: str) -> StudioError:
        return _wrong(self._found, place, expected)


def _listed(content: Any, found: Scan, name: str) -> list[dict[str, Any]]:
    items = content.get(name, []) if isinstance(content, dict) else None
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise _wrong(found, name, "a list of objects")
    return items


def _wrong(found: Scan, place: str, expected: str) -> StudioError:
    return StudioError(
        "data.bad-coco", "{path}: {place} must be {expected}.",
        "Correct the document, or save it again from its source.",
        where=str(found.path), path=str(found.path), place=place, expected=expected,
    )  # fmt: skip

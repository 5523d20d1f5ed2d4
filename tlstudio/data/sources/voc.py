"""Pascal VOC: an XML file with the boxes of each image (M. Everingham et al., The Pascal Visual Object Classes (VOC)
Challenge, 2010), in a folder Annotations beside JPEGImages, or beside the images themselves."""

from __future__ import annotations

import math
import posixpath
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from tlstudio.core.errors import StudioError
from tlstudio.core.files import explain_os_errors
from tlstudio.data import images
from tlstudio.data.rows import number_of
from tlstudio.data.scan import Scan
from tlstudio.data.sources import media
from tlstudio.data.sources.detection import Objects, schema_of

if TYPE_CHECKING:
    import pyarrow as pa

_LARGEST = 8 << 20  # bytes of an XML file
_SIDES = ("xmin", "ymin", "xmax", "ymax")
_LISTS = {"train": "train", "val": "validation", "test": "test", "trainval": "train"}  # a later one fills gaps only
_MASKS = ("segmentation", "mask")  # folders of pictures that are no photographs


class Options(BaseModel):
    """Which boxes count."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    difficult: Literal["keep", "drop"] = Field(
        "keep", title="Difficult objects", description="Drop leaves objects marked as difficult out; they are counted."
    )


class VocSource:
    """Columns ``image`` (absolute path), ``boxes`` ("left top right bottom" in pixels from 0), ``box_labels``,
    ``split`` (of ImageSets/Main, or of folders called so), ``left_out`` (counts the boxes that are not there), ``file``
    and ``problem``.

    VOC counts pixels from 1 and means the last one of the object; here right and bottom lie behind it.
    """

    NAME = "voc"
    TITLE = "Pascal VOC boxes"
    SUMMARY = "A folder with an XML file for each image, such as Annotations beside JPEGImages."
    SUFFIXES: tuple[str, ...] = ()
    Config = Options

    def recognises(self, found: Scan) -> bool:
        if found.kind != "folder":
            return False
        notes, pictures = _notes(found), _pictures(found)
        if not notes or not pictures or (3 * len(notes) < len(pictures) and not _is_annotations(notes[0])):
            return False
        with explain_os_errors(found.path), open(found.path / notes[0], "rb") as stream:
            return b"<annotation" in stream.read(4096)

    def settle(self, _found: Scan, config: Options) -> Options:
        return config

    def batches(self, found: Scan, config: Options) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        if not _notes(found) or not _pictures(found):
            raise StudioError(
                "data.no-voc", "{path} is no folder with images and an XML file for each.",
                "Choose a folder such as VOC2012, with Annotations and JPEGImages in it.", where="data.path",
                path=found.name,
            )  # fmt: skip
        splits = _splits(found)
        texts = (*(("split",) if splits else ()), "left_out", "file", "problem")
        schema = schema_of(texts)
        rows = _rows(found, config.difficult == "keep", splits)
        for batch in media.looked(found.path, "image", lambda path: images.look(path).problem, rows):
            yield pa.RecordBatch.from_pylist(batch, schema)


PLUGIN = VocSource()


def _is_annotations(name: str) -> bool:
    return posixpath.basename(posixpath.dirname(name)).lower() == "annotations"


def _notes(found: Scan) -> list[str]:
    """The XML files; only those of folders called Annotations where there are such."""
    names = [name for name in found.names if name.lower().endswith(".xml")]
    return [name for name in names if _is_annotations(name)] or names


def _pictures(found: Scan) -> list[str]:
    return [
        name
        for name in found.names
        if name.lower().endswith(images.SUFFIXES)
        and not any(mark in posixpath.dirname(name).lower() for mark in _MASKS)
    ]


# --- the rows


def _rows(found: Scan, difficult: bool, splits: dict[str, str]) -> Iterator[dict[str, Any]]:
    """One row an XML file, and one for each image that no XML file is about."""
    finder = _Finder(_pictures(found))
    seen = set()
    for note in _notes(found):
        read = _read(found.path / note)
        image = finder.find(note, read.filename)
        seen.add(image)
        row = {"file": image or note, **read.objects(difficult).cells(), "problem": read.problem}
        if not image:
            row["problem"] = "its image is not there"
        yield _with_split(row, posixpath.splitext(note)[0], splits)
    empty = Objects().cells()
    for image in finder.names:
        if image not in seen:
            row = {"file": image, **empty, "problem": "no XML file tells its boxes"}
            yield _with_split(row, posixpath.splitext(image)[0], splits)


def _with_split(row: dict[str, Any], name: str, splits: dict[str, str]) -> dict[str, Any]:
    if not splits:
        return row
    folder, stem = posixpath.split(name)
    split = splits.get(name) or splits.get(posixpath.join(posixpath.dirname(folder), stem), "")
    problem = row["problem"] or ("" if split else "no list in ImageSets/Main names it")
    return {**row, "split": split, "problem": problem}


def _splits(found: Scan) -> dict[str, str]:
    """Split by the name of an image without folder and ending, below the folder that holds ImageSets; or, where there
    are no such lists but folders called train, test …, by the whole name without ending."""
    splits: dict[str, str] = {}
    for word, split in _LISTS.items():
        ending = f"ImageSets/Main/{word}.txt"
        for name in found.names:
            if name.endswith(ending):
                for stem in _listed(found.path / name):
                    splits.setdefault(posixpath.join(name[: -len(ending)], stem), split)
    return splits or _folder_splits(found)


def _listed(path: Path) -> list[str]:
    """The first word of each line."""
    with explain_os_errors(path):
        text = path.read_text(encoding="utf-8", errors="replace")
    return [line.split()[0] for line in text.splitlines() if line.strip()]


def _folder_splits(found: Scan) -> dict[str, str]:
    names = [*_notes(found), *_pictures(found)]
    common = posixpath.commonpath([posixpath.dirname(name) for name in names])
    below = {name: posixpath.relpath(name, common or ".").split("/")[0].lower() for name in names}
    if len(set(below.values())) < 2 or not set(below.values()) <= set(media.SPLITS):
        return {}
    return {posixpath.splitext(name)[0]: media.SPLITS[top] for name, top in below.items()}


class _Finder:
    """Finds the image of an XML file: by the name in it, or by the same name, in the folders where it may be."""

    def __init__(self, names: list[str]) -> None:
        self.names = names
        self._known = set(names)
        self._short: dict[str, list[str]] = defaultdict(list)
        for name in names:
            for short in {posixpath.basename(name), posixpath.splitext(posixpath.basename(name))[0]}:
                self._short[short].append(name)

    def find(self, note: str, filename: str) -> str:
        """The name of the image; empty where there is none, or none that is surely meant."""
        here, base = posixpath.dirname(note), posixpath.dirname(posixpath.dirname(note))
        stem = posixpath.splitext(posixpath.basename(note))[0]
        folders = (posixpath.join(base, "JPEGImages"), posixpath.join(base, "images"), here, base)
        for short in (posixpath.basename(filename.replace("\\", "/")), stem):
            fitting = self._short.get(short, []) if short else []
            near = [name for folder in folders for name in fitting if posixpath.dirname(name) == folder]
            if near or len(fitting) == 1:
                return (near or fitting)[0]
        return ""


# --- one XML file


@dataclass
class _Note:
    """What an XML file says; ``found``: (name, difficult, sides as text) of each object."""

    filename: str = ""
    size: dict[str, float] = field(default_factory=dict)
    found: list[tuple[str, bool, dict[str, str]]] = field(default_factory=list)
    problem: str = ""

    def objects(self, difficult: bool) -> Objects:
        objects = Objects(self.size.get("width", 0), self.size.get("height", 0))
        for name, is_difficult, sides in self.found:
            box = [number_of(sides.get(side, "")) for side in _SIDES]
            if not name or any(map(math.isnan, box)):
                objects.leave_out("without name or place")
            elif is_difficult and not difficult:
                objects.leave_out("difficult")
            else:
                objects.add(name, (box[0] - 1, box[1] - 1, box[2], box[3]))
        return objects


def _read(path: Path) -> _Note:
    """Reads an XML file; what is wrong with it is a problem of its row."""
    from xml.parsers import expat

    with explain_os_errors(path), open(path, "rb") as stream:
        data = stream.read(_LARGEST + 1)
    handler = _Handler()
    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = handler.start, handler.end
    parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = handler.text, handler.refuse
    parser.buffer_text = True
    try:
        if len(data) > _LARGEST:
            raise ValueError("it is too long")
        parser.Parse(data, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        return _Note(problem=f"its XML file cannot be read ({error})")
    return handler.note


class _Handler:
    """Takes the few elements that matter; a document type is refused, since it could define entities without end."""

    def __init__(self) -> None:
        self.note = _Note()
        self._path: list[str] = []
        self._text: list[str] = []
        self._object: dict[str, str] = {}

    def start(self, name: str, _attributes: dict[str, str]) -> None:
        self._path.append(name)
        self._text = []
        if self._path[1:] == ["object"]:
            self._object = {}

    def text(self, data: str) -> None:
        self._text.append(data)

    def refuse(self, *_what: Any) -> None:
        raise ValueError("it declares a document type")

    def end(self, _name: str) -> None:
        place, text = self._path[1:], "".join(self._text).strip()
        if place == ["filename"]:
            self.note.filename = text
        elif place[:1] == ["size"] and len(place) == 2:
            value = number_of(text)
            self.note.size[place[1]] = value if value > 0 else 0.0
        elif place in (["object", "name"], ["object", "difficult"]):
            self._object[place[1]] = text
        elif place[:2] == ["object", "bndbox"] and len(place) == 3:
            self._object[place[2]] = text
        elif place == ["object"]:
            difficult = self._object.get("difficult", "0") not in ("", "0")
            self.note.found.append((self._object.get("name", ""), difficult, self._object))
        self._path.pop()
        self._text = []

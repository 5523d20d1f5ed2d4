"""A tiny valid sample of everything that a source reads: for the contract of all sources, and as seeds of the fuzz.

A new source adds one :class:`Form` (or a place in :func:`places`), and is then tested by both.
"""

from __future__ import annotations

import bz2
import contextlib
import csv
import gzip
import io
import json
import lzma
import sqlite3
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from tlstudio.core.paths import cache_folder

Parts = dict[str, bytes]
Rows = Sequence[tuple[str, str]]
ROWS: Rows = [("please help, it is late", "delivery"), ('a "quoted" ä🙂', "refund"), ("two\nlines", "delivery")] * 4


@dataclass(frozen=True)
class Form:
    """One way to store data.

    Attributes:
        source: the source that must recognise it.
        name: of the file; a folder where ``pack`` is None.
        parts: what is in it; one part with an empty name where it is no container.
        pack: puts the parts together.
    """

    title: str
    source: str
    name: str
    parts: Parts = field(hash=False)
    pack: Callable[[Parts], bytes] | None = lambda parts: parts[""]

    def write(self, folder: Path, parts: Parts | None = None) -> Path:
        """Writes the sample, or other parts in its form."""
        path = folder / self.name
        parts = self.parts if parts is None else parts
        if self.pack is not None:
            path.write_bytes(self.pack(parts))
            return path
        for name, content in parts.items():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_bytes(content)
        return path


# --- tables of text and label


def as_csv(path: Path, rows: Rows, delimiter: str = ",") -> None:
    with open(path, "w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, delimiter=delimiter, lineterminator="\n").writerows([("text", "label"), *rows])


def _objects(rows: Rows) -> list[dict[str, str]]:
    return [{"text": text, "label": label} for text, label in rows]


def as_json_lines(path: Path, rows: Rows) -> None:
    lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in _objects(rows))
    path.write_text("".join(lines), encoding="utf-8", newline="\n")


def as_json(path: Path, rows: Rows) -> None:
    path.write_text(json.dumps(_objects(rows), ensure_ascii=False, indent=1), encoding="utf-8")


def as_parquet(path: Path, rows: Rows) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.Table.from_pylist(_objects(rows)), path)


def as_arrow(path: Path, rows: Rows) -> None:
    import pyarrow as pa

    table = pa.Table.from_pylist(_objects(rows))
    with pa.OSFile(str(path), "wb") as stream, pa.ipc.new_file(stream, table.schema) as writer:
        writer.write_table(table)


def as_workbook(path: Path, rows: Rows) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for number, row in enumerate([("text", "label"), *rows], 1):
        for column, value in enumerate(row, 1):
            cell = sheet.cell(number, column)
            cell.value, cell.data_type = value, "s"  # not a formula, whatever it begins with
    book.save(path)


def as_database(path: Path, rows: Rows) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE tickets (text TEXT, label TEXT)")
        connection.executemany("INSERT INTO tickets VALUES (?, ?)", rows)
        connection.commit()


#: Sources of tables with named columns, and how to write texts and labels for them.
TABLE_WRITERS: dict[str, Callable[[Path, Rows], None]] = {
    "csv": as_csv, "jsonl": as_json_lines, "json": as_json, "parquet": as_parquet, "arrow": as_arrow,
    "excel": as_workbook, "sql": as_database,
}  # fmt: skip


def _written(write: Callable[[Path, Rows], None], rows: Rows = ROWS) -> Parts:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sample"
        write(path, rows)
        return {"": path.read_bytes()}


# --- other contents


def _picture(index: int) -> bytes:
    from PIL import Image

    stream = io.BytesIO()
    Image.new("RGB", (4, 3), (index * 40, 90, 200)).save(stream, "PNG")
    return stream.getvalue()


def tone(frequency: float = 440, seconds: float = 0.3, rate: int = 8000, format: str = "WAV") -> bytes:
    """A sound file that hums."""
    import numpy as np
    import soundfile

    times, stream = np.arange(int(seconds * rate)) / rate, io.BytesIO()
    soundfile.write(stream, 0.4 * np.sin(2 * np.pi * frequency * times), rate, format=format)
    return stream.getvalue()


def coco() -> bytes:
    """Two images with boxes, one of them a crowd, and one image without."""
    boxes = [
        {"id": 1, "image_id": 7, "category_id": 1, "bbox": [1, 0.5, 2, 2], "iscrowd": 0},
        {"id": 2, "image_id": 7, "category_id": 2, "bbox": [0, 0, 40, 30], "iscrowd": 1},
        {"id": 3, "image_id": 8, "category_id": 2, "bbox": [2, 1, 9, 9]},
        {"id": 4, "image_id": 8, "category_id": 2, "bbox": [2, 1, 0, 9]},
    ]
    images = [{"id": 6 + index, "file_name": f"{index}.png", "width": 4, "height": 3} for index in range(3)]
    names = [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}]
    document = {"info": {}, "images": images, "annotations": boxes, "categories": names}
    return json.dumps(document).encode()


def voc(name: str, *objects: tuple[str, tuple[float, float, float, float]], more: str = "") -> bytes:
    """The XML file of an image; boxes as VOC writes them, from 1 and with the last pixel."""
    found = "".join(
        f"<object><name>{label}</name><bndbox><xmin>{box[0]}</xmin><ymin>{box[1]}</ymin><xmax>{box[2]}</xmax>"
        f"<ymax>{box[3]}</ymax></bndbox>{more}</object>"
        for label, box in objects
    )
    size = "<size><width>4</width><height>3</height><depth>3</depth></size>"
    return f"<annotation><filename>{name}</filename>{size}{found}</annotation>".encode()


CHATS = [
    {"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": f"Who is {index}?"},
                  {"role": "assistant", "content": f"A number, and not {index + 1}."}]}
    for index in range(20)
]  # fmt: skip


OBJECTS = [
    {"image": f"{index}.png", "width": 40, "height": 30, "objects": {"bbox": [[index, 2, 8, 9], [20, 20, 5, 5]],
                                                                     "category": ["cat", "dog"]}}
    for index in range(12)
]  # fmt: skip


def _rich_table() -> object:
    import pyarrow as pa

    return pa.table({
        "text": ["a", None, "c"], "n": [1.5, 2.0, None], "tags": [["x", "y"], None, []], "when": pa.array([1, 2, None],
        pa.timestamp("ms", "UTC")), "s": [{"a": 1, "b": ["p"]}, None, {"a": None, "b": []}],
        "d": pa.array(["u", "v", "u"]).dictionary_encode(), "image": [_picture(1), _picture(2), None],
    })  # fmt: skip


def _rich_parquet() -> bytes:
    import pyarrow.parquet as pq

    stream = io.BytesIO()
    pq.write_table(_rich_table(), stream, compression="zstd")
    return stream.getvalue()


def _rich_stream() -> bytes:
    import pyarrow as pa

    table, stream = _rich_table(), io.BytesIO()
    with pa.ipc.new_stream(stream, table.schema) as writer:  # type: ignore[attr-defined]
        writer.write_table(table)
    return stream.getvalue()


def _feather() -> bytes:
    from pyarrow import feather

    stream = io.BytesIO()
    feather.write_feather(_rich_table(), stream)
    return stream.getvalue()


def _squad() -> bytes:
    answers = [{"text": "words", "answer_start": 10}]
    questions = [{"id": "1", "question": "What?", "answers": answers},
                 {"id": "2", "question": "Why?", "answers": [], "is_impossible": True}]  # fmt: skip
    paragraph = {"context": "Some more words in it.", "qas": questions}
    return json.dumps({"version": "v2.0", "data": [{"title": "t", "paragraphs": [paragraph]}]}).encode()


_NESTED = (
    '{"user": {"name": "ä", "n": 1}, "tags": ["a", "b"], "text": "one", "x": 1.5}\n'
    '{"user": {"name": null}, "tags": [], "text": "two \\ud83d\\ude00", "deep": [[1, 2], {"a": true}]}\n'
) * 3
_SHEET = "<table:table-row>{}</table:table-row>"
_CELL = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
_NAMES = "urn:oasis:names:tc:opendocument:xmlns"


def _open_document() -> Parts:
    rows = "".join(
        _SHEET.format("".join(_CELL.format(cell) for cell in row)) for row in (("text", "label"), ("a", "x"))
    )
    content = (
        f'<?xml version="1.0"?><office:document-content xmlns:office="{_NAMES}:office:1.0" '
        f'xmlns:table="{_NAMES}:table:1.0" xmlns:text="{_NAMES}:text:1.0"><office:body><office:spreadsheet>'
        f'<table:table table:name="A">{rows}</table:table></office:spreadsheet></office:body></office:document-content>'
    )
    return {
        "mimetype": b"application/vnd.oasis.opendocument.spreadsheet",
        "META-INF/manifest.xml": b'<manifest:manifest xmlns:manifest="x"/>',
        "content.xml": content.encode(),
    }


# --- containers


def zipped(parts: Parts) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            # the kind of an OpenDocument stands uncompressed at its beginning
            method = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            archive.writestr(name, content, method)
    return stream.getvalue()


def unzipped(data: bytes) -> Parts:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def tarred(parts: Parts) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, content in parts.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return stream.getvalue()


def tarred_gz(parts: Parts) -> bytes:
    return gzip.compress(tarred(parts), mtime=0)


def _one(compress: Callable[[bytes], bytes]) -> Callable[[Parts], bytes]:
    return lambda parts: compress(parts[""])


# --- all of them


@cache
def forms() -> dict[str, Form]:
    """All forms by title; the first of each source is its plainest."""
    table = _written(as_csv)
    texts = {
        f"{label}/{index}.txt": f"text number {index}\n".encode() for label in ("pos", "neg") for index in range(3)
    }
    images = {f"{label}/{index}.png": _picture(index) for label in ("cat", "dog") for index in range(2)}
    sounds = {f"{label}/{index}.wav": tone(300 + 100 * index) for label in ("hum", "buzz") for index in range(2)}
    boxes = {
        "annotations/instances_train.json": coco(),
        **{f"train/{index}.png": _picture(index) for index in range(3)},
    }
    noted = {
        **{f"JPEGImages/{index}.png": _picture(index) for index in range(2)},
        "Annotations/0.xml": voc("0.png", ("cat", (1, 1, 2, 2))), "Annotations/1.xml": voc("1.png"),
        "ImageSets/Main/train.txt": b"0\n", "ImageSets/Main/val.txt": b"1\n",
    }  # fmt: skip
    words = "The\tat\nhusky\tjj\n\nAnd\tcc\nhe\tpps\n.\t.\n\n" * 3
    made = [
        Form("csv", "csv", "a.csv", table),
        Form("csv in utf-16", "csv", "a.csv", {"": table[""].decode().encode("utf-16")}),
        Form("csv in cp1252", "csv", "a.csv", {"": "text;label\nGröße für;gut\nschön grün;übel\n".encode("cp1252")}),
        Form("tsv", "csv", "a.txt", _written(lambda path, rows: as_csv(path, rows, "\t"))),
        Form("json lines", "jsonl", "a.jsonl", {"": _NESTED.encode()}),
        Form("json", "json", "a.json", _written(as_json)),
        Form("json with records", "json", "a.json", {"": json.dumps({"data": {"rows": _objects(ROWS)}}).encode()}),
        Form("json of columns", "json", "a.json", {"": b'{"text": ["a", "b"], "label": ["x", "y"]}'}),
        Form("parquet", "parquet", "a.parquet", _written(as_parquet)),
        Form("parquet of all types", "parquet", "a.parquet", {"": _rich_parquet()}),
        Form("arrow", "arrow", "a.arrow", _written(as_arrow)),
        Form("arrow stream", "arrow", "a.arrow", {"": _rich_stream()}),
        Form("feather", "arrow", "a.feather", {"": _feather()}),
        Form("excel", "excel", "a.xlsx", unzipped(_written(as_workbook)[""]), zipped),
        Form("open document", "excel", "a.ods", _open_document(), zipped),
        Form("sqlite", "sql", "a.db", _written(as_database)),
        Form("conll", "conll", "a.conll", {"": words.encode()}),
        Form("squad", "squad", "a.json", {"": _squad()}),
        Form("text", "text", "a.txt", {"": b"Once upon a time.\n\nThere was a king, and a queen,\nand so on.\n"}),
        Form("folder of texts", "text-folder", "texts", texts, None),
        Form("folder of images", "image-folder", "images", images, None),
        Form("folder of recordings", "audio-folder", "sounds", sounds, None),
        Form("folder of coco", "coco", "boxes", boxes, None),
        Form("folder of voc", "voc", "VOC2012", noted, None),
        Form("boxes in json lines", "jsonl", "a.jsonl", {"": "\n".join(map(json.dumps, OBJECTS)).encode()}),
        Form("chat in json lines", "jsonl", "a.jsonl", {"": "\n".join(map(json.dumps, CHATS)).encode()}),
        Form("zip of recordings", "audio-folder", "sounds.zip", sounds, zipped),
        Form("zip of coco", "coco", "boxes.zip", boxes, zipped),
        Form("tar of voc", "voc", "voc.tar", noted, tarred),
        Form("zip of a table", "csv", "a.zip", {"data/train.csv": table[""]}, zipped),
        Form("zip of texts", "text-folder", "texts.zip", texts, zipped),
        Form("tar of images", "image-folder", "images.tar", images, tarred),
        Form("tar.gz of texts", "text-folder", "texts.tar.gz", texts, tarred_gz),
        Form("gz", "csv", "a.csv.gz", table, _one(gzip.compress)),
        Form("bz2", "jsonl", "a.jsonl.bz2", {"": _NESTED.encode()}, _one(bz2.compress)),
        Form("xz", "csv", "a.csv.xz", table, _one(lzma.compress)),
    ]  # fmt: skip
    return {form.title: form for form in made}


def places(folder: Path) -> dict[str, str]:
    """Source to a place that it reads, written into ``folder`` where it is a file."""
    written = {}
    for form in forms().values():
        if form.source not in written:
            (folder / form.source).mkdir()
            written[form.source] = str(form.write(folder / form.source))
    return {**written, "digits": "sample:digits", "hub": _downloaded()}


def _downloaded() -> str:
    """A dataset as it lies in the cache after a download from the hub."""
    commit, content = "a" * 40, _written(as_csv)[""]
    root = cache_folder("hub-datasets") / "org--words"
    (root / commit).mkdir(parents=True)
    (root / "refs").mkdir()
    (root / "refs" / "main").write_text(commit)
    (root / commit / "train.csv").write_bytes(content)
    record = {"name": "org/words", "revision": commit, "default": "default", "sizes": {"train.csv": len(content)},
              "files": {"default": {"train": ["train.csv"]}}}  # fmt: skip
    (root / commit / "snapshot.json").write_text(json.dumps(record))
    return "hub:org/words"

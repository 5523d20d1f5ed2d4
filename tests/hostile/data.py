"""Data, recipes and results made to harm."""

from __future__ import annotations

import gzip
import io
import json
import sqlite3
import struct
import tarfile
import zipfile
import zlib
from pathlib import Path
from typing import Any
from unittest import mock

from tests.hostile.place import Case, Place, read_data

ROWS = "text,label\n" + "where is my parcel,delivery\ngive me my money,refund\n" * 20


def _zip(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def pickled_table(place: Place) -> Any:
    return read_data(place.write("data.pkl", place.payload()))


def pickle_with_another_name(place: Place) -> Any:
    return read_data(place.write("data.csv", place.payload()))


def array_of_objects(place: Place) -> Any:
    import numpy as np

    path = place.folder / "data.npy"
    np.save(path, np.array([place.evil], dtype=object), allow_pickle=True)
    return read_data(path)


def _table(place: Place) -> Any:
    """A sound table whose schema and columns carry pickles."""
    import pyarrow as pa

    kind = {"ARROW:extension:name": "arrow.py_extension_type", "ARROW:extension:metadata": place.payload()}
    fields = [pa.field("text", pa.string(), metadata=kind), pa.field("label", pa.string())]
    rows = [["where is my parcel", "give me my money"] * 20, ["delivery", "refund"] * 20]
    return pa.table(rows, schema=pa.schema(fields, metadata={"pandas": place.payload(), "huggingface": "{}"}))


def pickle_in_parquet(place: Place) -> Any:
    import pyarrow.parquet as pq

    pq.write_table(_table(place), place.folder / "data.parquet")
    read_data(place.folder / "data.parquet")
    return "read; the metadata was left alone"


def pickle_in_arrow(place: Place) -> Any:
    import pyarrow as pa

    table = _table(place)
    with pa.OSFile(str(place.folder / "data.arrow"), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    read_data(place.folder / "data.arrow")
    return "read; the metadata was left alone"


def script_of_a_dataset(place: Place) -> Any:
    place.write("set/set.py", place.program)
    place.write("set/dataset_infos.json", "{}")
    place.write("set/train.csv", ROWS)
    read_data(place.folder / "set" / "train.csv")
    return "the table was read; the script was not"


def zip_slip(place: Place) -> Any:
    return read_data(_zip(place.folder / "data.zip", {f"../{place.canary.name}/data.csv": ROWS.encode()}))


def tar_slip(place: Place) -> Any:
    path = place.folder / "data.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        info = tarfile.TarInfo(str(place.canary / "data.csv"))
        info.size = len(ROWS)
        archive.addfile(info, io.BytesIO(ROWS.encode()))
    return read_data(path)


def link_in_a_tar(place: Place) -> Any:
    path = place.folder / "data.tar"
    with tarfile.open(path, "w") as archive:
        info = tarfile.TarInfo("data.csv")
        info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(info)
    return read_data(path)


def link_in_a_zip(place: Place) -> Any:
    path = place.folder / "data.zip"
    with zipfile.ZipFile(path, "w") as archive:
        info = zipfile.ZipInfo("data.csv")
        info.create_system, info.external_attr = 3, 0o120777 << 16
        archive.writestr(info, "/etc/passwd")
    return read_data(path)


def _small_bombs() -> Any:
    """A megabyte counts as much: a real bomb of gigabytes would take the test's time, not only the program's."""
    return mock.patch("tlstudio.data.archives._SMALL", 1 << 20)


def zip_bomb(place: Place) -> Any:
    with _small_bombs():
        return read_data(_zip(place.folder / "data.zip", {"data.csv": bytes(64 << 20)}))


def gzip_bomb(place: Place) -> Any:
    with _small_bombs():
        return read_data(place.write("data.csv.gz", gzip.compress(bytes(64 << 20))))


def bomb_in_a_workbook(place: Place) -> Any:
    sheet = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>' + b" " * (
        64 << 20
    )
    with mock.patch("tlstudio.data.archives._SMALL", 1 << 20):
        return read_data(_workbook(place, sheet))


_SPACE = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_ENTITIES = b'<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY l0 "lol">' + b"".join(
    f'<!ENTITY l{at} "{f"&l{at - 1};" * 10}">'.encode() for at in range(1, 12)
) + b"]>"  # fmt: skip


def laughs_in_a_workbook(place: Place) -> Any:
    sheet = _ENTITIES + b"<worksheet " + _SPACE + (
        b'><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>&l11;</t></is></c></row></sheetData></worksheet>'
    )  # fmt: skip
    return read_data(_workbook(place, sheet))


def _workbook(place: Place, sheet: bytes) -> Path:
    kinds = (b'<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
             b'<Default Extension="xml" ContentType="application/xml"/></Types>')  # fmt: skip
    main = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    book = (b"<workbook " + _SPACE + b' xmlns:r="' + main + b'">'
            b'<sheets><sheet name="s" sheetId="1" r:id="r1"/></sheets></workbook>')  # fmt: skip
    package = b"http://schemas.openxmlformats.org/package/2006/relationships"
    links = (b'<Relationships xmlns="' + package + b'"><Relationship Id="r1" Type="' + main
             + b'/worksheet" Target="worksheets/sheet1.xml"/></Relationships>')  # fmt: skip
    root = (b'<Relationships xmlns="' + package + b'"><Relationship Id="r1" Type="' + main
            + b'/officeDocument" Target="xl/workbook.xml"/></Relationships>')  # fmt: skip
    return _zip(place.folder / "data.xlsx", {
        "[Content_Types].xml": kinds, "_rels/.rels": root, "xl/workbook.xml": book,
        "xl/_rels/workbook.xml.rels": links, "xl/worksheets/sheet1.xml": sheet,
    })  # fmt: skip


def laughs_in_the_parts_of_a_workbook(place: Place) -> Any:
    path = _workbook(place, b"<worksheet/>")
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["xl/workbook.xml"] = _ENTITIES + b"<workbook>&l11;</workbook>"
    return read_data(_zip(path, parts))


def huge_picture(place: Place) -> Any:
    """A picture of 60,000 × 60,000 points in a few bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    png = (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(1 << 20)))
        + chunk(b"IEND", b"")
    )
    from tlstudio.data.images import open_image

    return open_image(place.write("images/cat/1.png", png))


def deep_json(place: Place) -> Any:
    return read_data(place.write("data.json", "[" * 500_000))


def query_that_writes(place: Place) -> Any:
    path = place.folder / "data.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE t (text, label)")
        connection.executemany("INSERT INTO t VALUES (?, ?)", [("a b", "x"), ("c d", "y")] * 20)
    connection.close()
    from tlstudio.core.control import Control
    from tlstudio.core.progress import silent
    from tlstudio.core.recipe import DataSection
    from tlstudio.data.inspection import inspect

    query = f"SELECT * FROM t; ATTACH '{place.canary}' AS x; CREATE TABLE x.y (z)"
    return inspect(
        DataSection.model_validate({"path": str(path), "query": query}), silent, Control(), ("text", "label")
    )


def formula_in_a_cell(place: Place) -> Any:
    from tlstudio.cli.predicting import _writer

    out = place.folder / "answers.csv"
    with _writer(out) as write:
        for text in ('=cmd|" /C calc"!A0', "+1+1", "-2+3", "@SUM(1)", "\t=1", "plain"):
            write({"text": text, "label": text, "probabilities": {"=x": 0.5}})
    lines = out.read_text(encoding="utf-8").splitlines()
    cells = [cell for line in lines for cell in line.replace('"', "").split(",")]
    bad = [cell for cell in cells if cell and cell.lstrip()[:1] in "=+@\t"]
    assert not bad, bad
    return "written with an apostrophe before each"


def script_in_a_label(place: Place) -> Any:
    from tlstudio.evaluation import report

    script = '<script>alert("x")</script>'
    counts = [[2, 1], [0, 3]]
    value = {"value": 0.5, "low": 0.4, "high": 0.6}
    results = {"run": script, "headline": "accuracy", "labels": [script, '"><img src=x onerror=alert(1)>'],
               "test": {"metrics": {"accuracy": value}, "confusion": counts, "rows": 6}}  # fmt: skip
    place.write("results.json", json.dumps(results))
    page = report.write_report(place.folder).read_text(encoding="utf-8").lower()
    assert "<script" not in page
    assert "<img" not in page
    return "shown as text"


# --- recipes and runs


def laughs_in_a_recipe(place: Place) -> Any:
    return _recipe(place, _laughs())


def _laughs() -> str:
    lines = ["a0: &a0 [lol, lol]", *(f"a{at}: &a{at} [{', '.join([f'*a{at - 1}'] * 10)}]" for at in range(1, 12))]
    return "\n".join([*lines, "model: {name: *a11}"])


def _recipe(place: Place, text: str) -> Any:
    from tlstudio.core import recipe

    return recipe.load(place.write("recipe.yaml", text))


def object_in_a_recipe(place: Place) -> Any:
    return _recipe(place, f"model: !!python/object/apply:os.mkdir ['{place.canary}']")


def deep_recipe(place: Place) -> Any:
    return _recipe(place, "model: " + "[" * 100_000)


def number_in_a_recipe(place: Place) -> Any:
    return _recipe(place, "training: {epochs: " + "9" * 100_000 + "}")


def laughs_in_a_run(place: Place) -> Any:
    from tlstudio.session.run_summary import summarise

    place.write("20260101-000000-x/recipe.yaml", _laughs())
    found = summarise(place.folder / "20260101-000000-x")
    assert found.outcome == "damaged"
    return "listed as damaged"


CASES = (
    Case("data.pkl", pickled_table, ("data.unknown-format",)),
    Case("a pickle called data.csv", pickle_with_another_name, ("data.unknown-format",)),
    Case("data.npy with objects", array_of_objects, ("data.unknown-format",)),
    Case("Parquet with pickled metadata and extension type", pickle_in_parquet),
    Case("Arrow with pickled metadata and extension type", pickle_in_arrow),
    Case("dataset with a script", script_of_a_dataset),
    Case("zip slip", zip_slip, ("data.unsafe-name",)),
    Case("tar with an absolute name", tar_slip, ("data.unsafe-name",)),
    Case("tar with a symbolic link", link_in_a_tar, ("data.link-in-archive",)),
    Case("zip with a symbolic link", link_in_a_zip, ("data.link-in-archive",)),
    Case("zip bomb", zip_bomb, ("data.archive-too-large",)),
    Case("gzip bomb", gzip_bomb, ("data.archive-too-large",)),
    Case("zip bomb in a workbook", bomb_in_a_workbook, ("data.workbook-too-large",)),
    Case("billion laughs in the sheet of a workbook", laughs_in_a_workbook, ("data.damaged-workbook",)),
    Case("billion laughs in the list of sheets", laughs_in_the_parts_of_a_workbook, ("data.empty-workbook",)),
    Case("picture of 3.6 gigapixels", huge_picture, ("data.broken-image",)),
    Case("JSON of 500,000 brackets", deep_json, ("data.bad-json-document",)),
    Case("SQL that attaches and writes", query_that_writes, ("data.not-a-select",)),
    Case("formula in a CSV cell", formula_in_a_cell),
    Case("script in a label of the report", script_in_a_label),
    Case("billion laughs in a recipe", laughs_in_a_recipe, ("recipe.not-yaml",)),
    Case("Python object in a recipe", object_in_a_recipe, ("recipe.not-yaml",)),
    Case("recipe of 100,000 brackets", deep_recipe, ("recipe.not-yaml",)),
    Case("number of 100,000 digits in a recipe", number_in_a_recipe, ("recipe.not-yaml",)),
    Case("billion laughs in the recipe of a run", laughs_in_a_run),
)  # fmt: skip

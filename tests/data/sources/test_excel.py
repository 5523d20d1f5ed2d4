"""Workbooks as people keep them: sheets, dates, merged cells, error cells, and what is broken."""

from __future__ import annotations

import base64
import datetime
import io
import zipfile
import zlib
from pathlib import Path

import openpyxl
import pytest

from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.progress import silent
from tlstudio.data.sources import excel
from tlstudio.data.tables import read_table

OLD = (  # written by xlwt: sheet 'Tabelle 1' with text, label, n
    b"c-rk)O=uHA6#izD%^z)=)KqAN5(-wWxfCy6+Eqb&vQ!Zi5j3%TkcL!34y^~R)*J=Flj5b&i<hbwf6#;8JO~vP1VKpDTTg<5hc?^yUS?~mIW(X}Wx"
    b"i$Jym>R<%w*o1$?U#bOjhRZ_f+u{h7mx`iz3uuQ<S29ApxrQJXZZYLdi4urx1;hBSSWxw7(3q582;UShyE_P7?S?=@iambh6;4HxUP94q3%>7$T`~n="
    b"Em3%d9#@o)x)8<Xvg`ROCLfToXA&Z7b>|7M;<7y*i3dSbb6#2lx9>IPb+Wh%UU~D86)E)!W+GUp$x1|D6@R!8Xi;{5Iki++sFgL5dtWk8fTY`0DS}"
    b"XK7>KT)P6<zpuB4o7ityL0|^n842(*l6V_{9J0r<IX9no(}T;%u!AL0<B~g7vVlBTQ!ErHXtSS5nWB`VG#z8Q?CHe1J>4#`-bQj99ik^C;uCagFW>"
    b"p{`fzT{IW3kMImhd#{dS%pJX~f5k>gSmSd#<7*e&vk^tw&-9+4@EQ_B0ty0mg=R@z*Z+I|{mkKm27qe0(EdU@%{qu%l-XBX)UBh?G3g?G*z`e<Rsi"
    b"O<h0GAg5P-DEs={9Ngi;e*KTUrvdLmC$qd^j}&BRuB_4DY9PT)lq9DORp8PRTH)nc0jjR!sd0mXmN?zA<ed$uq|QRnqBuyNV6?rFHzUSRwo{CQ###"
    b"#AO-^i0|NsC0|NttR-oj5Tffcooz>Rw3t|0TXN6MDd?xvCaTJsEl<39uAPSThG2K%9Y=y1-zSIUe{`W%0aT>jd3FKrR6D`Ltz3-{U-?L$2;`eQ#R>!"
    b"ZkGS5Fe{wmFB%CP"
)


def book(path: Path, sheets: dict[str, list[list]], merge: str = "", hidden: str = "") -> Path:
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
        if merge:
            sheet.merge_cells(merge)
        if name == hidden:
            sheet.sheet_state = "hidden"
    made.save(path)
    return path


def table(path: Path, **options):
    return read_table(path, "auto", options, silent, Control())


def failure(path: Path, **options) -> StudioError:
    with pytest.raises(StudioError) as caught:
        table(path, **options)
    assert caught.value.remedy
    assert path.name in caught.value.message
    return caught.value


@pytest.fixture
def place(tmp_path) -> Path:
    return tmp_path / "a.xlsx"


def test_values_become_text(place):
    values = [
        ("007", "007"), (1, "1"), (2.0, "2"), (1.5, "1.5"), (1e300, "1e+300"), (True, "true"), (None, ""),
        ("ä🙂", "ä🙂"),
        (datetime.date(2024, 1, 2), "2024-01-02"), (datetime.datetime(2024, 1, 2, 3, 4, 5), "2024-01-02T03:04:05"),
        (datetime.time(3, 4, 5), "03:04:05"), (datetime.timedelta(hours=30), "108000"), ("a\nb", "a\nb"),
    ]  # fmt: skip
    book(place, {"Data": [["text", "label"], *[[value, "x"] for value, _ in values]]})
    read = table(place)
    assert (read.source, read.options) == ("excel", {"sheet": "Data"})
    assert read.open().column("text").to_pylist() == [text for _, text in values]


def test_header_is_the_first_row_with_values(place):
    book(place, {"Data": [[None], [None], [None, " text ", "label"], [None, "a", "x"], [None], [None, "b", "y"]]})
    assert table(place).open().to_pylist() == [{"text": "a", "label": "x"}, {"text": "b", "label": "y"}]


def test_sheets(place):
    rows = [["text", "label"], ["a", "x"]]
    book(place, {"Old": rows, "Empty": [], "Data": [["text"], ["b"]], "2": [["text"], ["c"]]}, hidden="Old")
    assert table(place).options == {"sheet": "Data"}
    assert table(place, sheet="Old").open().to_pylist() == [{"text": "a", "label": "x"}]
    assert table(place, sheet="3").options == {"sheet": "Data"}
    assert table(place, sheet="2").open().to_pylist() == [{"text": "c"}], "a name goes before a number"
    assert table(place, sheet="Data").key == table(place).key
    error = failure(place, sheet="Sheet9")
    assert (error.code, error.where) == ("data.no-sheet", "data.sheet")
    assert "Old, Empty, Data, 2" in error.remedy


def test_a_sheet_with_a_title_only_is_passed_over(place):
    book(place, {"Notes": [["what this is"]], "Data": [["text", "label"], ["a", "x"]]})
    assert table(place).options == {"sheet": "Data"}
    book(place, {"Notes": [["what this is"]], "More": [["nothing either"]]})
    assert failure(place).code == "data.no-rows"


def test_hidden_sheet_is_better_than_none(place):
    book(place, {"Old": [["text"], ["a"]], "Empty": []}, hidden="Old")
    assert table(place).options == {"sheet": "Old"}


def test_merged_cells_count_for_each(place):
    book(place, {"Data": [["label", "text"], ["x", "a"], [None, "b"], [None, "c"], ["y", "d"]]}, merge="A2:A4")
    assert table(place).open().column("label").to_pylist() == ["x", "x", "x", "y"]


def test_title_above_the_header_is_explained(place):
    book(place, {"Data": [["My tickets"], ["text", "label"], ["a", "x"]]}, merge="A1:B1")
    error = failure(place)
    assert (error.code, error.params["cell"]) == ("data.duplicate-header", "B1")


def test_column_names(place):
    book(place, {"Data": [["text", "label", "text"], ["a", "x", "b"]]})
    error = failure(place)
    assert (error.code, error.params["cell"], error.params["name"]) == ("data.duplicate-header", "C1", "text")
    book(place, {"Data": [[], ["text", None, "label"], ["a", None, "x"], ["b", "note", "y"]]})
    error = failure(place)
    assert (error.code, error.params["cell"]) == ("data.nameless-column", "B2")
    book(place, {"Data": [["text", None, "label"], ["a", None, "x"]]})
    assert list(table(place).columns) == ["text", "label"]


def test_error_cells_are_named(place):
    book(place, {"Good": [["text"], ["a"]], "Data": [["text", "n"], ["a", 1], ["b", "#N/A"], ["c", "#DIV/0!"]]})
    assert table(place).rows == 1
    error = failure(place, sheet="Data")
    assert error.code == "data.error-cells"
    assert {"row": 3, "column": "B", "sheet": "Data", "value": "#N/A", "count": 2}.items() <= error.params.items()


def test_error_of_a_formula(place):
    book(place, {"Data": [["text", "n"], ["a", "=1/0"]]})
    change(place, "xl/worksheets/sheet1.xml", b'<c r="B2"><f>1/0</f><v />', b'<c r="B2" t="e"><f>1/0</f><v>#DIV/0!</v>')
    assert failure(place).params["value"] == "#DIV/0!"


def change(path: Path, part: str, old: bytes, new: bytes) -> None:
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members[part] = members[part].replace(b"<v></v>", b"<v />")  # as openpyxl writes it where lxml is installed
    assert old in members[part]
    members[part] = members[part].replace(old, new)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def test_stray_cell_does_not_take_all_memory(place):
    book(place, {"Data": [["text", "label"], ["a", "x"]]})
    change(
        place,
        "xl/worksheets/sheet1.xml",
        b"</sheetData>",
        b'<row r="1048576"><c r="XFD1048576" t="n"><v>1</v></c></row></sheetData>',
    )
    error = failure(place)
    assert (error.code, error.params["cell"]) == ("data.sheet-too-large", "XFD1048576")


def test_many_rows(place):
    made = openpyxl.Workbook(write_only=True)
    sheet = made.create_sheet("Data")
    sheet.append(["text", "label"])
    for index in range(5_000):
        sheet.append([f"text {index} " + "word " * 60, "x"])
    made.save(place)
    data = table(place).open()
    assert data.num_rows == 5_000
    assert data.column("text")[4_999].as_py().startswith("text 4999 ")


def test_empty_workbook_and_header_alone(place):
    book(place, {"A": [], "B": []})
    assert failure(place).code == "data.empty-workbook"
    book(place, {"A": [["text", "label"]]})
    assert failure(place).code == "data.no-rows"


def test_old_excel(tmp_path):
    path = tmp_path / "a.bin"  # by content
    path.write_bytes(zlib.decompress(base64.b85decode(OLD)))
    read = table(path)
    assert (read.source, read.options) == ("excel", {"sheet": "Tabelle 1"})
    assert read.open().to_pylist() == [{"text": "aä", "label": "x", "n": "1"}, {"text": "b", "label": "y", "n": "2.5"}]


_NAMES = "urn:oasis:names:tc:opendocument:xmlns"
CONTENT = f"""<?xml version="1.0"?><office:document-content xmlns:office="{_NAMES}:office:1.0"
 xmlns:table="{_NAMES}:table:1.0" xmlns:text="{_NAMES}:text:1.0"><office:body><office:spreadsheet>
<table:table table:name="Daten">{{rows}}</table:table></office:spreadsheet></office:body></office:document-content>"""


def open_document(path: Path, rows: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", '<manifest:manifest xmlns:manifest="x"/>')
        archive.writestr("content.xml", CONTENT.format(rows=rows))
    return path


def cell(text: str, extra: str = "") -> str:
    return f'<table:table-cell {extra} office:value-type="string"><text:p>{text}</text:p></table:table-cell>'


def test_open_document(tmp_path):
    rows = "".join(f"<table:table-row>{''.join(map(cell, row))}</table:table-row>" for row in
                   (["text", "label"], ["aä", "x"], ["b", "y"]))  # fmt: skip
    empty = ('<table:table-row table:number-rows-repeated="1048573"><table:table-cell table:number-columns-repeated='
             '"16384"/></table:table-row>')  # fmt: skip
    read = table(open_document(tmp_path / "a.ods", rows + empty))
    assert read.open().to_pylist() == [{"text": "aä", "label": "x"}, {"text": "b", "label": "y"}]
    many = cell("a", 'table:number-columns-repeated="4000000000"')
    error = failure(open_document(tmp_path / "b.ods", f"<table:table-row>{many}</table:table-row>"))
    assert error.code == "data.damaged-workbook"


def test_password(tmp_path):
    path = tmp_path / "a.xlsx"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2_000) + "EncryptedPackage".encode("utf-16-le"))
    assert failure(path).code in ("data.workbook-password", "data.damaged-workbook")


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.99])
def test_truncated(place, share):
    book(place, {"Data": [["text", "label"], *[[f"text {index}", "x"] for index in range(200)]]})
    whole = place.read_bytes()
    place.write_bytes(whole[: int(len(whole) * share)])
    assert failure(place).code == "data.damaged-workbook"


def test_broken_xml(place):
    book(place, {"Data": [["text", "label"], ["a", "x"]]})
    change(place, "xl/workbook.xml", b"</sheets>", b"")
    assert failure(place).code == "data.damaged-workbook"


def test_too_large_when_unpacked(place, monkeypatch):
    monkeypatch.setattr(excel, "too_large", lambda unpacked, packed: unpacked > 3 * packed > 0)
    book(place, {"Data": [["text", "label"], *[["a" * 1000, "x"]] * 200]})
    assert failure(place).code == "data.workbook-too-large"


def test_letters():
    assert [excel.letters(index) for index in (0, 25, 26, 701, 702, 16383)] == ["A", "Z", "AA", "ZZ", "AAA", "XFD"]


def test_a_word_document_is_no_workbook(tmp_path):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", "<w/>")
    path = tmp_path / "a.docx"
    path.write_bytes(stream.getvalue())
    assert failure(path).code == "data.unknown-format"

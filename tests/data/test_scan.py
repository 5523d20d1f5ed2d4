"""One pass over the bytes: size, hash, encoding; what is no text is refused with its kind."""

from __future__ import annotations

import gzip
import hashlib
import zipfile

import pytest

from tlstudio.core.errors import Cancelled, StudioError
from tlstudio.data import scan as scanning
from tlstudio.data.scan import chosen_encoding, known_binary, scan

FRENCH = "text,label\nJ'ai reçu un colis abîmé, où est le mien ? C'est très décevant à la fin,colère\n" * 5
SAMPLES = {
    "cp1252": FRENCH,
    "cp1250": "text,label\nDzień dobry, gdzie jest moja paczka? Żądam zwrotu pieniędzy, proszę o odpowiedź,x\n" * 5,
    "cp1251": "text,label\nЗдравствуйте, где моя посылка? Верните деньги,жалоба\n" * 5,
    "cp932": "text,label\n荷物がまだ届きません。返金してください,苦情\n" * 5,
    "cp949": "text,label\n소포가 아직 도착하지 않았습니다. 환불해 주세요,불만\n" * 5,
    "gb18030": "text,label\n包裹还没有到，请退款给我，谢谢你们的帮助,投诉\n" * 5,
    "big5": "text,label\n包裹還沒有到，請退款給我，謝謝你們的幫助,投訴\n" * 5,
    "utf-16": FRENCH,
    "utf-8-sig": FRENCH,
    "utf-8": FRENCH,
}


@pytest.mark.parametrize("encoding", SAMPLES)
def test_encodings_are_told_apart(tmp_path, encoding):
    path = tmp_path / "a.csv"
    path.write_bytes(SAMPLES[encoding].encode(encoding))
    found = scan(path)
    assert found.encoding is not None
    assert path.read_bytes().decode(found.encoding) == SAMPLES[encoding]
    assert found.size == path.stat().st_size
    assert found.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("shift", range(3))
def test_encoding_of_a_long_file_is_not_confused_by_the_cut(tmp_path, shift):
    path = tmp_path / "a.csv"
    path.write_bytes(b"x" * shift + SAMPLES["gb18030"].encode("gb18030") * 400)
    assert scan(path).encoding == "gb18030"


def test_broken_utf8_names_the_line(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes("text,label\nschöne Grüße,x\n".encode() + b"bad \xff\xfe here,y\n")
    found = scan(path)
    assert (found.encoding, found.bad_line) == (None, 3)
    with pytest.raises(StudioError) as caught:
        chosen_encoding(found, "auto")
    assert caught.value.code == "data.bad-encoding"
    assert "Line 3" in caught.value.message
    assert chosen_encoding(found, "latin-1") == "iso8859-1"


def test_broken_line_is_found_far_in_the_file_and_at_its_end(tmp_path):
    path = tmp_path / "a.csv"
    good = "grün und schön\n".encode()
    path.write_bytes(good * 100_000 + b"\xff\n" + good)
    assert scan(path).bad_line == 100_001
    path.write_bytes(good + "grü".encode()[:-1])
    assert scan(path).bad_line == 2


def test_a_character_across_two_blocks_is_no_error(tmp_path, monkeypatch):
    monkeypatch.setattr(scanning, "_BLOCK", 7)
    path = tmp_path / "a.csv"
    path.write_text("äöü你好" * 20, encoding="utf-8")
    assert scan(path).encoding == "utf-8"


@pytest.mark.parametrize("content", [b"", b" \n\t\r\n"])
def test_empty(tmp_path, content):
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(StudioError) as caught:
        scan(path)
    assert caught.value.code == "data.empty-file"
    assert caught.value.where == "data.path"


def test_binary_formats_are_known(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("sheet.xml", "<x/>")
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"text,label\n"))
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.7\n")
    (tmp_path / "a.bin").write_bytes(b"text,label\na\0b,x\n")
    (tmp_path / "late.csv").write_bytes(b"text,label\n" * 200_000 + b"\0")
    words = {"a.zip": "zip", "a.csv.gz": "compressed", "a.pdf": "PDF", "a.bin": "", "late.csv": ""}
    for name, word in words.items():
        found = scan(tmp_path / name)
        assert (found.kind, found.text) == ("binary", "")
        assert word in known_binary(found.head)


def test_a_folder_is_listed_and_named_by_what_is_in_it(tmp_path):
    for name in ("b/2.txt", "a/1.txt", ".hidden", "__MACOSX/x", "a/.DS_Store"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    found = scan(tmp_path)
    assert (found.kind, found.names, found.size) == ("folder", ("a/1.txt", "b/2.txt"), 14)
    assert scan(tmp_path).sha256 == found.sha256
    (tmp_path / "a" / "1.txt").write_text("other and longer")
    assert scan(tmp_path).sha256 != found.sha256


def test_missing_folder_and_cancel(tmp_path):
    with pytest.raises(StudioError) as caught:
        scan(tmp_path / "absent.csv")
    assert caught.value.code == "files.missing"
    with pytest.raises(StudioError) as caught:
        scan(tmp_path)
    assert caught.value.code == "data.empty-folder"
    (tmp_path / "a.csv").write_text("text,label\n")

    def cancel(_size):
        raise Cancelled

    with pytest.raises(Cancelled):
        scan(tmp_path / "a.csv", cancel)


def test_unknown_encoding(tmp_path):
    (tmp_path / "a.csv").write_text("text,label\n")
    with pytest.raises(StudioError) as caught:
        chosen_encoding(scan(tmp_path / "a.csv"), "klingon")
    assert caught.value.code == "data.unknown-encoding"
    assert caught.value.where == "data.encoding"

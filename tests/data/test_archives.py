"""Archives: unpacked once, and refused where they could do harm or are damaged."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest

from tlstudio.core.control import Control
from tlstudio.core.errors import Cancelled, StudioError
from tlstudio.core.paths import cache_folder
from tlstudio.core.progress import silent
from tlstudio.data import archives
from tlstudio.data.archives import is_archive, unpacked
from tlstudio.data.scan import scan

TABLE = b"text,label\n" + b"some words,x\n" * 50


def make_zip(path: Path, members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def make_tar(path: Path, members: dict[str, bytes], mode: str = "w", kind: bytes = tarfile.REGTYPE) -> Path:
    with tarfile.open(path, mode) as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size, info.type, info.linkname = len(content) if kind == tarfile.REGTYPE else 0, kind, "/etc/passwd"
            archive.addfile(info, io.BytesIO(content))
    return path


def open_archive(path: Path, emit=silent, control=None) -> Path:
    found = scan(path)
    assert is_archive(found)
    return unpacked(found, emit, control or Control())


def refused(path: Path) -> StudioError:
    with pytest.raises(StudioError) as caught:
        open_archive(path)
    error = caught.value
    assert str(path) in error.message
    assert error.remedy
    assert error.where == "data.path"
    assert list(cache_folder("unpacked").iterdir()) == []
    return error


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_tar_of_classes(tmp_path, mode):
    path = make_tar(tmp_path / "a.tar", {"top/a/1.txt": b"one", "top/b/2.txt": b"two"}, mode)
    folder = open_archive(path)
    assert folder.name == "top"
    assert sorted(item.relative_to(folder).as_posix() for item in folder.rglob("*.txt")) == ["a/1.txt", "b/2.txt"]
    assert (folder / "b" / "2.txt").read_bytes() == b"two"


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_zip_methods(tmp_path, method):
    inside = open_archive(make_zip(tmp_path / "a.zip", {"x/train.csv": TABLE}, method))
    assert inside.name == "train.csv"
    assert inside.read_bytes() == TABLE


@pytest.mark.parametrize(("module", "ending"), [(gzip, "gz"), (bz2, "bz2"), (lzma, "xz")])
def test_one_compressed_file(tmp_path, module, ending):
    path = tmp_path / f"train.csv.{ending}"
    path.write_bytes(module.compress(TABLE))
    assert open_archive(path).name == "train.csv"
    other = tmp_path / "no-ending"
    other.write_bytes(module.compress(TABLE + b"more,x\n"))
    assert open_archive(other).read_bytes() == TABLE + b"more,x\n"


def test_what_systems_leave_is_skipped(tmp_path):
    members = {"train.csv": TABLE, "__MACOSX/._train.csv": b"x", ".DS_Store": b"x", "a/Thumbs.db": b"x", "a/": b""}
    assert open_archive(make_zip(tmp_path / "a.zip", members)).name == "train.csv"


def test_several_files_give_the_folder(tmp_path):
    folder = open_archive(make_zip(tmp_path / "a.zip", {"train.csv": TABLE, "test.csv": TABLE, "in.zip": b"PK\3\4"}))
    assert sorted(item.name for item in folder.iterdir()) == ["in.zip", "test.csv", "train.csv"]
    assert folder.parent == cache_folder("unpacked")


def test_second_time_is_immediate(tmp_path, monkeypatch):
    path = make_zip(tmp_path / "a.zip", {"train.csv": TABLE})
    first = open_archive(path)
    monkeypatch.setattr(archives, "_Unpacking", None)
    assert open_archive(path) == first
    copy = tmp_path / "b.zip"
    copy.write_bytes(path.read_bytes())
    assert open_archive(copy) == first


def test_names_with_backslashes_are_folders(tmp_path):
    folder = open_archive(make_zip(tmp_path / "a.zip", {"a\\1.txt": b"one", "b\\2.txt": b"two"}))
    assert sorted(item.name for item in folder.iterdir()) == ["a", "b"]


UNSAFE = ["../evil.txt", "a/../../evil.txt", "/etc/evil", "\\evil", "C:\\evil.txt", "c:evil", "a/..", "con", "aux.csv",
          "x/NUL.txt", "LPT1", "a\\..\\..\\evil"]  # fmt: skip


@pytest.mark.parametrize("name", UNSAFE)
def test_unsafe_names(tmp_path, name):
    error = refused(make_zip(tmp_path / "a.zip", {"train.csv": TABLE, name: b"x"}))
    assert error.code == "data.unsafe-name"
    assert f"'{name}'" in error.message
    error = refused(make_tar(tmp_path / "a.tar", {"train.csv": TABLE, name: b"x"}))
    assert error.code == "data.unsafe-name"
    assert not (tmp_path / "evil.txt").exists()


def test_names_that_no_system_takes(tmp_path):
    long = make_tar(tmp_path / "a.tar", {"train.csv": TABLE, "é" * 200: b"x"})
    assert refused(long).code == "data.unsafe-name"
    within = make_tar(tmp_path / "b.tar", {"a": TABLE, "a/b": b"x"})
    assert refused(within).code in ("data.unsafe-name", "data.twice-in-archive")


def test_name_with_nul(tmp_path):
    path = make_zip(tmp_path / "a.zip", {"train.csvXexe": TABLE})
    path.write_bytes(path.read_bytes().replace(b"csvXexe", b"csv\0exe"))
    assert refused(path).code == "data.unsafe-name"


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_of_a_tar(tmp_path, kind):
    path = make_tar(tmp_path / "a.tar", {"train.csv": TABLE})
    make_tar(path, {"evil": b""}, "a", kind)
    error = refused(path)
    assert (error.code, error.params["member"]) == ("data.link-in-archive", "evil")


def test_link_of_a_zip(tmp_path):
    info = zipfile.ZipInfo("evil")
    info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(info, "/etc/passwd")
    assert refused(tmp_path / "a.zip").code == "data.link-in-archive"


@pytest.mark.parametrize("name", ["a.zip", "a.tar"])
def test_a_name_twice(tmp_path, name):
    path = tmp_path / name
    if name == "a.zip":
        with zipfile.ZipFile(path, "w") as archive, pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a.csv", TABLE)
            archive.writestr("a.csv", b"other")
    else:
        make_tar(path, {"a.csv": TABLE})
        make_tar(path, {"a.csv": b"other"}, "a")
    error = refused(path)
    assert (error.code, error.params["member"]) == ("data.twice-in-archive", "a.csv")


@pytest.mark.parametrize("kind", ["zip", "gz", "tar.gz"])
def test_bombs(tmp_path, monkeypatch, kind):
    monkeypatch.setattr(archives, "_SMALL", 4 << 20)
    path, zeros = tmp_path / f"a.{kind}", bytes(8 << 20)
    if kind == "zip":
        make_zip(path, {"a.csv": zeros})
    elif kind == "gz":
        path.write_bytes(gzip.compress(zeros))
    else:
        make_tar(path, {"a.csv": zeros}, "w:gz")
    assert refused(path).code == "data.archive-too-large"
    monkeypatch.setattr(archives, "_SMALL", 16 << 20)
    assert open_archive(path).stat().st_size == 8 << 20


def test_many_files_that_overlap(tmp_path, monkeypatch):
    """A bomb without nesting (Fifield 2019): all entries of the directory share the same bytes."""
    monkeypatch.setattr(archives, "_SMALL", 4 << 20)
    path = make_zip(tmp_path / "a.zip", {f"{index:04}": b"" for index in range(20)})
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("kernel", bytes(1 << 20))
        kernel = archive.getinfo("kernel")
        for index in range(20):
            info = archive.getinfo(f"{index:04}")
            info.header_offset, info.compress_size = kernel.header_offset, kernel.compress_size
            info.file_size, info.CRC, info.compress_type = kernel.file_size, kernel.CRC, kernel.compress_type
    assert refused(path).code in ("data.archive-too-large", "data.damaged-archive")


def test_too_many_files(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "_MOST_FILES", 10)
    members = {f"{index}.txt": b"x" for index in range(11)}
    assert refused(make_zip(tmp_path / "a.zip", members)).code == "data.archive-too-many"
    assert refused(make_tar(tmp_path / "a.tar", members)).code == "data.archive-too-many"


@pytest.mark.parametrize("headers", [{}, {"size": str(10**30)}, {"size": "-1"}])
def test_header_of_a_tar_that_claims_too_much(tmp_path, headers):
    path = tmp_path / "a.tar"
    info = tarfile.TarInfo("a")
    if headers:
        info.pax_headers = headers
    else:
        info.size, info.type = (8 << 30) - 1, tarfile.XHDTYPE
    path.write_bytes(info.tobuf() + bytes(2048))
    assert "impossible size" in refused(path).message


def test_password(tmp_path):
    path = make_zip(tmp_path / "a.zip", {"a.csv": TABLE})
    data = bytearray(path.read_bytes())
    data[6] |= 1  # the flag in the local header, and in the directory
    data[data.rindex(b"PK\1\2") + 8] |= 1
    path.write_bytes(data)
    error = refused(path)
    assert (error.code, error.params["member"]) == ("data.encrypted-archive", "a.csv")


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz", "tar.xz", "tar.bz2", "gz", "bz2", "xz"])
@pytest.mark.parametrize("share", [0.4, 0.7, 0.97])
def test_truncated(tmp_path, kind, share):
    path, content = tmp_path / f"a.csv.{kind}", os.urandom(20_000)
    if kind == "zip":
        make_zip(path, {"a.csv": content})
    elif kind.startswith("tar"):
        make_tar(path, {"a.csv": content, "b.csv": content}, f"w:{kind.partition('.')[2]}")
    else:
        path.write_bytes({"gz": gzip, "bz2": bz2, "xz": lzma}[kind].compress(content))
    whole = path.read_bytes()
    cut = int(len(whole) * share) if kind != "tar" else int(41_000 * share)
    path.write_bytes(whole[:cut])
    assert refused(path).code == "data.damaged-archive"


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_flipped_byte_is_noticed(tmp_path, kind):
    path, content = tmp_path / f"a.{kind}", os.urandom(20_000)
    make_zip(path, {"a.csv": content}) if kind == "zip" else make_tar(path, {"a.csv": content}, "w:gz")
    data = bytearray(path.read_bytes())
    data[5_000] ^= 0xFF
    path.write_bytes(data)
    error = refused(path)
    assert error.code == "data.damaged-archive"


def test_damaged_header_in_the_middle_of_a_tar(tmp_path):
    path = make_tar(tmp_path / "a.tar", {"a.csv": TABLE, "b.csv": TABLE})
    data = bytearray(path.read_bytes())
    data[data.index(b"b.csv")] ^= 0xFF
    path.write_bytes(data)
    assert "checksum" in refused(path).message


def test_no_files(tmp_path):
    assert refused(make_zip(tmp_path / "a.zip", {"a/": b"", ".DS_Store": b"x"})).code == "data.empty-archive"


def test_office_documents_are_no_archives(tmp_path):
    from openpyxl import Workbook

    Workbook().save(tmp_path / "a.xlsx")
    make_zip(tmp_path / "a.ods", {"mimetype": b"application/vnd.oasis.opendocument.spreadsheet"}, zipfile.ZIP_STORED)
    (tmp_path / "a.csv").write_bytes(TABLE)
    for name in ("a.xlsx", "a.ods", "a.csv"):
        assert not is_archive(scan(tmp_path / name))
    assert not is_archive(scan(tmp_path))


def test_progress_and_cancel(tmp_path):
    path = make_zip(tmp_path / "a.zip", {f"{index}.bin": os.urandom(300_000) for index in range(10)})
    heard: list = []
    control = Control()
    control.cancel()
    with pytest.raises(Cancelled):
        open_archive(path, heard.append, control)
    assert list(cache_folder("unpacked").iterdir()) == []
    open_archive(path, heard.append)
    assert (heard[-1].stage, heard[-1].unit) == ("prepare", "bytes")
    assert heard[-1].done == heard[-1].total == path.stat().st_size

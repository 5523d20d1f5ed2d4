"""Files that are complete or absent, and errors of the system in plain words."""

from __future__ import annotations

import errno
import hashlib
import os
import stat

import pytest

from tlstudio.core import files
from tlstudio.core.errors import Cancelled, StudioError


def parts(folder):
    return [path.name for path in folder.rglob("*") if ".part" in path.name]


def test_atomic_write_replaces_and_is_readable(tmp_path):
    path = tmp_path / "deep" / "a.txt"
    files.write_text(path, "one")
    files.write_text(path, "zwei ü\n")
    assert path.read_bytes() == "zwei ü\n".encode()
    assert stat.S_IMODE(path.stat().st_mode) & 0o044 == 0o044  # others may read it
    assert parts(tmp_path) == []


@pytest.mark.parametrize("error", [ValueError("x"), KeyboardInterrupt(), OSError(errno.ENOSPC, "full")])
def test_failed_write_keeps_the_old_file(tmp_path, error):
    path = tmp_path / "a.txt"
    files.write_text(path, "old")
    with pytest.raises((ValueError, KeyboardInterrupt, StudioError)), files.atomic_write(path) as stream:
        stream.write("half")
        raise error
    assert path.read_text() == "old"
    assert parts(tmp_path) == []


def test_atomic_folder(tmp_path):
    target = tmp_path / "model"
    for content in ("one", "two"):
        with files.atomic_folder(target) as part:
            (part / f"{content}.txt").write_text(content)
            assert part.parent == tmp_path
    assert [path.name for path in target.iterdir()] == ["two.txt"]
    assert stat.S_IMODE(target.stat().st_mode) == 0o755
    with pytest.raises(Cancelled), files.atomic_folder(target) as part:
        (part / "three.txt").write_text("3")
        raise Cancelled
    assert [path.name for path in target.iterdir()] == ["two.txt"]
    assert parts(tmp_path) == []


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.ENOSPC, "files.disk-full"),
        (errno.EDQUOT, "files.disk-full"),
        (errno.EACCES, "files.no-permission"),
        (errno.EROFS, "files.no-permission"),
        (errno.ENOENT, "files.missing"),
        (errno.EIO, "files.io"),
    ],
)
def test_os_errors_have_code_place_and_remedy(number, code):
    error = files.os_error(OSError(number, os.strerror(number)), "/some/file")
    assert error.code == code
    assert error.where == "/some/file"
    assert "/some/file" in error.message
    assert error.remedy


def test_json(tmp_path):
    path = tmp_path / "a.json"
    files.write_json(path, {"x": "ü", "y": [1]})
    assert files.read_json(path) == {"x": "ü", "y": [1]}
    path.write_text('{"x": 1,\n oops}')
    with pytest.raises(StudioError) as caught:
        files.read_json(path)
    assert caught.value.code == "files.not-json"
    assert caught.value.params["line"] == 2
    with pytest.raises(StudioError) as caught:
        files.read_json(tmp_path / "absent.json")
    assert caught.value.code == "files.missing"


def test_sha256_and_cancel(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(b"x" * (3 << 20))
    assert files.sha256(path) == hashlib.sha256(b"x" * (3 << 20)).hexdigest()

    def cancel():
        raise Cancelled

    with pytest.raises(Cancelled):
        files.sha256(path, cancel)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("all-MiniLM-L6-v2", "all-MiniLM-L6-v2"),
        ("../../etc/passwd", "etc-passwd"),
        ("", "unnamed"),
        ("...", "unnamed"),
        ("con", "con-"),
        ("LPT1.txt", "LPT1.txt-"),
        ("a:b*c?", "a-b-c"),
        ("naïve 名前", "naïve 名前"),
    ],
)
def test_safe_name(text, name):
    assert files.safe_name(text) == name


def test_safe_name_is_short_and_no_path():
    name = files.safe_name("x/" * 100)
    assert len(name) <= 60
    assert "/" not in name


def test_size_of(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b").write_bytes(b"123")
    (tmp_path / "c").write_bytes(b"4567")
    assert files.size_of(tmp_path) == 7
    assert files.size_of(tmp_path / "c") == 4
    assert files.size_of(tmp_path / "absent") == 0


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("postgresql://me:secret@host/db", "postgresql://me:***@host/db"),
        ("postgresql://me:$SECRET@host/db", "postgresql://me:$SECRET@host/db"),
        ("sqlite:///a.db", "sqlite:///a.db"),
        ("hub:org/name@main#x/train", "hub:org/name@main#x/train"),
    ],
)
def test_a_password_is_never_shown(place, expected):
    assert files.shown(place) == expected

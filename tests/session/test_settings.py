"""Settings: remembered, and never in the way of the start."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tlstudio.core import files, paths
from tlstudio.session import settings
from tlstudio.session.settings import Settings


def test_saved_and_loaded(tmp_path):
    wanted = Settings(colour_scheme="dark", language="zh_CN", runs_folder=str(tmp_path)).with_recent(tmp_path / "a")
    assert settings.save(wanted) is None
    assert settings.load() == (wanted, None)


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"colour_scheme": "pink"}', "\x00\x01"])
def test_broken_file_is_set_aside_with_a_note(text):
    settings.file().parent.mkdir(parents=True)
    settings.file().write_text(text, encoding="utf-8")
    loaded, note = settings.load()
    assert loaded == Settings()
    assert note is not None
    assert note.code == "settings.broken"
    assert Path(note.params["path"]).read_text(encoding="utf-8") == text
    assert not settings.file().exists()


def test_unknown_fields_of_a_newer_version_are_ignored():
    settings.file().parent.mkdir(parents=True)
    settings.file().write_text('{"language": "en", "hologram": true}', encoding="utf-8")
    assert settings.load() == (Settings(language="en"), None)


def test_a_disk_that_cannot_be_written_is_reported_and_not_raised(monkeypatch):
    def refuse(*_args):
        raise files.os_error(PermissionError(13, "denied"), "x")

    monkeypatch.setattr(settings, "write_json", refuse)
    error = settings.save(Settings())
    assert error is not None
    assert error.code == "files.no-permission"


def test_recent_files_newest_first_without_doubles_and_gone_ones(tmp_path):
    result = Settings()
    for name in ("a", "b", "a", "gone"):
        result = result.with_recent(tmp_path / name)
    for name in ("a", "b"):
        (tmp_path / name).touch()
    assert result.recent_files == [tmp_path / "a", tmp_path / "b"]
    for number in range(20):
        result = result.with_recent(tmp_path / str(number))
    assert len(result.recent) == 10


def test_runs_path():
    assert Settings().runs_path == paths.runs_folder()
    assert Settings(runs_folder="~/runs").runs_path == Path.home() / "runs"


def test_what_the_workers_must_know(monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "https://outside.example.org")
    monkeypatch.delenv("HTTPS_PROXY", raising=False)
    given = Settings(hub_endpoint="https://mirror.example.org/", proxy="http://proxy:3128", log_values=True)
    assert settings.apply(given)
    assert not settings.apply(given)
    assert os.environ["HF_ENDPOINT"] == "https://mirror.example.org"
    assert os.environ["HTTPS_PROXY"] == os.environ["HTTP_PROXY"] == "http://proxy:3128"
    assert settings.apply(Settings())
    assert os.environ["HF_ENDPOINT"] == "https://outside.example.org"  # as it was
    assert "HTTPS_PROXY" not in os.environ
    assert not settings.apply(Settings())


@pytest.mark.parametrize(
    ("text", "code"),
    [("", ""), ("https://mirror.example.org", ""), ("http://10.0.0.1:3128", ""), ("mirror", "settings.bad-address"),
     ("file:///etc/passwd", "settings.bad-address"), ("https://a b", "settings.bad-address"),
     ("http://me:secret@proxy:3128", "settings.password")],
)  # fmt: skip
def test_addresses(text, code):
    problem = settings.address_problem("proxy", text)
    assert (problem.code if problem else "") == code
    assert problem is None or "secret" not in str(problem)

"""Log files rotate, and hold neither data nor secrets."""

from __future__ import annotations

import logging

import pytest

from tlstudio.core import logs
from tlstudio.core.errors import StudioError

CANARY = "Frau Meier, Konto 12345"


@pytest.fixture
def written():
    """Begins a log; gives what was written to it."""
    handler = logs.begin("test")
    yield lambda: logs.file("test").read_text(encoding="utf-8")
    logs.end(handler)


def _fail() -> None:
    try:
        float(CANARY)
    except ValueError as error:
        raise StudioError("data.bad", "{value} is no number.", value=CANARY) from error


def test_exceptions_are_written_without_what_they_say(written):
    try:
        _fail()
    except StudioError:
        logging.getLogger("tlstudio.somewhere").exception("an error")
    text = written()
    assert CANARY not in text
    assert all(part in text for part in ("an error", "ValueError", "StudioError data.bad", "_fail", "test_logs.py"))


def test_the_user_may_ask_for_the_values(written, monkeypatch):
    monkeypatch.setenv(logs.VALUES, "1")
    try:
        _fail()
    except StudioError:
        logging.getLogger("tlstudio").exception("an error")
    assert CANARY in written()


def test_tokens_are_taken_out(written):
    logging.getLogger("tlstudio").warning("sent %s", "hf_abcdefghijklmnop")
    assert "hf_***" in written()
    assert "abcdefgh" not in written()


def test_another_handler_does_not_leave_its_text(written):
    logger, other = logging.getLogger("tlstudio"), logging.StreamHandler(open("/dev/null", "w"))  # noqa: SIM115
    logger.handlers.insert(0, other)
    try:
        try:
            _fail()
        except StudioError:
            logger.exception("an error")
    finally:
        logger.removeHandler(other)
        other.stream.close()
    assert CANARY not in written()


def test_files_rotate(monkeypatch):
    monkeypatch.setattr(logs, "_BYTES", 500)
    handler = logs.begin("test")
    for number in range(100):
        logging.getLogger("tlstudio").info("line %d of many", number)
    logs.end(handler)
    files = sorted(path.name for path in logs.folder().iterdir())
    assert files == ["test.log", "test.log.1", "test.log.2"]
    assert all(path.stat().st_size <= 500 for path in logs.folder().iterdir())


def test_a_folder_that_cannot_be_made(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("TLSTUDIO_HOME", str(tmp_path / "file"))
    assert logs.begin("test") is None
    logs.end(None)

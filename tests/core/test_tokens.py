"""The token lies in the keyring of the system and nowhere else."""

from __future__ import annotations

import sys
import types

import pytest

from tlstudio.core import tokens
from tlstudio.core.errors import StudioError

TOKEN = "hf_abcdefghijklmnop"


class Keyring(types.ModuleType):
    """As much of the package as is used."""

    def __init__(self) -> None:
        super().__init__("keyring")
        self.kept: dict[tuple[str, str], str] = {}
        self.locked = False
        self.backend: object = self

    def get_keyring(self):
        return self.backend

    def get_password(self, service, user):
        if self.locked:
            raise RuntimeError(f"locked, and {TOKEN} must not be told")
        return self.kept.get((service, user))

    def set_password(self, service, user, value):
        if self.locked:
            raise RuntimeError(f"locked, and {value} must not be told")
        self.kept[service, user] = value

    def delete_password(self, service, user):
        del self.kept[service, user]


@pytest.fixture
def keyring(monkeypatch):
    found = Keyring()
    monkeypatch.setitem(sys.modules, "keyring", found)
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.delenv("HF_ENDPOINT", raising=False)
    monkeypatch.setattr("huggingface_hub.get_token", lambda: None)
    return found


def test_kept_found_and_forgotten(keyring, home):
    assert tokens.place() == ""
    tokens.keep(f" {TOKEN}\n")
    assert (tokens.find(), tokens.place()) == (TOKEN, "keyring")
    assert not [path for path in home.rglob("*") if path.is_file() and TOKEN in path.read_text(errors="replace")]
    assert tokens.forget()
    assert not tokens.forget()
    assert tokens.find() == ""


@pytest.mark.parametrize("chained", [False, True])
def test_a_backend_that_writes_files_is_refused(keyring, chained):
    plain = type("PlaintextKeyring", (), {"__module__": "keyrings.alt.file"})()
    keyring.backend = types.SimpleNamespace(backends=[plain, object()]) if chained else plain
    with pytest.raises(StudioError) as caught:
        tokens.keep(TOKEN)
    assert caught.value.code == "token.no-keyring"
    assert keyring.kept == {}


def test_a_mirror_does_not_get_the_token_of_the_hub(keyring, monkeypatch):
    tokens.keep(TOKEN)
    monkeypatch.setenv("HF_ENDPOINT", "https://mirror.example.org")
    assert tokens.find() == ""
    tokens.keep("another-one")
    monkeypatch.delenv("HF_ENDPOINT")
    assert tokens.find() == TOKEN


def test_the_variable_comes_after_the_keyring(keyring, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "of-the-session")
    assert (tokens.find(), tokens.place()) == ("of-the-session", "environment")
    tokens.keep(TOKEN)
    assert tokens.find() == TOKEN


@pytest.mark.parametrize("text", ["", "two words", "short", "x" * 501, "tökenwith"])
def test_what_is_no_token(keyring, text):
    with pytest.raises(StudioError) as caught:
        tokens.keep(text)
    assert caught.value.code == "token.bad"
    assert keyring.kept == {}


def test_a_locked_keyring_is_told_without_the_token(keyring):
    keyring.locked = True
    for act in (lambda: tokens.keep(TOKEN), tokens.forget):
        with pytest.raises(StudioError) as caught:
            act()
        assert caught.value.code == "token.no-keyring"
        assert TOKEN not in str(caught.value)
    assert tokens.find() == ""


def test_without_the_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(StudioError) as caught:
        tokens.keep(TOKEN)
    assert "tlstudio[keyring]" in caught.value.remedy

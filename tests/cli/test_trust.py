"""convert, network, login, logout, diagnostics."""

from __future__ import annotations

import io
import json
import sys
import zipfile

import pytest

from tests.core.test_tokens import TOKEN, Keyring
from tlstudio.core import ledger


def test_network(tlstudio):
    assert "no request" in tlstudio("network").out
    ledger.note(ledger.Request("model", "org/name", "huggingface.co", "GET /org/name", "200", 91_000_000))
    assert "huggingface.co" in tlstudio("network").out
    [found] = tlstudio("network", "--json").json
    assert (found["purpose"], found["bytes"]) == ("model", 91_000_000)


def test_login_and_logout(tlstudio, monkeypatch):
    kept = Keyring()
    monkeypatch.setitem(sys.modules, "keyring", kept)
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{TOKEN}\n"))
    said = tlstudio("login")
    assert said.code == 0
    assert list(kept.kept.values()) == [TOKEN]
    assert TOKEN not in said.out + said.err
    assert "removed" in tlstudio("logout").out
    assert kept.kept == {}
    monkeypatch.setattr(sys, "stdin", io.StringIO("no token\n"))
    assert tlstudio("login").code == 1


def test_diagnostics_asks_first(tlstudio, tmp_path, monkeypatch):
    target = tmp_path / "d.zip"
    monkeypatch.setattr("typer.confirm", lambda *_given, **_options: False)
    said = tlstudio("diagnostics", target)
    assert said.code == 130
    assert "versions.json" in said.out
    assert not target.exists()
    said = tlstudio("diagnostics", target, "--show", "--yes")
    assert said.code == 0
    with zipfile.ZipFile(target) as archive:
        assert json.loads(archive.read("versions.json"))["versions"]["python"] in said.out
    assert tlstudio("diagnostics", target, "--yes").code == 2


def test_convert(tlstudio, tiny_model, tmp_path):
    torch = pytest.importorskip("torch")
    from safetensors.torch import load_file

    folder = tmp_path / "old"
    folder.mkdir()
    for path in tiny_model.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    tensors = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    torch.save({**tensors, "tied": tensors["embeddings.word_embeddings.weight"]}, folder / "pytorch_model.bin")
    said = tlstudio("inspect", folder)
    assert "tlstudio convert" in said.error
    assert tlstudio("convert", folder).code == 0
    made = load_file(folder / "model.safetensors")
    assert all(torch.equal(made[name], tensor) for name, tensor in tensors.items())
    assert sorted(path.name for path in folder.iterdir() if path.name.startswith(".")) == []
    assert tlstudio("inspect", folder).code == 0
    assert "exists already" in tlstudio("convert", folder).error
    (folder / "model.safetensors").unlink()
    assert tlstudio("convert", folder, "--output", tmp_path / "new").code == 0
    assert tlstudio("inspect", tmp_path / "new").code == 0
    assert not (folder / "model.safetensors").exists()

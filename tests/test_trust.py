"""What holds for the whole program: no code of others is loaded, no connection is made, no data gets into a log."""

from __future__ import annotations

import ast
import json
import re
import socket
from pathlib import Path

import pytest

import tlstudio
from tests import tiny
from tests.conftest import ticket_rows
from tlstudio import pipeline
from tlstudio.core import logs
from tlstudio.core.control import Control
from tlstudio.core.progress import silent
from tlstudio.session.runners import WorkerRunner

_SOURCES = sorted(Path(tlstudio.__file__).parent.rglob("*.py"))
_CALLS = {"from_pretrained"}
_OURS = ("GenerationConfig", "PeftConfig")  # read JSON alone
CANARY = "zebrafish"


def _calls():
    for path in _SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                yield path, node, node.func


def test_no_model_is_loaded_with_its_code():
    """Each says so itself, or passes on options that do."""
    loose = []
    for path, node, function in _calls():
        if function.attr not in _CALLS or getattr(function.value, "attr", getattr(function.value, "id", "")) in _OURS:
            continue
        stated = {word.arg: word.value for word in node.keywords}
        if None not in stated and not (
            isinstance(stated.get("trust_remote_code"), ast.Constant) and stated["trust_remote_code"].value is False
        ):
            loose.append(f"{path.name}:{node.lineno}")
    assert loose == []


def test_nothing_is_unpickled():
    """torch.load with weights_only, numpy without pickle, no pickle, no YAML but the safe one, no eval."""
    loose = []
    for path, node, function in _calls():
        name = f"{getattr(function.value, 'id', '')}.{function.attr}"
        stated = {word.arg: getattr(word.value, "value", None) for word in node.keywords}
        wrong = name in ("pickle.load", "pickle.loads", "joblib.load", "pandas.read_pickle", "yaml.unsafe_load",
                         "yaml.full_load", "shelve.open", "marshal.loads")  # fmt: skip
        wrong |= name == "torch.load" and stated.get("weights_only") is not True
        wrong |= name == "np.load" and stated.get("allow_pickle") is not False
        wrong |= name == "yaml.load" and path.name != "plain_yaml.py"
        if wrong:
            loose.append(f"{path.name}:{node.lineno} {name}")
    assert loose == []
    text = "".join(path.read_text(encoding="utf-8") for path in _SOURCES)
    assert "import pickle" not in text
    assert "trust_remote_code=True" not in text
    assert not re.search(r"\bload_dataset\(", text)


@pytest.fixture
def connections(monkeypatch):
    """The connections that are tried; none succeeds."""
    tried = []
    real = socket.socket.connect

    def refuse(line, address):
        if line is not None and line.family == socket.AF_UNIX:  # between processes of this machine, by a file
            return real(line, address)
        tried.append(address)
        raise OSError("no connections in this test")

    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *given, **_options: refuse(None, given))
    return tried


def test_a_run_connects_to_nobody(tmp_path, tiny_model, tickets, connections):
    recipe = tiny.recipe(tiny_model, tickets, export=[{"name": "safetensors"}])
    ended = pipeline.run(recipe, tmp_path / "run", silent, Control())
    assert ended.outcome == "completed"
    assert connections == []


def test_no_row_gets_into_a_log(tmp_path, home, tiny_model):
    """A run that fails in the middle of its rows, in a worker of its own, and one that is fine."""
    rows = [(f"{text} {CANARY}", f"{label}{CANARY}") for text, label in ticket_rows(30)]
    good, bad = tiny.write_csv(tmp_path / "good.csv", rows), tmp_path / "bad.csv"
    bad.write_text(f"text,label\n{CANARY},a\n{CANARY},b,c{CANARY}\n" + f'"{CANARY}' * 3)
    recipe = tiny.recipe(tiny_model, bad).to_dict()
    jobs = [("inspect-data", {"data": {"path": str(path)}, "roles": ["text", "label"]}) for path in (good, bad)]
    jobs += [("run", {"recipe": recipe, "folder": str(tmp_path / "run")}),
             ("predict", {"target": str(tiny_model), "rows": [{"text": CANARY}]})]  # fmt: skip
    runner = WorkerRunner()
    said = []
    try:
        for name, args in jobs:
            runner.start(name, args)
            said += list(runner.lines())
    finally:
        runner.close()
    assert CANARY in json.dumps(said)  # the answers hold rows: they are for the window
    assert [path.name for path in logs.folder().iterdir()] == ["worker.log"]
    text = logs.file("worker").read_text(encoding="utf-8")
    assert "ended: failed" in text
    assert CANARY not in text

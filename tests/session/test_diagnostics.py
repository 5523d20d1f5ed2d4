"""The archive for a report: what is shown is what is written, and nothing of the user's is in it."""

from __future__ import annotations

import json
import logging
import zipfile

import pytest

from tests import tiny
from tlstudio.core import ledger, logs, redact
from tlstudio.core.events import Finished, Log
from tlstudio.session import diagnostics
from tlstudio.session.settings import Settings

CANARY = "Frau Meier"


@pytest.fixture
def settings(tmp_path):
    """With a run whose recipe and events are full of what is nobody's business."""
    folder = tmp_path / "runs" / "20260101-000000-x"
    folder.mkdir(parents=True)
    recipe = tiny.recipe(tmp_path / CANARY, tmp_path / f"{CANARY}.csv", export=[{"name": "onnx"}])
    recipe = recipe.changed("data.roles", {"text": CANARY, "label": CANARY})
    (folder / "recipe.yaml").write_text(json.dumps(recipe.to_dict()), encoding="utf-8")
    error = {"code": "data.bad", "message": "{value} is bad", "params": {"value": CANARY}}
    events = [Log(code="data.short", message="{x}", params={"x": CANARY}, level="warning"),
              Finished(outcome="failed", seconds=3.0, error=error)]  # fmt: skip
    lines = [json.dumps(event.to_dict()) for event in events]
    (folder / "events.jsonl").write_text("\n".join([*lines, '{"event": "met', "[1]", ""]), encoding="utf-8")
    return Settings(runs_folder=str(tmp_path / "runs"), recent=(f"/home/{CANARY}.tlstudio",))


def test_what_is_in_it(settings):
    ledger.note(ledger.Request("model", CANARY, "huggingface.co", f"GET /{CANARY}", "200"))
    handler = logs.begin("worker")
    try:
        raise ValueError(CANARY)
    except ValueError:
        logging.getLogger("tlstudio").exception("an error")
    logs.end(handler)
    parts = {part.name: part for part in diagnostics.collect(settings)}
    assert list(parts) == ["versions.json", "settings.json", "network.json", "runs.json", "logs/worker.log"]
    assert CANARY not in "".join(part.text for part in parts.values())
    [run] = json.loads(parts["runs.json"].text)
    assert run["ended"] == {"outcome": "failed", "seconds": 3.0, "error": "data.bad"}
    assert run["messages"] == {"warning data.short": 1}
    assert run["recipe"]["strategy"]["name"] == "linear-probe"
    assert run["recipe"]["export"] == [{"name": "onnx"}]
    assert "huggingface.co" in parts["network.json"].text
    assert json.loads(parts["versions.json"].text)["versions"]["tlstudio"]


def test_names_are_taken_out(settings, monkeypatch, tmp_path):
    monkeypatch.setattr(redact, "_names", lambda: ((str(tmp_path), "~"),))
    handler = logs.begin("window")
    logging.getLogger("tlstudio").warning("in %s/x with hf_abcdefghijkl", tmp_path)
    logs.end(handler)
    text = {part.name: part.text for part in diagnostics.collect(settings)}["logs/window.log"]
    assert "in ~/x with hf_***" in text


def test_what_is_shown_is_what_is_written(settings, tmp_path):
    parts = diagnostics.collect(settings)
    diagnostics.write(parts, tmp_path / "d.zip")
    with zipfile.ZipFile(tmp_path / "d.zip") as archive:
        assert {item: archive.read(item).decode() for item in archive.namelist()} == {
            part.name: part.text for part in parts
        }


def test_without_runs_and_with_damaged_ones(settings, tmp_path):
    assert diagnostics.collect(Settings(runs_folder=str(tmp_path / "none")))
    (tmp_path / "runs" / "20260101-000000-x" / "recipe.yaml").write_text("[" * 5000)
    runs = {part.name: part.text for part in diagnostics.collect(settings)}["runs.json"]
    assert json.loads(runs)[0]["recipe"] == {"unreadable": True}

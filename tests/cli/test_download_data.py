"""``tlstudio download-data`` against a loopback hub: the size is shown and asked about before a byte is fetched."""

from __future__ import annotations

import pytest

from tests.models.hub_server import COMMIT, HubServer, quick_hub
from tlstudio import worker
from tlstudio.core.control import Control
from tlstudio.core.progress import silent
from tlstudio.data.hub import find_snapshot
from tlstudio.data.tables import read_table

NAME = "org/words"


@pytest.fixture
def served(tmp_path, home, monkeypatch):
    folder = tmp_path / "served"
    folder.mkdir()
    (folder / "train.csv").write_text("text,label\n" + "a,x\nb,y\n" * 300)
    (folder / "test.csv").write_text("text,label\na,x\n")
    with quick_hub(home, monkeypatch), HubServer(folder, NAME, ("train.csv",), "datasets") as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        server.card = {"license": "mit", "dataset_info": {"splits": [{"name": "train", "num_examples": 600}]}}
        yield server


def test_it_asks_first(tlstudio, served, monkeypatch):
    asked = []
    monkeypatch.setattr("typer.confirm", lambda question, **_options: asked.append(question))
    said = tlstudio("download-data", NAME)
    assert said.code == 130
    assert asked == ["Download 2.4 kB?"]
    assert "configuration default, licence mit" in said.out
    assert "train: 600 rows, 2.4 kB" in said.out
    assert "test: – rows, 15 B" in said.out
    assert served.body_requests() == []
    assert find_snapshot(NAME) is None


def test_yes_downloads_what_can_be_read_then(tlstudio, served):
    said = tlstudio("download-data", f"hub:{NAME}", "--yes")
    assert said.code == 0
    snapshot = find_snapshot(NAME)
    assert snapshot.revision == COMMIT
    assert str(snapshot.folder) in said.error.replace(" ", "")
    served.seen.clear()
    assert read_table(f"hub:{NAME}", "auto", {}, silent, Control()).rows == 600
    assert served.seen == []


def test_events(tlstudio, served):
    said = tlstudio("download-data", NAME, "-y", "--events", "--revision", "main")
    assert {line["event"] for line in said.lines} == {"log", "progress"}
    assert said.lines[-1]["code"] == "hub.done"


def test_configurations_are_named(tlstudio, served):
    served.card = {"configs": [{"config_name": name, "data_files": f"{name}.csv"} for name in ("train", "test")]}
    said = tlstudio("download-data", NAME, "--yes")
    assert said.code == 1
    assert "train, test" in said.error
    assert tlstudio("download-data", NAME, "--yes", "--configuration", "test").code == 0
    assert set(find_snapshot(NAME).files) == {"test"}
    assert "no configuration 'odd'" in tlstudio("download-data", NAME, "--yes", "--configuration", "odd").error


def test_partial_and_gated_are_said(tlstudio, served, monkeypatch):
    served.files, served.gated = {"words.py": b""}, "auto"
    served.branches["refs/convert/parquet"] = {"en/partial-train/0000.parquet": b"PAR1"}
    monkeypatch.setattr("typer.confirm", lambda *_args, **_options: False)
    said = tlstudio("download-data", NAME)
    assert "only the first part" in said.out
    assert "terms must be accepted" in said.out


def test_refusals(tlstudio, served, monkeypatch):
    assert "no dataset" in tlstudio("download-data", "org/absent", "--yes").error
    assert "hub:org/name" in tlstudio("download-data", "a b", "--yes").error
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    said = tlstudio("download-data", NAME)
    assert said.code == 1
    assert "127.0.0.1:9" in said.error


def test_the_worker_s_jobs(served):
    lines = []
    worker.work({"job": "dataset-info", "id": 1, "args": {"name": NAME}}, lines.append, Control())
    assert (lines[-1]["event"], lines[-1]["data"]["revision"]) == ("reply", COMMIT)
    args = {"name": NAME, "configuration": None, "revision": None}
    worker.work({"job": "download-data", "id": 2, "args": args}, lines.append, Control())
    assert (lines[-1]["event"], lines[-1]["data"]["configuration"]) == ("reply", "default")
    worker.work({"job": "dataset-info", "id": 3, "args": {"name": "a b"}}, lines.append, Control())
    assert lines[-1]["error"]["code"] == "data.bad-hub-name"

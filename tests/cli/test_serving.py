"""``tlstudio bench``, ``serve`` and ``push``."""

from __future__ import annotations

import http.client
import json
import re
import shutil
import signal
import subprocess
import sys
import time

import pytest

from tlstudio.core import hub
from tlstudio.models import publishing


@pytest.fixture(scope="module")
def run_with_export(runs, tmp_path_factory):
    """The run with an export in its own runtime; a copy of its model, which is one as well, takes no time to write."""
    base = tmp_path_factory.mktemp("served")
    shutil.copytree(runs / "20260101-run", base / "20260101-run")
    folder = base / "20260101-run"
    shutil.copytree(folder / "model", folder / "exports/safetensors")
    (folder / "exports/safetensors/README.md").write_text("# Card\n")
    return base


def test_bench_compares_a_run_and_its_export(tlstudio, run_with_export, monkeypatch):
    from tlstudio.pipeline import benching

    monkeypatch.setattr(benching, "_memory", lambda *_given: 12_000_000)
    said = tlstudio("bench", "20260101", "--runs", run_with_export, "--batch", 1, "--batch", 3, "--threads", 1,
                    "--json")  # fmt: skip
    assert said.code == 0, said.err
    first, second = said.json["targets"]
    assert first["name"] == "20260101-run: trained"
    assert second["name"] == "20260101-run: safetensors"
    assert said.json["threads"] == 1
    assert said.json["rows"] == "test rows"
    assert first["speed"] == {"1": 1.0, "3": 1.0}
    assert second["speed"]["3"] == pytest.approx(
        first["latency"]["3"]["median_ms"] / second["latency"]["3"]["median_ms"]
    )
    assert first["latency"]["1"]["p95_ms"] >= first["latency"]["1"]["median_ms"] > 0
    assert first["bytes"] == (run_with_export / "20260101-run/model/model.safetensors").stat().st_size
    assert said.json["machine"]["processor"]
    shown = tlstudio("bench", run_with_export / "20260101-run/exports/safetensors", "--threads", 1)
    assert "1.00 ×" in shown.out
    assert "12.0 MB" in shown.out


def test_memory_is_that_of_a_fresh_process(run_with_export):
    from tlstudio.core.control import Control
    from tlstudio.pipeline import benching, footprint

    [target] = benching.targets_of(run_with_export / "20260101-run/exports/safetensors")
    held = bytearray(b"x") * 600_000_000  # by this process, from which the other one has nothing
    assert 50_000_000 < benching._memory(target, 1, Control()) < footprint.peak() - len(held) // 2


def test_bench_without_a_model(tlstudio, tmp_path):
    said = tlstudio("bench", tmp_path)
    assert said.code == 1
    assert "no trained model" in said.error


def test_serve_answers_until_ctrl_c(run_with_export):
    command = [sys.executable, "-m", "tlstudio", "serve", str(run_with_export / "20260101-run"), "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        port = int(re.search(r"127\.0\.0\.1:(\d+)/", process.stdout.readline())[1])
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request("POST", "/predict", json.dumps({"text": "my parcel is late"}),
                           {"Content-Type": "application/json"})  # fmt: skip
        reply = connection.getresponse()
        found = json.loads(reply.read())["answer"]
        connection.close()
        assert reply.status == 200
        assert found["kind"] == "label"
        assert sum(found["probabilities"].values()) == pytest.approx(1, abs=1e-3)
    finally:
        begin = time.monotonic()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert time.monotonic() - begin < 5
    assert process.returncode == 0
    assert "Ended." in out
    assert "Traceback" not in err
    assert "Warning" not in err


def test_serve_says_where_the_port_is_taken_and_warns_where_it_is_open(tlstudio, run_with_export, monkeypatch):
    import socket

    from tlstudio.core import serving

    with socket.create_server(("127.0.0.1", 0)) as other:
        said = tlstudio("serve", run_with_export / "20260101-run", "--port", other.getsockname()[1])
    assert said.code == 1
    assert "--port" in said.error
    heard = []
    monkeypatch.setattr(serving, "run", lambda server, say: (heard.append(server.loopback), server.server_close()))
    said = tlstudio("serve", run_with_export / "20260101-run", "--port", 0, "--host", "0.0.0.0")
    assert "can be reached from other machines" in said.error
    assert heard == [False]


class _Hub:
    """Notes what it is asked, and refuses where it is told to."""

    def __init__(self) -> None:
        self.asked, self.refusal = [], None

    def create_repo(self, repo, **given):
        self.asked.append(("create", repo, given))
        if self.refusal:
            raise self.refusal

    def upload_folder(self, **given):
        self.asked.append(("upload", given["repo_id"], given))


@pytest.fixture
def fake_hub(monkeypatch):
    found = _Hub()
    monkeypatch.setattr(hub, "api", lambda: found)
    monkeypatch.setattr(publishing, "_of_keyring", lambda: "")
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    return found


def test_push_asks_and_sends_what_it_has_shown(tlstudio, run_with_export, fake_hub, monkeypatch):
    folder = run_with_export / "20260101-run/exports/safetensors"
    monkeypatch.setattr("typer.confirm", lambda *_given, **_options: False)
    said = tlstudio("push", folder, "--repo", "org/name")
    assert said.code == 130
    assert fake_hub.asked == []
    said = tlstudio("push", folder, "--repo", "org/name", "--private", "--yes")
    assert said.code == 0, said.err
    (_create, repo, made), (_upload, _repo, sent) = fake_hub.asked
    assert (repo, made["private"], made["exist_ok"]) == ("org/name", True, True)
    assert set(sent["allow_patterns"]) == {path.name for path in folder.iterdir()}
    assert all(name in said.out for name in sent["allow_patterns"])
    assert sent["token"] == "hf_secret"
    assert "hf_secret" not in said.out + said.err


def test_push_does_not_tell_the_token_when_it_fails(tlstudio, run_with_export, fake_hub):
    fake_hub.refusal = OSError("401: hf_secret may not write here")
    said = tlstudio("push", run_with_export / "20260101-run/exports/safetensors", "--repo", "org/name", "--yes")
    assert said.code == 1
    assert "may not write here" in said.error
    assert "hf_secret" not in said.out + said.err


def test_push_refuses(tlstudio, run_with_export, fake_hub, monkeypatch, tmp_path):
    folder = run_with_export / "20260101-run/exports/safetensors"
    assert "model card" in tlstudio("push", tmp_path, "--repo", "org/name", "--yes").error
    assert "cannot be written" in tlstudio("push", folder, "--repo", "no/such/name", "--yes").error
    monkeypatch.delenv("HF_TOKEN")
    monkeypatch.setattr("huggingface_hub.get_token", lambda: None)
    assert "no token" in tlstudio("push", folder, "--repo", "org/name", "--yes").error
    (tmp_path / "README.md").write_text("x")
    (tmp_path / "link").symlink_to(folder / "config.json")
    assert "is a link" in tlstudio("push", tmp_path, "--repo", "org/name", "--yes").error
    assert fake_hub.asked == []

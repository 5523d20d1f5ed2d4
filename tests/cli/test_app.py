"""The commands: help, exit codes, JSON, and runs from a recipe to its deletion."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest
import yaml

from tlstudio import __version__
from tlstudio.cli import app as commands
from tlstudio.core.errors import Cancelled

COMMANDS = ["gui", "demo", "run", "export", "compress", "predict", "inspect", "models", "download", "download-data",
            "init", "options", "doctor", "storage"]  # fmt: skip


@pytest.mark.parametrize("command", [[], *([name] for name in COMMANDS), ["runs"], ["runs", "list"], ["runs", "show"],
                                     ["runs", "delete"], ["runs", "restore"], ["runs", "trash"], ["runs", "tag"],
                                     ["runs", "note"], ["runs", "star"], ["runs", "compare"], ["runs", "lineage"],
                                     ["runs", "export"], ["runs", "import"], ["runs", "clean"], ["runs", "track"]],
                         ids=" ".join)  # fmt: skip
def test_help(tlstudio, command):
    for flag in ("--help", "-h"):
        said = tlstudio(*command, flag)
        assert said.code == 0
        assert "Usage:" in said.out
    assert len(said.out) > 200


def test_help_lists_every_command(tlstudio):
    said = tlstudio("--help")
    assert all(f" {name} " in said.out for name in [*COMMANDS, "runs"])


def test_version(tlstudio):
    assert tlstudio("--version").out.strip() == __version__


@pytest.mark.parametrize("arguments", [["nope"], ["run"], ["run", "--epochs", "3"], ["runs", "nope"], ["predict"]])
def test_wrong_usage_is_2(tlstudio, arguments):
    said = tlstudio(*arguments)
    assert said.code == 2
    assert "Usage:" in said.out + said.err


def test_help_needs_no_torch():
    code = (
        "import sys; from tlstudio.cli import main; assert main(['run', '--help']) == 0; "
        "assert not {'torch', 'transformers', 'datasets', 'PySide6'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, timeout=60)


def test_completion(tlstudio, monkeypatch):
    monkeypatch.setattr("typer.completion._get_shell_name", lambda: "bash", raising=False)
    said = tlstudio("--show-completion")
    assert said.code in (0, 1)  # 1 where the shell is unknown


# --- run


def test_run_show_list_delete(tlstudio, recipe_file, tmp_path):
    base = tmp_path / "runs"
    said = tlstudio("run", recipe_file, "--runs", base)
    assert said.code == 0
    assert "Results on 12 test texts" in said.out
    assert "baseline" in said.out
    assert "report.html" in said.out
    (entry,) = tlstudio("runs", "list", "--runs", base, "--json").json
    assert entry["outcome"] == "completed"
    assert entry["strategy"] == "Linear probe"
    assert entry["id"] in tlstudio("runs", "list", "--runs", base).out.replace("\n", "")
    assert tlstudio("runs", "show", entry["id"][:8], "--runs", base, "--json").json["run"] == entry["id"]
    assert "Results on 12" in tlstudio("runs", "show", entry["id"], "--runs", base).out
    said = tlstudio("runs", "delete", entry["id"], "--yes", "--runs", base)
    assert (said.code, tlstudio("runs", "list", "--runs", base, "--json").json) == (0, [])


def test_events_are_json_lines(tlstudio, recipe_file, tmp_path):
    said = tlstudio("run", recipe_file, "--runs", tmp_path / "runs", "--events")
    assert said.code == 0
    assert said.lines[0]["event"] == "run-started"
    assert (said.lines[-1]["event"], said.lines[-1]["outcome"]) == ("finished", "completed")
    said = tlstudio("run", recipe_file, "--runs", tmp_path / "runs", "--events", "--set", "data.roles.text=gone")
    assert said.code == 1
    assert said.lines[-1]["error"]["code"] == "data.no-column"


def test_deletion_is_asked_for(tlstudio, runs, monkeypatch):
    for answer in (False, True):
        monkeypatch.setattr("typer.confirm", lambda _question, answer=answer: answer)
        copied = shutil.copytree(runs / "20260101-run", runs / "20260102-copy")
        said = tlstudio("runs", "delete", "20260102", "--runs", runs)
        assert said.code == (0 if answer else 130)
        assert copied.exists() is not answer
        shutil.rmtree(copied, ignore_errors=True)


@pytest.mark.parametrize("command", [["show"], ["delete", "--yes"]])
def test_unknown_run(tlstudio, runs, command):
    said = tlstudio("runs", *command, "nope", "--runs", runs)
    assert said.code == 1
    assert "no run 'nope'" in said.error
    assert "→" in said.err


def test_no_runs_yet(tlstudio, tmp_path):
    assert tlstudio("runs", "list", "--json").json == []
    assert tlstudio("runs", "list", "--runs", tmp_path / "absent").code == 0


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("training.epochs", "FIELD=VALUE"),
        ("=3", "FIELD=VALUE"),
        ("training.epoch=3", "training.epoch: there is no such field"),
        ("training.epochs=0", "training.epochs"),
        ("training.epochs=many", "training.epochs"),
        ("export.9=onnx", "export.9: there is no such field"),
        ("model.name.x=1", "there is no such field"),
        ("strategy=magic", "strategy"),
        ("strategy.name=magic", "there is no 'magic'"),
        ("data.delimter=;", "delimter"),
        ("export=[pdf]", "there is no 'pdf'"),
        ("data.path=[", "does not exist"),
    ],
)
def test_bad_overrides(tlstudio, recipe_file, tmp_path, override, words):
    said = tlstudio("run", recipe_file, "--runs", tmp_path / "runs", "--set", override, "--set", "data.source=csv")
    assert said.code == (1 if override == "data.path=[" else 2)
    assert words in said.error
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("content", "code"), [("a: [", 2), ("modle: {}", 2), ("schema: 9", 2), ("model: {name: org/absent}", 1)]
)
def test_bad_recipes(tlstudio, tmp_path, content, code):
    (tmp_path / "r.yaml").write_text(content)
    said = tlstudio("run", tmp_path / "r.yaml")
    assert said.code == code
    assert said.err.startswith("Error:")
    assert tlstudio("run", tmp_path / "absent.yaml").code == 1


def test_demo_takes_a_strategy_and_overrides(tlstudio, monkeypatch, tmp_path):
    seen = []
    monkeypatch.setattr(commands, "_execute", lambda recipe, *_rest: seen.append(recipe))
    tlstudio("demo", "--strategy", "linear-probe", "--set", "training.epochs=2", "--runs", tmp_path)
    assert (seen[0].strategy.name, seen[0].training.epochs) == ("linear-probe", 2)
    assert tlstudio("demo", "--strategy", "magic", "--set", "x").code == 2


# --- the other commands


def test_init(tlstudio, tickets, tmp_path):
    target = tmp_path / "new.yaml"
    said = tlstudio("init", tickets, "-o", target)
    assert said.code == 0
    written = yaml.safe_load(target.read_text())
    assert written["data"]["path"] == str(tickets)
    assert written["model"]["name"]
    said = tlstudio("init", tickets, "-o", target)
    assert said.code == 2
    assert "exists already" in said.error
    assert tlstudio("init", tickets, "-o", target, "--force").code == 0
    said = tlstudio("init", tmp_path / "absent.csv", "-o", tmp_path / "x.yaml")
    assert said.code == 1
    assert not (tmp_path / "x.yaml").exists()


def test_doctor(tlstudio):
    report = tlstudio("doctor", "--json").json
    assert {"versions", "devices", "free_memory_bytes", "free_disk_bytes", "folders", "missing", "hints"} <= set(report)
    assert report["versions"]["tlstudio"] == __version__
    said = tlstudio("doctor")
    assert said.code == (1 if report["missing"] else 0)
    assert all(word in said.out for word in ("torch", "memory", "disk", "runs"))


def test_download_refuses_what_is_not_there(tlstudio, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    said = tlstudio("download", "org/absent")
    assert said.code == 1
    assert "127.0.0.1:9" in said.error


def test_exit_codes_of_the_unforeseen(tlstudio, monkeypatch):
    def raising(problem):
        def command(*_args, **_kwargs):
            raise problem

        return command

    for problem, code in [(Cancelled(), 130), (KeyboardInterrupt(), 130), (ZeroDivisionError("x"), 1),
                          (MemoryError(), 1), (BrokenPipeError(), 0)]:  # fmt: skip
        if isinstance(problem, BrokenPipeError):
            monkeypatch.setattr(commands.os, "dup2", lambda *_args: None)
            monkeypatch.setattr(sys.stdout, "fileno", lambda: 1, raising=False)
        monkeypatch.setattr("tlstudio.models.catalog.listing", raising(problem))
        assert tlstudio("models").code == code

"""``tlstudio runs``: find, annotate, compare, share and clean."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.session.test_run_compare import make
from tests.session.test_runs import make_run
from tlstudio.session import trackers

ONE, TWO, THREE = "20261101-100000-a", "20261102-100000-b", "20261103-100000-c"


@pytest.fixture
def base(tmp_path) -> Path:
    for at, name in enumerate((ONE, TWO, THREE)):
        folder = make_run(tmp_path / "runs", name, accuracy=0.8 + at / 20)
        (folder / "recipe.yaml").write_text(f"model: {{name: org/mini}}\ntraining: {{epochs: {at}}}\n")
        (folder / "events.jsonl").write_text("")
        (folder / "checkpoints").mkdir()
        (folder / "checkpoints/w").write_bytes(b"x" * 2000)
    return tmp_path / "runs"


@pytest.fixture
def runs(tlstudio, base):
    def command(*arguments):
        head, *rest = arguments or ("",)
        return tlstudio("runs", *([head] if head else []), *rest, "--runs", base)

    return command


def listed(said) -> list[str]:
    assert said.code == 0, said.err
    return [entry["id"][-1] for entry in said.json]


def test_found_by_words_state_tag_and_star(runs) -> None:
    assert runs("tag", ONE, "paper", "old, seed-7").out.strip() == "#paper #old #seed-7"
    assert runs("tag", ONE, "--remove", "OLD").out.strip() == "#paper #seed-7"
    assert runs("note", TWO, "kept for the talk").code == 0
    assert runs("note", TWO).out.strip() == "kept for the talk"
    assert runs("star", TWO, THREE).code == 0
    assert runs("star", THREE, "--off").code == 0
    assert listed(runs("", "--json")) == ["c", "b", "a"] == listed(runs("list", "--json"))
    assert listed(runs("", "--search", "TALK tickets", "--json")) == ["b"]
    assert listed(runs("", "--tag", "Paper", "--json")) == ["a"]
    assert listed(runs("list", "--star", "--json")) == ["b"]
    assert listed(runs("list", "--state", "failed", "--state", "completed", "--json")) == ["c", "b", "a"]
    assert listed(runs("", "--task", "regression", "--json")) == []
    said = runs("", "--search", "90.0")
    assert "1 runs" in said.out and "#" not in said.out
    assert runs("tag", TWO).out.strip() == "No tags." and runs("note", ONE).out.strip() == "No note."
    assert runs("note", TWO, "").code == 0 and runs("note", TWO).out.strip() == "No note."


def test_options_before_a_command_are_not_passed_over(tlstudio) -> None:
    said = tlstudio("runs", "--star", "list")
    assert said.code == 2 and "tlstudio runs list --help" in said.error


def test_compare(tlstudio, tmp_path) -> None:
    right = np.random.default_rng(0).random(400) < 0.7
    better = right | (np.arange(400) < 60)
    for name, scores, rate in ((ONE, right, 1e-4), (TWO, better, 2e-4), (THREE, right, 1e-4)):
        make(tmp_path, name, scores, rate=rate)
    said = tlstudio("runs", "compare", ONE, TWO, THREE, "--runs", tmp_path)
    assert said.code == 0 and "training.learning_rate" in said.out
    assert "B − A" in said.out and "better" in said.out and "may be chance" in said.out
    found = tlstudio("runs", "compare", ONE, TWO, THREE, "--runs", tmp_path, "--json").json
    assert [item["verdict"] for item in found["differences"]] == ["better", "chance"]
    said = tlstudio("runs", "compare", ONE, "--runs", tmp_path)
    assert said.code == 1 and "two runs" in said.error


def test_lineage(runs, base) -> None:
    assert "No run started from another." in runs("lineage").out
    results = json.loads((base / TWO / "results.json").read_text())
    results["model"]["lineage"] = [{"run": ONE, "task": "t", "backbone": "m"}]
    (base / TWO / "results.json").write_text(json.dumps(results))
    said = runs("lineage")
    assert f"└─ {TWO}" in said.out and ONE in said.out and THREE not in said.out
    assert [(node["run"], node["depth"]) for node in runs("lineage", TWO, "--json").json[0]] == [(ONE, 0), (TWO, 1)]
    assert "from no other" in runs("lineage", THREE).out


def test_delete_and_restore(runs, base) -> None:
    assert runs("delete", ONE, TWO, "--yes").code == 0
    assert listed(runs("", "--json")) == ["c"]
    assert {entry["run"] for entry in runs("trash", "--json").json} == {ONE, TWO}
    assert ONE in runs("trash").out
    assert runs("restore", ONE).code == 0 and listed(runs("", "--json")) == ["c", "a"]
    said = runs("restore", ONE)
    assert said.code == 1 and "tlstudio runs trash" in said.error
    assert "freed" in runs("trash", "--empty", "--yes").out and runs("trash", "--json").json == []
    assert runs("delete", ONE, "--yes", "--for-good").code == 0
    assert runs("trash", "--json").json == [] and not (base / ONE).exists()


def test_clean_says_what_and_asks(runs, base, monkeypatch) -> None:
    (base / THREE / "run.lock").write_text(str(os.getpid()))
    monkeypatch.setattr("typer.confirm", lambda _question: False)
    said = runs("clean")
    assert said.code == 130 and "4.0 kB in 2 parts" in said.out and (base / ONE / "checkpoints/w").is_file()
    said = runs("clean", "--yes")
    assert said.code == 0 and "tlstudio runs trash --empty" in said.out and not (base / ONE / "checkpoints").exists()
    assert (base / THREE / "checkpoints/w").is_file(), "it is going on"
    assert "nothing to clean" in runs("clean").out
    assert runs("restore", ONE).code == 0 and (base / ONE / "checkpoints/w").is_file()
    assert "2.0 kB freed" in runs("clean", ONE, "--for-good", "--yes").out
    assert runs("clean", "--part", "run").code == 2
    said = runs("clean", "--part", "model")
    assert said.code == 1 and "checkpoints, compressed, exports" in said.error


def test_export_and_import(runs, base, tmp_path, tlstudio) -> None:
    (tmp_path / "zips").mkdir()
    said = runs("export", ONE, tmp_path / "zips", "--without", "checkpoints")
    path = tmp_path / "zips" / f"{ONE}.zip"
    assert said.code == 0 and path.is_file()
    assert runs("export", ONE, tmp_path / "zips").code == 2
    said = tlstudio("runs", "import", path, "--runs", tmp_path / "other")
    assert said.code == 0 and ONE in said.error
    assert not (tmp_path / "other" / ONE / "checkpoints").exists()
    shutil.copy(base / ONE / "recipe.yaml", tmp_path / "no.zip")
    assert tlstudio("runs", "import", tmp_path / "no.zip", "--runs", tmp_path / "other").code == 1


def test_track_without_the_extra(runs, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(trackers.importlib.util, "find_spec", lambda _name: None)
    said = runs("track", ONE, "--to", "tensorboard", tmp_path / "board")
    assert said.code == 1 and 'pip install "tlstudio[tensorboard]"' in said.error


def test_show_tells_the_disk(runs, base) -> None:
    runs("star", ONE)
    results = json.loads((base / ONE / "results.json").read_text()) | {"stages": []}
    (base / ONE / "results.json").write_text(json.dumps(results))
    said = runs("show", ONE)
    assert "On the disk:" in said.out and "checkpoints 2.0 kB" in said.out and "★" in said.out

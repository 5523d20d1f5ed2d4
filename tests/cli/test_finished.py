"""What can be done with a finished run: exported and compressed once more."""

from __future__ import annotations

import shutil

import pytest

from tlstudio.cli.finished import choice_of
from tlstudio.core.errors import StudioError
from tlstudio.core.files import read_json


def test_export_of_a_finished_run(tlstudio, runs, tmp_path):
    shutil.copytree(runs / "20260101-run", tmp_path / "20260103-copy")
    said = tlstudio("export", "20260103", "-f", "safetensors", "--runs", tmp_path)
    assert said.code == 0
    assert (tmp_path / "20260103-copy" / "exports" / "safetensors" / "model.safetensors").is_file()
    assert "passed" in said.out
    said = tlstudio("export", "20260103", "-f", "pdf", "--runs", tmp_path)
    assert said.code == 2
    assert "there is no 'pdf'" in said.error


@pytest.mark.parametrize(
    ("text", "name", "options"),
    [
        ("dynamic-int8", "dynamic-int8", {}),
        ("layer-removal keep=3 epochs=0 choose=top", "layer-removal", {"keep": 3, "epochs": 0, "choose": "top"}),
        ("distillation unlabelled='more texts.csv'", "distillation", {"unlabelled": "more texts.csv"}),
    ],
)
def test_a_step_with_its_options(text, name, options):
    choice = choice_of(text)
    assert (choice.name, choice.options) == (name, options)


def test_an_option_without_a_value():
    with pytest.raises(StudioError):
        choice_of("layer-removal keep")


def test_compress_a_finished_run(tlstudio, runs, tmp_path):
    shutil.copytree(runs / "20260101-run", tmp_path / "20260103-copy")
    said = tlstudio("compress", "20260103", "-s", "layer-removal keep=1 epochs=0", "--runs", tmp_path)
    assert said.code == 0, said.error
    stages = read_json(tmp_path / "20260103-copy/results.json")["stages"]
    assert [stage["name"] for stage in stages] == ["trained", "1-layer-removal"]
    assert "PyTorch" in said.out
    said = tlstudio("compress", "20260103", "-s", "squash", "--runs", tmp_path)
    assert said.code == 2
    assert "there is no 'squash'" in said.error
    said = tlstudio("compress", "20260103", "-s", "dynamic-int8", "-s", "layer-removal", "--runs", tmp_path)
    assert said.code == 1
    assert "cannot follow here" in said.error


def test_resume_refuses_what_is_complete_or_going_on(tlstudio, runs, tmp_path):
    import os

    folder = shutil.copytree(runs / "20260101-run", tmp_path / "20260103-copy")
    said = tlstudio("resume", "20260103", "--runs", tmp_path)
    assert said.code == 1
    assert "is complete" in said.error
    (folder / "run.lock").write_text(str(os.getpid()))
    said = tlstudio("resume", "20260103", "--runs", tmp_path)
    assert said.code == 1
    assert "is going on" in said.error

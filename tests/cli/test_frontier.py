"""``tlstudio frontier``."""

from __future__ import annotations

import shutil

import pytest

from tlstudio.pipeline import footprint, measuring

CUT = "layer-removal keep=1 epochs=0"


@pytest.fixture
def base(runs, tmp_path, monkeypatch):
    monkeypatch.setattr(measuring, "REPETITIONS", 2)
    monkeypatch.setattr(footprint, "peak_memory", lambda *_given: 10**8)
    return shutil.copytree(runs, tmp_path / "runs")


def test_explore_and_choose(tlstudio, base):
    where = ("--runs", base)
    said = tlstudio(
        "frontier", "20260101-run", "--chain", CUT, "--chain", "layer-removal keep=9", "--lost", "1", *where
    )
    assert said.code == 0, said.err
    assert "Trained" in said.out
    assert "layers; 9 cannot be kept." in " ".join(said.out.split())
    key = said.out.split("--choose ")[1].split()[0]
    said = tlstudio("frontier", "20260101-run", "--chain", CUT, "--json", *where)
    assert said.json["points"][0]["key"].startswith(key)
    said = tlstudio("frontier", "20260101-run", "--choose", key, *where)
    assert said.code == 0, said.err
    assert "changed (1-layer-removal): " in said.out


def test_what_is_wrong_is_said(tlstudio, base):
    for arguments, word in [
        (("--chain", ";"), "has no steps"),
        (("--chain", "nothing"), "there is no 'nothing'"),
        (("--batch", "3"), "batch"),
        (("--choose", "nothing"), "no measured point 'nothing'"),
    ]:
        said = tlstudio("frontier", "20260101-run", *arguments, "--runs", base)
        assert said.code in (1, 2)
        assert word in said.error

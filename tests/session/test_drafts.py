"""Unsaved changes outlive the process that made them, and only them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tlstudio.core.recipe import Recipe
from tlstudio.session import drafts
from tlstudio.session.drafts import Drafts, left_behind

RECIPE = Recipe().changed("training.epochs", 3)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "unsaved"


def test_a_living_windows_changes_are_its_own(folder):
    mine = Drafts(folder)
    mine.keep(RECIPE, None)
    assert left_behind(folder) == []
    mine.drop()
    assert list(folder.iterdir()) == []


def test_what_is_left_behind_is_found_newest_first(folder, tmp_path, monkeypatch):
    for seconds, epochs in ((5.0, 1), (9.0, 2)):
        monkeypatch.setattr("tlstudio.session.drafts.time.time", lambda seconds=seconds: seconds)
        window = Drafts(folder)
        window.keep(RECIPE, None)
        window.keep(Recipe().changed("training.epochs", epochs), tmp_path / "p.tlstudio")
        window.close()
    newest, oldest = left_behind(folder)
    assert (newest.recipe.training.epochs, oldest.recipe.training.epochs) == (2, 1)
    assert newest.project == tmp_path / "p.tlstudio"
    newest.forget()
    oldest.forget()
    assert list(folder.iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="sends SIGKILL")
def test_a_killed_process_leaves_its_changes(folder):
    code = (
        "import os, sys; from pathlib import Path; from tlstudio.core.recipe import Recipe;"
        "from tlstudio.session.drafts import Drafts; Drafts(Path(sys.argv[1])).keep(Recipe(), None);"
        "os.kill(os.getpid(), 9)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(folder)], check=False).returncode == -9
    [draft] = left_behind(folder)
    assert draft.recipe == Recipe() and draft.project is None
    draft.forget()
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("text", ["{", "[]", '{"project": 3, "recipe": {}, "seconds": 1}', '{"recipe": {"x": 1}}'])
def test_damaged_ones_are_left_alone(folder, text):
    folder.mkdir()
    (folder / "a.json").write_text(text)
    assert left_behind(folder) == []
    assert (folder / "a.json").is_file()


def test_nobody_else_may_look_into_the_folder(folder):
    Drafts(folder).keep(RECIPE, None)
    if os.name != "nt":
        assert folder.stat().st_mode & 0o077 == 0


def test_they_lie_with_the_users_data(tmp_path, monkeypatch):
    monkeypatch.setenv("TLSTUDIO_HOME", str(tmp_path))
    assert drafts.drafts_folder() == tmp_path / "data" / "unsaved"

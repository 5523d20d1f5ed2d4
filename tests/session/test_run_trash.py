"""The trash of runs: deleting can be undone, and a crash in the middle loses nothing."""

from __future__ import annotations

import json
import os

import pytest

from tests.session.test_runs import make_run
from tlstudio.core.errors import StudioError
from tlstudio.session import run_trash
from tlstudio.session.run_trash import FOLDER, Trash
from tlstudio.session.runs import RunIndex

NAME = "20261101-100000-a"


@pytest.fixture
def index(tmp_path) -> RunIndex:
    make_run(tmp_path, NAME)
    (tmp_path / NAME / "checkpoints").mkdir()
    (tmp_path / NAME / "checkpoints/weights").write_bytes(b"w" * 1000)
    return RunIndex(tmp_path)


def code(work) -> str:
    with pytest.raises(StudioError) as caught:
        work()
    assert caught.value.remedy
    return caught.value.code


def test_a_run_comes_back_as_it_was(index, tmp_path) -> None:
    index.list()
    entry = index.discard(NAME)
    assert entry.whole and entry.bytes > 1000
    assert index.list() == [] and not (tmp_path / NAME).exists()
    index.restore(NAME[:10])
    assert (tmp_path / NAME / "checkpoints/weights").read_bytes() == b"w" * 1000
    assert [run.score for run in index.list()] == [0.9] and index.trash.entries() == []


def test_parts_and_runs_come_back_in_order(index, tmp_path) -> None:
    part = index.trash.put(NAME, [f"{NAME}/checkpoints"], 1000)
    assert not part.whole and not (tmp_path / NAME / "checkpoints").exists()
    index.discard(NAME)
    assert code(lambda: index.trash.restore(part)) == "runs.run-in-trash"
    index.restore(NAME)
    assert index.trash.restore(part) == part and (tmp_path / NAME / "checkpoints/weights").is_file()


def test_what_is_in_the_way_is_not_overwritten(index, tmp_path) -> None:
    index.discard(NAME)
    make_run(tmp_path, NAME, accuracy=0.5)
    assert code(lambda: index.restore(NAME)) == "runs.in-the-way"
    assert [run.score for run in index.list()] == [0.5] and len(index.trash.entries()) == 1


def test_emptying_frees_and_forgets(index, tmp_path) -> None:
    entry = index.discard(NAME)
    (tmp_path / FOLDER / "rubbish").mkdir()
    assert index.trash.empty() == entry.bytes
    assert list((tmp_path / FOLDER).iterdir()) == []
    assert code(lambda: index.restore(NAME)) == "runs.not-in-trash"
    assert code(lambda: index.restore("")) == "runs.not-in-trash"


def test_a_crash_between_two_renames_can_be_restored(index, tmp_path, monkeypatch) -> None:
    (tmp_path / NAME / "exports").mkdir()
    real, moves = os.replace, []

    def replace(source, target) -> None:
        if "checkpoints" in str(source) or "exports" in str(source):
            moves.append(source)
            if len(moves) == 2:
                raise KeyboardInterrupt  # as if the process were killed: nothing is undone
        real(source, target)

    monkeypatch.setattr(run_trash.os, "replace", replace)
    with pytest.raises(KeyboardInterrupt):
        index.trash.put(NAME, [f"{NAME}/checkpoints", f"{NAME}/exports"])
    monkeypatch.undo()
    assert not (tmp_path / NAME / "checkpoints").exists()
    index.restore(NAME)
    assert (tmp_path / NAME / "checkpoints/weights").is_file() and (tmp_path / NAME / "exports").is_dir()


def test_what_cannot_be_moved_stays_where_it_is(index, tmp_path) -> None:
    assert code(lambda: index.trash.put(NAME, [f"{NAME}/checkpoints", f"{NAME}/absent"])) == "files.missing"
    assert (tmp_path / NAME / "checkpoints/weights").is_file() and index.trash.entries() == []


@pytest.mark.parametrize("path", ["../outside", "/etc/passwd", "a/../../b", "", "C:x"])
def test_an_entry_that_leads_out_is_not_restored(tmp_path, path) -> None:
    place = tmp_path / FOLDER / "token"
    place.mkdir(parents=True)
    entry = {"token": "token", "run": "r", "paths": [path], "bytes": 0, "time": 0}
    (place / "entry.json").write_text(json.dumps(entry))
    assert Trash(tmp_path).entries() == []


def test_a_run_that_goes_on_stays(index, tmp_path) -> None:
    (tmp_path / NAME / "run.lock").write_text(str(os.getpid()))
    assert code(lambda: index.discard(NAME)) == "runs.running"


def test_a_run_that_lies_elsewhere_has_no_trash(index, tmp_path) -> None:
    other = make_run(tmp_path / "mailed", "b")
    assert code(lambda: index.discard(str(other))) == "runs.elsewhere"

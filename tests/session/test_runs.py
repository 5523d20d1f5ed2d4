"""The run index: built from folders, kept up to date, mended when damaged, and deletion that cannot be half done."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3
import time
from pathlib import Path

import pytest

from tlstudio.core.errors import StudioError
from tlstudio.core.recipe import Recipe
from tlstudio.session import runs
from tlstudio.session.runs import INDEX, RunIndex, is_running, new_folder


def make_run(base: Path, name: str, accuracy: float = 0.9, old: bool = True) -> Path:
    folder = base / name
    folder.mkdir(parents=True)
    results = {
        "created": f"2026-11-{name[6:8]}T10:00:00+00:00",
        "outcome": "completed",
        "task": "text-classification",
        "data": {"path": "/data/tickets.csv"},
        "model": {"name": "org/mini"},
        "training": {"strategy": "linear-probe", "strategy_title": "Linear probe"},
        "test": {"metrics": {"accuracy": {"value": accuracy, "low": 0.8, "high": 0.95}, "macro_f1": {"value": 0.7}}},
        "stages": [{"name": "trained", "bytes": 400}, {"name": "1-dynamic-int8", "bytes": 100}],
        "seconds": {"train": 10.0, "evaluate": 2.5},
    }
    (folder / "results.json").write_text(json.dumps(results))
    if old:
        age(folder)
    return folder


def age(folder: Path, seconds: float = 100) -> None:
    past = time.time() - seconds
    os.utime(folder, (past, past))


def test_new_folders_are_named_and_unique(tmp_path) -> None:
    recipe = Recipe.model_validate({"model": {"name": "sentence-transformers/all-MiniLM-L6-v2"}})
    first, second = new_folder(recipe, tmp_path / "runs"), new_folder(recipe, tmp_path / "runs")
    assert first.is_dir() and second.is_dir() and first != second
    assert first.name[15:].startswith("-all-MiniLM-L6-v2-full-fine-tuning")
    windows = Recipe.model_validate({"model": {"source": "folder", "name": "C:\\models\\my model\\"}})
    assert "-my-model-" in new_folder(windows, tmp_path).name
    again = Recipe.model_validate({"model": {"source": "run", "name": f"/runs/{first.name}"}})
    assert new_folder(again, tmp_path).name[15:].startswith("-all-MiniLM-L6-v2-full"), "one time is enough"


def test_new_folder_explains_a_place_that_cannot_be_written(tmp_path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StudioError):
        new_folder(Recipe(), tmp_path / "file" / "runs")


def test_list_is_newest_first_with_the_numbers(tmp_path) -> None:
    make_run(tmp_path, "20261101-100000-a")
    make_run(tmp_path, "20261103-100000-b", accuracy=0.97)
    (tmp_path / "not a run").mkdir()
    newest, oldest = RunIndex(tmp_path).list()
    assert (newest.id, oldest.id) == ("20261103-100000-b", "20261101-100000-a")
    assert (newest.metric, newest.score, newest.score_low, newest.score_high) == ("accuracy", 0.97, 0.8, 0.95)
    assert (newest.title, newest.model, newest.strategy, newest.outcome) == (
        "tickets",
        "org/mini",
        "Linear probe",
        "completed",
    )
    assert (newest.bytes, newest.compressed_bytes, newest.seconds) == (400, 100, 12.5)


def test_no_folder_is_no_runs(tmp_path) -> None:
    assert RunIndex(tmp_path / "none").list() == []


def test_only_changed_folders_are_read_again(tmp_path, monkeypatch) -> None:
    index = RunIndex(tmp_path)
    for day in range(1, 6):
        make_run(tmp_path, f"2026110{day}-100000-a")
    assert len(index.list()) == 5
    read: list[str] = []
    real = runs.summarise
    monkeypatch.setattr(runs, "summarise", lambda folder: read.append(folder.name) or real(folder))
    assert len(index.list()) == 5 and read == []
    shutil.rmtree(tmp_path / "20261101-100000-a")
    make_run(tmp_path, "20261109-100000-new")
    (tmp_path / "20261102-100000-a" / "report.html").write_text("")
    assert len(index.list()) == 5
    assert sorted(read) == ["20261102-100000-a", "20261109-100000-new"]


def test_a_change_in_the_same_tick_is_seen(tmp_path) -> None:
    index = RunIndex(tmp_path)
    folder = make_run(tmp_path, "20261101-100000-a", accuracy=0.5, old=False)
    assert index.list()[0].score == 0.5
    changed = folder.stat().st_mtime_ns
    text = (folder / "results.json").read_text().replace("0.5", "0.6")
    (folder / "results.json").write_text(text)
    os.utime(folder, ns=(changed, changed))
    assert index.list()[0].score == 0.6


@pytest.mark.parametrize("damage", [b"not a database at all" * 100, b""])
def test_a_damaged_index_is_rebuilt(tmp_path, damage) -> None:
    make_run(tmp_path, "20261101-100000-a")
    assert len(RunIndex(tmp_path).list()) == 1
    for suffix in ("-wal", "-shm"):
        (tmp_path / (INDEX + suffix)).unlink(missing_ok=True)
    (tmp_path / INDEX).write_bytes(damage)
    assert [run.score for run in RunIndex(tmp_path).list()] == [0.9]
    with sqlite3.connect(tmp_path / INDEX) as connection:
        assert connection.execute("SELECT count(*) FROM runs").fetchone() == (1,)
    connection.close()


def test_a_row_that_cannot_be_read_rebuilds_the_index(tmp_path) -> None:
    make_run(tmp_path, "20261101-100000-a")
    RunIndex(tmp_path).list()
    connection = sqlite3.connect(tmp_path / INDEX)
    with connection:
        connection.execute("UPDATE runs SET summary = '{}'")
    connection.close()
    assert [run.score for run in RunIndex(tmp_path).list()] == [0.9]


def test_a_moved_folder_of_runs_gives_the_new_paths(tmp_path) -> None:
    make_run(tmp_path / "a", "20261101-100000-a")
    RunIndex(tmp_path / "a").list()
    (tmp_path / "a").rename(tmp_path / "b")
    assert RunIndex(tmp_path / "b").list()[0].folder == str(tmp_path / "b" / "20261101-100000-a")


def test_outcomes_without_results(tmp_path) -> None:
    broken = tmp_path / "20261101-100000-broken"
    broken.mkdir()
    (broken / "results.json").write_text('{"created": ')
    failed = tmp_path / "20261102-100000-failed"
    failed.mkdir()
    (failed / "recipe.yaml").write_text("schema: 99\nmodel: {name: org/x}\ndata: {path: /d/mails.jsonl}\n")
    (failed / "events.jsonl").write_text('{"event":"log"}\n{"event":"finished","outcome":"failed","seconds":3}\n{"ev')
    cut = tmp_path / "20261103-100000-cut"
    cut.mkdir()
    (cut / "events.jsonl").write_text('{"event":"metric"}\n')
    found = {run.id[16:]: run for run in RunIndex(tmp_path).list()}
    assert {name: run.outcome for name, run in found.items()} == {
        "broken": "damaged",
        "failed": "failed",
        "cut": "interrupted",
    }
    assert (found["failed"].title, found["failed"].model, found["failed"].seconds) == ("mails", "org/x", 3.0)
    assert found["cut"].created.startswith("2026-11-03T10:00:00")


def test_get_by_id_prefix_and_path(tmp_path) -> None:
    folder = make_run(tmp_path / "runs", "20261101-100000-a")
    make_run(tmp_path / "runs", "20261102-100000-b")
    index = RunIndex(tmp_path / "runs")
    assert index.get("20261101-100000-a").id == "20261101-100000-a"
    assert index.get("20261102").id == "20261102-100000-b"
    elsewhere = tmp_path / "mailed"
    shutil.copytree(folder, elsewhere)
    assert index.get(str(elsewhere)).score == 0.9
    for text, code in (
        ("202611", "runs.ambiguous"),
        ("x", "runs.missing"),
        ("", "runs.missing"),
        ("..", "runs.missing"),
    ):
        with pytest.raises(StudioError) as caught:
            index.get(text)
        assert caught.value.code == code


def test_delete_removes_folder_and_row(tmp_path) -> None:
    folder = make_run(tmp_path, "20261101-100000-a")
    index = RunIndex(tmp_path)
    index.list()
    assert index.delete("20261101-100000-a").id == "20261101-100000-a"
    assert not folder.exists() and index.list() == []
    assert [item.name for item in tmp_path.iterdir() if not item.name.startswith(INDEX)] == []


def test_a_crash_while_deleting_leaves_no_half_run(tmp_path, monkeypatch) -> None:
    make_run(tmp_path, "20261101-100000-a")
    index = RunIndex(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(runs.shutil, "rmtree", lambda *_args, **_kw: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            index.delete("20261101-100000-a")
    left = [item.name for item in tmp_path.iterdir() if item.name.startswith(".deleted-")]
    assert len(left) == 1
    assert index.list() == []
    assert not (tmp_path / left[0]).exists()


def test_a_run_that_goes_on_is_not_deleted(tmp_path) -> None:
    folder = make_run(tmp_path, "20261101-100000-a")
    (folder / "run.lock").write_text(str(os.getpid()))
    index = RunIndex(tmp_path)
    assert index.list()[0].outcome == "running"
    with pytest.raises(StudioError) as caught:
        index.delete("20261101-100000-a")
    assert caught.value.code == "runs.running" and folder.is_dir()
    (folder / "run.lock").write_text(json.dumps({"pid": 2**30}))
    assert index.list()[0].outcome == "completed"
    index.delete("20261101-100000-a")
    assert not folder.exists()


def test_a_lock_older_than_the_process_with_its_number_is_stale(tmp_path) -> None:
    (tmp_path / "run.lock").write_text(json.dumps({"pid": os.getpid()}))
    assert is_running(tmp_path)
    os.utime(tmp_path / "run.lock", (1_000_000_000, 1_000_000_000))
    assert not is_running(tmp_path)
    (tmp_path / "run.lock").write_text("")
    assert not is_running(tmp_path)


def counted(monkeypatch) -> list[str]:
    """Names of the folders that are read from now on."""
    read: list[str] = []
    real = runs.summarise
    monkeypatch.setattr(runs, "summarise", lambda folder: read.append(folder.name) or real(folder))
    return read


def test_an_interrupted_run_is_read_again_only_when_it_has_said_something(tmp_path, monkeypatch) -> None:
    folder = tmp_path / "20261101-100000-cut"
    folder.mkdir()
    (folder / "events.jsonl").write_text('{"event":"metric"}\n')
    os.utime(folder / "events.jsonl", (1e9, 1e9))
    age(folder)
    index = RunIndex(tmp_path)
    assert index.list()[0].outcome == "interrupted"
    read = counted(monkeypatch)
    assert index.list()[0].outcome == "interrupted" and read == []
    with open(folder / "events.jsonl", "a") as stream:
        stream.write('{"event":"finished","outcome":"stopped","seconds":3}\n')
    assert index.list()[0].outcome == "stopped" and read == [folder.name]


def test_a_folder_that_was_emptied_is_no_run_any_more(tmp_path) -> None:
    folder = make_run(tmp_path, "20261101-100000-a")
    index = RunIndex(tmp_path)
    assert len(index.list()) == 1
    (folder / "results.json").unlink()
    assert index.list() == []


def test_an_index_of_another_layout_is_made_anew(tmp_path, monkeypatch) -> None:
    make_run(tmp_path, "20261101-100000-a")
    index = RunIndex(tmp_path)
    index.list()
    with contextlib.closing(sqlite3.connect(tmp_path / INDEX)) as connection:
        connection.execute("ALTER TABLE runs DROP COLUMN ending")
        connection.commit()
    assert len(index.list()) == 1
    read = counted(monkeypatch)
    assert len(index.list()) == 1 and read == [], "the new index is used"


def test_an_index_that_another_process_writes_to_is_only_read(tmp_path, monkeypatch) -> None:
    make_run(tmp_path, "20261101-100000-a")
    index = RunIndex(tmp_path)
    index.list()
    make_run(tmp_path, "20261102-100000-b")
    real = sqlite3.connect
    monkeypatch.setattr(runs.sqlite3, "connect", lambda file, timeout: real(file, timeout=0.05))
    with contextlib.closing(real(tmp_path / INDEX)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert len(index.list()) == 2 and (tmp_path / INDEX).is_file()
    assert len(index.list()) == 2


def test_a_broken_off_first_build_goes_on_where_it_was(tmp_path, monkeypatch) -> None:
    for day in range(1, 8):
        make_run(tmp_path, f"2026110{day}-100000-a")
    monkeypatch.setattr(runs, "_BATCH", 3)
    with monkeypatch.context() as patch:
        read = counted(patch)
        real = runs.summarise
        patch.setattr(runs, "summarise", lambda folder: stop() if len(read) == 5 else real(folder))

        def stop() -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            RunIndex(tmp_path).list()
    read = counted(monkeypatch)
    assert len(RunIndex(tmp_path).list()) == 7 and len(read) == 4


def test_two_thousand_runs_are_listed_fast(tmp_path) -> None:
    for number in range(2000):
        make_run(tmp_path, f"20261101-{number:06d}-a")
    index = RunIndex(tmp_path)
    index.list()
    begin = time.perf_counter()
    assert len(index.list()) == 2000
    assert time.perf_counter() - begin < 1.0

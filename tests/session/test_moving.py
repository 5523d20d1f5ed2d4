"""Moving a place: complete in one of the two folders at every moment, whatever happens in between."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.session.test_runs import make_run
from tests.session.test_storage import RUN, code, filled, place, put  # noqa: F401 - a fixture
from tlstudio.core import paths
from tlstudio.core.control import Control
from tlstudio.core.errors import Cancelled
from tlstudio.core.progress import silent
from tlstudio.session import moving, storage
from tlstudio.session.runs import RunIndex


def move(name: str, target: Path, emit=silent, control=None) -> Path:
    return moving.move(name, target, emit, control or Control())


@pytest.fixture
def copying(monkeypatch) -> None:
    """As if the target lay on another disk."""
    monkeypatch.setattr(moving, "_renamable", lambda *_args: False)


def content(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*")
            if path.is_file() and not path.name.startswith(".index")}  # fmt: skip


def journal() -> Path:
    return paths.config_folder() / paths.JOURNAL


@pytest.mark.parametrize("name", ["runs", "studies", "datasets", "features"])
@pytest.mark.parametrize("how", ["rename", "copy"])
def test_moved_and_found(request, filled, tmp_path, name, how) -> None:  # noqa: F811
    if how == "copy":
        request.getfixturevalue("copying")
    RunIndex().list()
    source, before = storage.folder_of(name), {part.name: part.bytes for part in place(name).parts}
    others = storage.folder_of("logs") / "logs/window.log"
    target = tmp_path / "disk" / name
    assert move(name, target) == target == storage.folder_of(name)
    assert {part.name: part.bytes for part in place(name).parts} == before
    assert others.is_file(), "what belongs to another place stays"
    assert not source.exists() or name in ("datasets", "features")
    assert not journal().exists() and [item.name for item in target.parent.iterdir()] == [name]
    if name == "runs":
        (run,) = RunIndex(storage.folder_of("runs")).list()
        assert (run.id, run.folder) == (RUN, str(target / RUN))
        assert [entry.run for entry in RunIndex(target).trash.entries()] == ["20261102-100000-b"]
    if name == "features":
        assert paths.cache_folder("tokens") == target / "tokens" and paths.cache_folder("datasets") != target


@pytest.mark.usefixtures("copying")
def test_times_and_links_stay(filled, tmp_path, monkeypatch) -> None:  # noqa: F811
    hub = filled / "hf/hub"
    monkeypatch.delenv("HF_HOME")
    monkeypatch.setattr(storage, "_models", lambda: paths.moved("models") or hub)
    (hub / "models--org--mini/absolute").symlink_to(hub / "models--org--mini/blobs/aa")
    (hub / "models--org--mini/empty").mkdir()
    os.utime(hub / "models--org--mini/snapshots", (1e9, 1e9))
    monkeypatch.setenv("TLSTUDIO_MODELS", "")  # put back after the test
    monkeypatch.setenv("HF_HUB_CACHE", "")
    target = move("models", tmp_path / "hub")
    link = target / "models--org--mini/snapshots/1/model"
    assert str(link.readlink()) == "../../blobs/aa" and link.stat().st_size == 900
    assert str((target / "models--org--mini/absolute").readlink()) == str(target / "models--org--mini/blobs/aa")
    assert (target / "models--org--mini/snapshots").stat().st_mtime == 1e9
    assert (target / "models--org--mini/empty").is_dir()
    from huggingface_hub import constants

    assert os.environ["HF_HUB_CACHE"] == str(target) == constants.HF_HUB_CACHE
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(hub))


def test_bad_targets_are_refused(filled, tmp_path) -> None:  # noqa: F811
    source = storage.folder_of("runs")
    put(tmp_path / "full/file", 1)
    for target, expected in (
        (source, "storage.same-place"),
        (source / "inner", "storage.same-place"),
        (source.parent, "storage.same-place"),
        (tmp_path / "full", "storage.not-empty"),
        (tmp_path / "full/file", "storage.not-empty"),
    ):
        assert code(lambda target=target: move("runs", target)) == expected
    assert code(lambda: move("logs", tmp_path / "x")) == "storage.stays"
    assert code(lambda: move("nothing", tmp_path / "x")) == "storage.unknown"
    assert code(lambda: move("models", tmp_path / "x")) == "storage.fixed"
    (source / RUN / "run.lock").write_text(str(os.getpid()))
    assert code(lambda: move("features", tmp_path / "x")) == "storage.run-going-on"
    assert content(source) and not journal().exists()


@pytest.mark.usefixtures("copying")
def test_too_little_room_is_said_before(filled, tmp_path, monkeypatch) -> None:  # noqa: F811
    usage = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(moving.shutil, "disk_usage", lambda _path: usage)
    assert code(lambda: move("runs", tmp_path / "new")) == "storage.no-room"
    assert not (tmp_path / "new").exists() and storage.folder_of("runs") == paths.runs_folder()


@pytest.mark.usefixtures("copying")
def test_a_copy_that_is_not_like_its_original(filled, tmp_path, monkeypatch) -> None:  # noqa: F811
    monkeypatch.setattr(moving, "sha256", lambda _path, _check: "0" * 64)
    before = content(storage.folder_of("runs"))
    assert code(lambda: move("runs", tmp_path / "new")) == "storage.bad-copy"
    assert content(paths.runs_folder()) == before and list(tmp_path.glob("*new*")) == []


@pytest.mark.usefixtures("copying")
def test_cancel_leaves_the_old_place(filled, tmp_path) -> None:  # noqa: F811
    control, before = Control(), content(storage.folder_of("runs"))
    with pytest.raises(Cancelled):
        move("runs", tmp_path / "new", lambda _event: control.cancel(), control)
    assert content(storage.folder_of("runs")) == before
    assert list(tmp_path.glob("*new*")) + list(tmp_path.glob(".*")) == [] and not journal().exists()


@pytest.mark.usefixtures("copying")
def test_what_changes_while_it_is_copied_is_copied_again(filled, tmp_path) -> None:  # noqa: F811
    changed = []

    def emit(_event) -> None:
        if not changed:
            changed.append(make_run(paths.runs_folder(), "20261109-100000-new"))
            put(paths.runs_folder() / RUN / "model/w", 2001)
            (paths.runs_folder() / RUN / "checkpoints/w").unlink()
            (paths.runs_folder() / RUN / "results.json").unlink()

    target = move("runs", tmp_path / "new", emit)
    assert (target / "20261109-100000-new/results.json").is_file()
    assert (target / RUN / "model/w").stat().st_size == 2001
    assert not (target / RUN / "checkpoints/w").exists()


_KILLED = """
import os, sys
from pathlib import Path
from tlstudio.core.control import Control
from tlstudio.core.progress import silent
from tlstudio.session import moving
moving._renamable = lambda *_args: False
kind, target = sys.argv[1:]
def die(*_args, **_more): os._exit(9)
if kind == "copying":
    count = iter(range(100))
    real = moving._copy_file
    moving._copy_file = lambda *args: die() if next(count) == 3 else real(*args)
elif kind == "switching":
    moving._switch = die
elif kind == "removing":
    real = moving.shutil.rmtree
    def half(path, **more):
        if ".tlstudio-moving" in str(path):
            return real(path, **more)
        real(Path(path) / "model", ignore_errors=True)
        die()
    moving.shutil.rmtree = half
moving.move("runs", target, silent, Control())
"""


@pytest.mark.parametrize("kind", ["copying", "switching", "removing"])
def test_killed_in_between(filled, tmp_path, kind) -> None:  # noqa: F811
    before, target = content(paths.runs_folder()), tmp_path / "new"
    ended = subprocess.run([sys.executable, "-c", _KILLED, kind, str(target)], capture_output=True, check=False)
    assert ended.returncode == 9, ended.stderr.decode()
    assert journal().is_file()
    now = storage.folder_of("runs")
    assert now == (target if kind == "removing" else paths.runs_folder())
    assert content(now) == before, "the place that the settings name is whole"
    moving.recover()
    assert not journal().exists() and content(storage.folder_of("runs")) == before
    assert list(tmp_path.glob(".tlstudio*")) == []
    if kind == "removing":
        assert not paths.runs_folder().exists()
    elif kind == "copying":
        assert move("runs", target) == target and content(target) == before


def test_renamed_and_then_killed(filled, tmp_path) -> None:  # noqa: F811
    source, target = paths.runs_folder(), tmp_path / "new"
    before = content(source)
    journal().parent.mkdir(exist_ok=True, parents=True)
    journal().write_text(json.dumps({"pid": 2**30, "name": "runs", "source": str(source), "target": str(target)}))
    os.replace(source, target)
    moving.recover(remove=False)
    assert storage.folder_of("runs") == target and content(target) == before and not journal().exists()


def test_a_move_of_another_process_is_left_alone(filled, tmp_path) -> None:  # noqa: F811
    journal().parent.mkdir(exist_ok=True, parents=True)
    note = {"pid": os.getpid(), "name": "runs", "source": str(paths.runs_folder()), "target": str(tmp_path / "other")}
    journal().write_text(json.dumps(note))
    (tmp_path / ".tlstudio-moving-other").mkdir()
    moving.recover()
    assert (tmp_path / ".tlstudio-moving-other").is_dir() and journal().is_file()
    assert code(lambda: move("runs", tmp_path / "new")) == "storage.moving"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"pid": "x"}', "\x00"])
def test_a_damaged_journal_blocks_nothing(home, text) -> None:
    journal().parent.mkdir(exist_ok=True, parents=True)
    journal().write_text(text)
    moving.recover()
    assert not journal().exists()
